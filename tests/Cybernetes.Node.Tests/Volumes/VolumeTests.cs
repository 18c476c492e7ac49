using System.Text;
using Cybernetes.Foundation;
using Cybernetes.Node.Pods;
using Cybernetes.Node.Tests.Pods;
using Cybernetes.Node.Volumes;
using Cybernetes.Objects.Core.V1;
using static Cybernetes.Node.Tests.Pods.PodBuilder;

namespace Cybernetes.Node.Tests.Volumes;

public sealed class AtomicWriterTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("volume").FullName;
    private readonly AtomicWriter _writer = new(new VirtualTimeProvider(), IdentitySource.Seeded(1));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Write_NewFiles_AreSeenThroughTheDataLink()
    {
        Assert.True(Write(("a", "1"), ("sub/b", "2")));

        Assert.Equal("1", Read("a"));
        Assert.Equal("2", Read("sub/b"));
        Assert.Equal("..data/a", new FileInfo(Path.Combine(_directory, "a")).LinkTarget);
        Assert.StartsWith("..2026_01_01", new DirectoryInfo(Path.Combine(_directory, "..data")).LinkTarget);
    }

    [Fact]
    public void Write_SameAgain_ChangesNothing()
    {
        Write(("a", "1"));
        var link = new DirectoryInfo(Path.Combine(_directory, "..data")).LinkTarget;

        Assert.False(Write(("a", "1")));
        Assert.Equal(link, new DirectoryInfo(Path.Combine(_directory, "..data")).LinkTarget);
    }

    [Fact]
    public void Write_Changed_SwapsAndCleans()
    {
        Write(("a", "1"), ("b", "1"));

        Assert.True(Write(("a", "2"), ("c", "3")));

        Assert.Equal("2", Read("a"));
        Assert.Equal("3", Read("c"));
        Assert.False(Path.Exists(Path.Combine(_directory, "b")));
        Assert.Single(Directory.GetDirectories(_directory, "..2*"));
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("/a")]
    [InlineData("..a")]
    [InlineData("a/../../b")]
    public void Write_PathThatLeadsOut_IsRefused(string path) => Assert.Throws<IOException>(() => Write((path, "x")));

    private bool Write(params (string Path, string Text)[] files) => _writer.Write(
        _directory, files.ToDictionary(file => file.Path, file => new VolumeFile(Encoding.UTF8.GetBytes(file.Text), 0x1A4)),
            null);

    private string Read(string path) => File.ReadAllText(Path.Combine(_directory, path));
}

public sealed class SubPathsTests : IDisposable
{
    private readonly string _volume = Directory.CreateTempSubdirectory("volume").FullName;

    public void Dispose() => Directory.Delete(_volume, recursive: true);

    [Fact]
    public void Prepare_Missing_MakesTheDirectory()
    {
        Assert.Equal(Path.Combine(_volume, "a/b"), Prepare("a/b"));
        Assert.True(Directory.Exists(Path.Combine(_volume, "a/b")));
    }

    [Fact]
    public void Prepare_LinkInside_IsFollowed()
    {
        Directory.CreateDirectory(Path.Combine(_volume, "real"));
        Directory.CreateSymbolicLink(Path.Combine(_volume, "link"), "real");

        Assert.Equal(Path.Combine(_volume, "real/x"), Prepare("link/x"));
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("../..")]
    public void Prepare_LinkThatLeadsOut_IsRefused(string target)
    {
        Directory.CreateSymbolicLink(Path.Combine(_volume, "link"), target);

        Assert.Throws<IOException>(() => Prepare("link/x"));
    }

    private string Prepare(string path) => new SubPaths().Prepare("uid", "data", "app", 0, _volume, path);
}

