using Cybernetes.Node.LocalStorage;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Snapshot.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Node.Tests.LocalStorage;

/// <summary>What a node does about contents, and what it thinks of claims' sources.</summary>
public sealed class LocalSnapshotTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData("node-1/snapshot-1", "node-1", "snapshot-1")]
    [InlineData("node-1/../pvc-1", null, null)]
    [InlineData("node-1/..", null, null)]
    [InlineData("node-1/.hidden", null, null)]
    [InlineData("/snapshot-1", null, null)]
    [InlineData("snapshot-1", null, null)]
    [InlineData(null, null, null)]
    public void Parse_Handle_LeadsToASnapshotOrNowhere(string? handle, string? node, string? name)
    {
        var place = SnapshotPlace.Parse(handle);
        Assert.Equal((node, name), (place?.Node, place?.Name));
    }

    [Theory]
    [InlineData("asked", "Take")]
    [InlineData("failed", "Take")]
    [InlineData("there", "Check")]
    [InlineData("ready", "None")]
    [InlineData("deleted by hand", "None")]
    [InlineData("going", "LetGo")]
    [InlineData("unbound", "LetGo")]
    [InlineData("let go", "None")]
    public void Decide_StateOfAContent_IsAnswered(string state, string step) => Assert.Equal(step, LocalSnapshots.Decide(Content(c =>
    {
        if (state is "failed" or "ready")
            c.Status = new() { ReadyToUse = state == "ready" };
        if (state is "there" or "unbound")
            (c.Spec.Source, c.Spec.VolumeSnapshotRef.UID) = (new() { SnapshotHandle = "node-1/s" }, "");
        if (state is "deleted by hand" or "going" or "unbound" or "let go")
            c.Metadata.DeletionTimestamp = Now;
        if (state is "going" or "let go")
            c.Metadata.Annotations = new() { ["snapshot.storage.kubernetes.io/volumesnapshot-being-deleted"] = "yes" };
        if (state == "let go")
            c.Metadata.Finalizers = null;
    })).ToString());

    [Theory]
    [InlineData("node-1", true)]
    [InlineData("node-2", false)]
    public void IsOurs_Content_BelongsToOneNode(string node, bool isOurs)
    {
        Assert.Equal(isOurs, LocalSnapshots.IsOurs(Content(), node, null));
        var imported = Content(c => (c.Metadata.Labels, c.Spec.Source) = (null, new() { SnapshotHandle = "node-1/s" }));
        Assert.Equal(isOurs, LocalSnapshots.IsOurs(imported, node, null));
        var unmarked = Content(c => c.Metadata.Labels = null);
        Assert.Equal(isOurs, LocalSnapshots.IsOurs(unmarked, node, Volume()));
        Assert.False(LocalSnapshots.IsOurs(unmarked, node, null));
        Assert.False(LocalSnapshots.IsOurs(Content(c => c.Spec.Driver = "disk.example.com"), node, Volume()));
    }

    [Fact]
    public void Ready_Facts_AreTold()
    {
        var status = LocalSnapshots.Ready(new("node-1", "s"), new(Now, 1 << 20, 7));
        Assert.Equal(("node-1/s", 1_767_323_045_000_000_000, 1 << 20, true), (status.SnapshotHandle, status.CreationTime, status.RestoreSize, status.ReadyToUse));
        var failed = LocalSnapshots.Failed(Content(), "no room", Now)!;
        Assert.Equal(("no room", false), (failed.Error!.Message, failed.ReadyToUse));
        Assert.Null(LocalSnapshots.Failed(Content(c => c.Status = failed), "no room", Now));
    }

    [Theory]
    [InlineData("ready", null)]
    [InlineData("no snapshot", "error getting snapshot snap from api server: volumesnapshots.snapshot.storage.k8s.io \"snap\" not found")]
    [InlineData("going", "snapshot snap is being deleted")]
    [InlineData("unbound", "snapshot snap not bound")]
    [InlineData("misbound", "snapshot snap not bound")]
    [InlineData("of another driver", "snapshot snap not bound")]
    [InlineData("unready", "snapshot snap is not Ready")]
    [InlineData("odd handle", "snapshot handle snap is not available")]
    [InlineData("larger", "requested volume size 1048576 is less than the size 2097152 for the source snapshot snap")]
    public void Resolve_Snapshot_IsJudgedAsUpstreamDoes(string state, string? problem)
    {
        var content = Content(c => c.Status = new() { SnapshotHandle = state == "odd handle" ? "../x" : "node-1/s", ReadyToUse = true });
        if (state == "misbound")
            content.Spec.VolumeSnapshotRef.UID = "other";
        if (state == "of another driver")
            content.Spec.Driver = "disk.example.com";
        var snapshot = new VolumeSnapshot
        {
            Metadata = { Namespace = "default", Name = "snap", UID = "s-1", DeletionTimestamp = state == "going" ? Now : null },
            Status = new()
            {
                BoundVolumeSnapshotContentName = state == "unbound" ? null : "content", ReadyToUse = state != "unready",
                RestoreSize = Quantity.Parse(state == "larger" ? "2Mi" : "1Mi"),
            },
        };
        var objects = new Objects { TheSnapshot = state == "no snapshot" ? null : snapshot, TheContent = content };

        var (source, told) = LocalSources.Resolve(Claim("new", "VolumeSnapshot", "snap"), Class, objects);

        Assert.Equal(problem is null ? null : "error getting handle for DataSource Type VolumeSnapshot by Name snap: " + problem, told);
        Assert.Equal(problem is null ? new LocalSource("node-1", "s", null) : null, source);
    }

    [Theory]
    [InlineData("bound", null)]
    [InlineData("no claim", "error getting PVC data (namespace \"default\") from api server: persistentvolumeclaim \"data\" not found")]
    [InlineData("pending", "the PVC DataSource data must have a status of Bound.  Got Pending")]
    [InlineData("going", "the PVC DataSource data is currently being deleted")]
    [InlineData("larger",
        "error, new PVC request must be greater than or equal in size to the specified PVC data source, requested 1048576 but source is 2097152")]
    [InlineData("no volume", "claim in dataSource not bound or invalid")]
    [InlineData("of another", "claim in dataSource not bound or invalid")]
    public void Resolve_Claim_IsJudgedAsUpstreamDoes(string state, string? problem)
    {
        var data = Claim("data");
        (data.Spec.VolumeName, data.Status.Phase) = ("pvc-1", state == "pending" ? "Pending" : "Bound");
        data.Metadata.DeletionTimestamp = state == "going" ? Now : null;
        data.Spec.Resources.Requests!["storage"] = Quantity.Parse(state == "larger" ? "2Mi" : "1Mi");
        var volume = Volume();
        if (state == "of another")
            volume.Metadata.Annotations = null;
        var objects = new Objects { TheClaim = state == "no claim" ? null : data, TheVolume = state == "no volume" ? null : volume };

        var (source, told) = LocalSources.Resolve(Claim("new", "PersistentVolumeClaim", "data"), Class, objects);

        Assert.Equal(problem is null ? null : "error getting handle for DataSource Type PersistentVolumeClaim by Name data: " + problem, told);
        Assert.Equal(problem is null ? new LocalSource("node-1", null, "pvc-1") : null, source);
    }

    private static StorageClass Class { get; } = new() { Metadata = { Name = "standard" }, Provisioner = LocalStorageOptions.Provisioner };

    private static PersistentVolumeClaim Claim(string name, string? kind = null, string source = "") => new()
    {
        Metadata = { Namespace = "default", Name = name, UID = "u-" + name },
        Spec =
        {
            StorageClassName = "standard", Resources = new() { Requests = new() { ["storage"] = Quantity.Parse("1Mi") } },
            DataSource = kind is null ? null
                : new() { Kind = kind, Name = source, APIGroup = kind == "VolumeSnapshot" ? "snapshot.storage.k8s.io" : null },
        },
    };

    private static PersistentVolume Volume()
    {
        var volume = LocalVolumes.Make(Claim("data"), Class, "node-1", "/disk/pvc-1");
        (volume.Metadata.Name, volume.Status.Phase) = ("pvc-1", "Bound");
        return volume;
    }

    private static VolumeSnapshotContent Content(Action<VolumeSnapshotContent>? change = null)
    {
        var content = new VolumeSnapshotContent
        {
            Metadata =
            {
                Name = "content", Labels = new() { ["snapshot.storage.kubernetes.io/managed-by"] = "node-1" }, Finalizers = [LocalSnapshots.ContentFinalizer],
            },
            Spec =
            {
                Driver = LocalStorageOptions.Provisioner, DeletionPolicy = "Delete", Source = { VolumeHandle = "pvc-1" },
                VolumeSnapshotRef = new() { Namespace = "default", Name = "snap", UID = "s-1" },
            },
        };
        change?.Invoke(content);
        return content;
    }

    private sealed class Objects : LocalSources.IObjects
    {
        public PersistentVolumeClaim? TheClaim { get; init; }

        public PersistentVolume? TheVolume { get; init; }

        public VolumeSnapshot? TheSnapshot { get; init; }

        public VolumeSnapshotContent? TheContent { get; init; }

        public PersistentVolumeClaim? Claim(string ns, string name) => TheClaim;

        public PersistentVolume? Volume(string name) => TheVolume;

        public VolumeSnapshot? Snapshot(string ns, string name) => TheSnapshot;

        public VolumeSnapshotContent? Content(string name) => TheContent;
    }
}