public sealed class PodVolumesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("kubelet").FullName;
    private readonly VirtualTimeProvider _time = new();
    private readonly FakeNodeApi _api = new();
    private readonly FakeMounts _mounts = new();
    private readonly PodVolumes _volumes;

    public PodVolumesTests()
    {
        var objects = new PodObjects(_api);
        var self = new NodeSelf("node-1");
        var tokens = new ServiceTokens(objects, _time);
        _volumes = new PodVolumes(
            new PodPaths(_root, _root + "/logs"), _mounts, new VolumeContents(objects, tokens, self), new ClaimedVolumes(_api, self), tokens,
            self, _time,
            IdentitySource.Seeded(1));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Prepare_ConfigMap_FollowsItsChanges()
    {
        var pod = PodWith(new Volume { Name = "v", ConfigMap = new ConfigMapVolumeSource { Name = "c" } });
        _api.ConfigMaps["c"] = new ConfigMap { Data = new Dictionary<string, string> { ["color"] = "blue" } };
        var path = (await _volumes.PrepareAsync(pod, default))["v"];
        Assert.EndsWith("pods/uid-web/volumes/kubernetes.io~configmap/v", path);
        Assert.Equal("blue", await File.ReadAllTextAsync(path + "/color"));

        _api.ConfigMaps["c"] = new ConfigMap { Data = new Dictionary<string, string> { ["color"] = "red" } };
        await _volumes.PrepareAsync(pod, default);

        Assert.Equal("red", await File.ReadAllTextAsync(path + "/color"));
        Assert.Empty(_mounts.Points);
    }

    [Fact]
    public async Task Prepare_Secret_LiesInMemoryWithItsMode()
    {
        var source = new SecretVolumeSource
        {
            SecretName = "s",
            DefaultMode = 0x100,
            Items = [new KeyToPath { Key = "k", Path = "deep/key" }],
        };
        _api.Secrets["s"] = new Secret { Data = new Dictionary<string, byte[]> { ["k"] = [1, 2], ["other"] = [3] } };

        var path = (await _volumes.PrepareAsync(PodWith(new Volume { Name = "v", Secret = source }), default))["v"];

        Assert.Equal([1, 2], await File.ReadAllBytesAsync(path + "/deep/key"));
        Assert.False(File.Exists(path + "/other"));
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(path + "/..data/deep/key"));
        Assert.Equal([path], _mounts.Points);
    }

    [Fact]
    public async Task Prepare_ClaimOfALocalVolume_GivesItsDirectoryToThePodsGroup()
    {
        var disk = Directory.CreateDirectory(Path.Combine(_root, "disk")).FullName;
        await File.WriteAllTextAsync(Path.Combine(disk, "old"), "kept");
        File.SetUnixFileMode(Path.Combine(disk, "old"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var pod = PodWith(new Volume { Name = "v", PersistentVolumeClaim = new() { ClaimName = "data" } });
        pod.Spec.SecurityContext = new() { FSGroup = 0 };
        _api.PersistentVolumeClaims["data"] = new()
        {
            Metadata = { UID = "c-1" }, Spec = { VolumeName = "pv" }, Status = { Phase = "Bound" },
        };
        _api.PersistentVolumes["pv"] = new() { Metadata = { Name = "pv" }, Spec = { Local = new() { Path = disk }, ClaimRef = new() { UID = "c-1" } } };

        Assert.Equal(disk, (await _volumes.PrepareAsync(pod, default))["v"]);

        Assert.True(File.GetUnixFileMode(Path.Combine(disk, "old")).HasFlag(UnixFileMode.GroupWrite));
        Assert.True(File.GetUnixFileMode(disk).HasFlag(UnixFileMode.SetGroup));
        // The data outlives the pod.
        await _volumes.RemoveAsync(pod.Metadata.UID, default);
        Assert.True(File.Exists(Path.Combine(disk, "old")));
    }

    [Theory]
    [InlineData("", "", "persistentvolumeclaim \"data\" not found")]
    [InlineData("Pending", "", "PVC default/data is not bound")]
    [InlineData("Bound", "c-2", "PV pv ClaimRef.UID (c-2) does not match pvc.UID (c-1)")]
    [InlineData("Bound", "c-1", "path \"/nowhere/at/all\" of local volume \"pv\" does not exist on node node-1")]
    public async Task Prepare_ClaimNotUsable_SaysWhy(string phase, string taker, string why)
    {
        if (phase.Length > 0)
            _api.PersistentVolumeClaims["data"] = new() { Metadata = { UID = "c-1" }, Spec = { VolumeName = "pv" }, Status = { Phase = phase } };
        _api.PersistentVolumes["pv"] = new()
        {
            Metadata = { Name = "pv" }, Spec = { Local = new() { Path = "/nowhere/at/all" }, ClaimRef = new() { UID = taker } },
        };

        var failure = await Assert.ThrowsAsync<VolumeException>(() =>
            _volumes.PrepareAsync(PodWith(new Volume { Name = "v", PersistentVolumeClaim = new() { ClaimName = "data" } }), default));

        Assert.Equal($"MountVolume.SetUp failed for volume \"v\" : {why}", failure.Failures[0]);
    }

    [Fact]
    public async Task Prepare_Missing_SaysWhichVolumeAndWhy()
    {
        var pod = PodWith(
            new Volume { Name = "v", Secret = new SecretVolumeSource { SecretName = "s" } },
            new Volume { Name = "p", NFS = new NFSVolumeSource { Server = "nas", Path = "/" } });

        var failure = await Assert.ThrowsAsync<VolumeException>(() => _volumes.PrepareAsync(pod, default));

        Assert.Equal(
            [
                "MountVolume.SetUp failed for volume \"v\" : secret \"s\" not found",
                "MountVolume.SetUp failed for volume \"p\" : no volume plugin matched: nfs volumes are not "
                    + "supported by this node agent",
            ],
            failure.Failures);
    }

    [Fact]
    public async Task Prepare_OptionalSecret_MayBeMissing()
    {
        var source = new SecretVolumeSource { SecretName = "s", Optional = true };

        var paths = await _volumes.PrepareAsync(PodWith(new Volume { Name = "v", Secret = source }), default);

        Assert.True(Directory.Exists(paths["v"]));
    }

    [Fact]
    public async Task Prepare_Token_IsRenewedBeforeItEnds()
    {
        var projected = new ProjectedVolumeSource
        {
            Sources =
            [
                new VolumeProjection
                {
                    ServiceAccountToken = new ServiceAccountTokenProjection { Path = "token", ExpirationSeconds = 3600 },
                },
                new VolumeProjection
                {
                    DownwardAPI = new DownwardAPIProjection
                    {
                        Items =
                        [
                            new DownwardAPIVolumeFile
                            {
                                Path = "namespace",
                                FieldRef = new ObjectFieldSelector { FieldPath = "metadata.namespace" },
                            },
                        ],
                    },
                },
            ],
        };
        var pod = PodWith(new Volume { Name = "v", Projected = projected });
        var path = (await _volumes.PrepareAsync(pod, default))["v"];
        var first = await File.ReadAllTextAsync(path + "/token");
        Assert.StartsWith("token-of-default", first);
        Assert.Equal("default", await File.ReadAllTextAsync(path + "/namespace"));

        _time.Advance(TimeSpan.FromMinutes(40));
        await _volumes.PrepareAsync(pod, default);
        Assert.Equal(first, await File.ReadAllTextAsync(path + "/token"));
        _time.Advance(TimeSpan.FromMinutes(10));
        await _volumes.PrepareAsync(pod, default);
        Assert.NotEqual(first, await File.ReadAllTextAsync(path + "/token"));
    }

    [Fact]
    public async Task Remove_Pod_UnmountsAndDeletes()
    {
        var memory = new EmptyDirVolumeSource { Medium = "Memory" };
        var pod = PodWith(
            new Volume { Name = "disk", EmptyDir = new EmptyDirVolumeSource() }, new Volume { Name = "m", EmptyDir = memory });
        var paths = await _volumes.PrepareAsync(pod, default);
        Assert.Equal([paths["m"]], _mounts.Points);

        await _volumes.RemoveAsync("uid-web", default);
        await _volumes.RemoveAsync("uid-web", default);

        Assert.Empty(_mounts.Points);
        Assert.False(Directory.Exists(paths["disk"]));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("Directory", "hostPath type check failed: {0} is not a directory")]
    [InlineData("File", "hostPath type check failed: {0} is not a file")]
    [InlineData("Socket", "hostPath type check failed: {0} is not a socket")]
    [InlineData("DirectoryOrCreate", null)]
    [InlineData("FileOrCreate", null)]
    public async Task Prepare_HostPath_ChecksItsType(string type, string? fault)
    {
        var path = Path.Combine(_root, "host");
        var pod = PodWith(new Volume { Name = "v", HostPath = new HostPathVolumeSource { Path = path, Type = type } });

        if (fault is null)
            Assert.Equal(path, (await _volumes.PrepareAsync(pod, default))["v"]);
        else
        {
            var failure = await Assert.ThrowsAsync<VolumeException>(() => _volumes.PrepareAsync(pod, default));
            Assert.EndsWith(string.Format(System.Globalization.CultureInfo.InvariantCulture, fault, path), failure.Failures[0]);
        }
    }

    private static Pod PodWith(params Volume[] volumes) => With(Pod(), pod => pod.Spec.Volumes = [.. volumes]);

    private sealed class FakeMounts : IMounts
    {
        public List<string> Points { get; } = [];

        public void MountMemory(string path, string options) => Points.Add(path);

        public void Unmount(string path) => Points.Remove(path);

        public IReadOnlyList<string> Below(string path) =>
            [.. Points.Where(point => point.StartsWith(path, StringComparison.Ordinal)).OrderByDescending(point => point.Length)];
    }
}
