using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.Controllers.VolumeSnapshots;

/// <summary>
/// Binds snapshots to contents and keeps both, and the claims they are taken of, as long as they are needed: upstream's common snapshot
/// controller. Drivers take the snapshots: their own csi-snapshotter, or, for volumes on nodes' disks, the node agent.
/// </summary>
internal sealed class VolumeSnapshotController : IController
{
    public const string ControllerName = "volumesnapshot-controller";

    private const int Workers = 10;

    /// <summary>Snapshots by the claim they are taken of.</summary>
    private const string ByClaim = "claim";

    /// <summary>Snapshots by the content they are, or are to be, bound to.</summary>
    private const string ByContent = "content";

    /// <summary>Snapshots without a content by the class they wait for; those that name none under the empty name.</summary>
    private const string ByClass = "class";

    /// <summary>Claims by the snapshot they are filled from.</summary>
    private const string BySource = "source-snapshot";

    private readonly ControllerContext _context;
    private readonly ObjectStore<VolumeSnapshot> _snapshots;
    private readonly ObjectStore<VolumeSnapshotContent> _contents;
    private readonly ObjectStore<VolumeSnapshotClass> _classes;
    private readonly ObjectStore<PersistentVolumeClaim> _claims;
    private readonly ObjectStore<PersistentVolume> _volumes;
    private readonly WorkQueue<ObjectKey> _snapshotQueue;
    private readonly WorkQueue<string> _contentQueue;
    private readonly WorkQueue<ObjectKey> _claimQueue;
    private readonly SnapshotWriter _writer;

    public VolumeSnapshotController(ControllerContext context)
    {
        _context = context;
        _snapshotQueue = context.Queue<ObjectKey>("snapshot-controller-snapshot");
        _contentQueue = context.Queue<string>("snapshot-controller-content");
        _claimQueue = context.Queue<ObjectKey>("snapshot-controller-claim");
        _writer = new SnapshotWriter(context.Client, context.Recorder("snapshot-controller"));
        var (snapshots, contents) = (context.Informers.For<VolumeSnapshot>(), context.Informers.For<VolumeSnapshotContent>());
        var classes = context.Informers.For<VolumeSnapshotClass>();
        var (claims, volumes) = (context.Informers.For<PersistentVolumeClaim>(), context.Informers.For<PersistentVolume>());
        (_snapshots, _contents, _classes, _claims, _volumes) = (snapshots.Store, contents.Store, classes.Store, claims.Store, volumes.Store);
        _snapshots.AddIndex(ByClaim, static s => s.Spec.Source.PersistentVolumeClaimName is { } claim ? [$"{s.Metadata.Namespace}/{claim}"] : []);
        _snapshots.AddIndex(ByContent, static s => ContentsOf(s));
        _snapshots.AddIndex(ByClass, static s => SnapshotNames.IsReady(s) ? [] : [s.Spec.VolumeSnapshotClassName ?? ""]);
        _claims.AddIndex(BySource, static c => SnapshotNames.SourceSnapshotOf(c) is { } name ? [$"{c.Metadata.Namespace}/{name}"] : []);
        snapshots.AddHandler(SnapshotChanged, (_, s) => SnapshotChanged(s), SnapshotChanged);
        contents.AddHandler(ContentChanged, (_, c) => ContentChanged(c), ContentChanged);
        classes.AddHandler(ClassChanged, (_, c) => ClassChanged(c), ClassChanged);
        claims.AddHandler(ClaimChanged, (_, c) => ClaimChanged(c), ClaimChanged);
        volumes.AddHandler(VolumeChanged, (_, v) => VolumeChanged(v));
    }

    public string Name => ControllerName;

    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(
        _snapshotQueue.RunWorkersAsync(Workers, ReconcileSnapshotAsync, _context.Logger, cancellation),
        _contentQueue.RunWorkersAsync(Workers, ReconcileContentAsync, _context.Logger, cancellation),
        _claimQueue.RunWorkersAsync(1, ReconcileClaimAsync, _context.Logger, cancellation));

    private static IEnumerable<string> ContentsOf(VolumeSnapshot snapshot)
    {
        yield return SnapshotNames.ContentOf(snapshot);
        if (snapshot.Status?.BoundVolumeSnapshotContentName is { } bound && bound != SnapshotNames.ContentOf(snapshot))
            yield return bound;
    }

    // Five kinds come by watches of their own, in any order: whatever a snapshot is decided by brings it to its turn.
    private void SnapshotChanged(VolumeSnapshot snapshot)
    {
        _snapshotQueue.Add(ObjectKey.Of(snapshot));
        foreach (var content in ContentsOf(snapshot))
            _contentQueue.Add(content);
        if (snapshot.Spec.Source.PersistentVolumeClaimName is { } claim)
            _claimQueue.Add(new ObjectKey(snapshot.Metadata.Namespace, claim));
    }

    private void ContentChanged(VolumeSnapshotContent content)
    {
        _contentQueue.Add(content.Metadata.Name);
        var reference = content.Spec.VolumeSnapshotRef;
        _snapshotQueue.Add(new ObjectKey(reference.Namespace, reference.Name));
        foreach (var snapshot in _snapshots.ByIndex(ByContent, content.Metadata.Name))
            _snapshotQueue.Add(ObjectKey.Of(snapshot));
    }

    private void ClassChanged(VolumeSnapshotClass storage)
    {
        foreach (var snapshot in _snapshots.ByIndex(ByClass, storage.Metadata.Name).Concat(_snapshots.ByIndex(ByClass, "")))
            _snapshotQueue.Add(ObjectKey.Of(snapshot));
    }

    private void ClaimChanged(PersistentVolumeClaim claim)
    {
        if (SnapshotNames.Has(claim.Metadata, SnapshotNames.ClaimFinalizer))
            _claimQueue.Add(ObjectKey.Of(claim));
        foreach (var snapshot in _snapshots.ByIndex(ByClaim, $"{claim.Metadata.Namespace}/{claim.Metadata.Name}"))
            _snapshotQueue.Add(ObjectKey.Of(snapshot));
        if (SnapshotNames.SourceSnapshotOf(claim) is { } source)
            _snapshotQueue.Add(new ObjectKey(claim.Metadata.Namespace, source));
    }

    private void VolumeChanged(PersistentVolume volume)
    {
        if (volume.Spec.ClaimRef is not { } claim)
            return;
        foreach (var snapshot in _snapshots.ByIndex(ByClaim, $"{claim.Namespace}/{claim.Name}"))
            _snapshotQueue.Add(ObjectKey.Of(snapshot));
    }

    private async Task ReconcileSnapshotAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_snapshots.Get(key) is not { } snapshot)
            return;
        var isGoing = SnapshotNames.IsGoing(snapshot);
        var claim = snapshot.Spec.Source.PersistentVolumeClaimName is { } name ? _claims.Get(key.Namespace, name) : null;
        var content = ContentFor(snapshot);
        // Before a snapshot goes the API server is asked: the informer may trail behind our own create, or behind a policy that was changed to Retain.
        if (isGoing)
            content = await _context.Client.For<VolumeSnapshotContent>().FindAsync(null, SnapshotNames.ContentOf(snapshot), cancellation).ConfigureAwait(false);
        var plan = SnapshotReconciler.Reconcile(new(snapshot, _context.Time.GetUtcNow())
        {
            Content = content,
            Claim = claim,
            Volume = claim is { Spec.VolumeName: { Length: > 0 } volume } ? _volumes.Get("", volume) : null,
            Classes = _classes.List(),
            IsBeingRestored = isGoing && content is not null && await IsBeingRestoredAsync(snapshot, cancellation).ConfigureAwait(false),
        });
        await _writer.CarryOutAsync(plan, snapshot, content, claim, cancellation).ConfigureAwait(false);
    }

    private VolumeSnapshotContent? ContentFor(VolumeSnapshot snapshot) => _contents.Get("", SnapshotNames.ContentOf(snapshot));

    /// <summary>Asked of the API server before the data may go: a claim that has just come may not be in the informer yet.</summary>
    private async Task<bool> IsBeingRestoredAsync(VolumeSnapshot snapshot, CancellationToken cancellation)
    {
        if (_claims.ByIndex(BySource, SnapshotNames.Key(snapshot)).Any(c => SnapshotNames.IsBeingFilledFrom(c, snapshot)))
            return true;
        var live = await _context.Client.For<PersistentVolumeClaim>().ListAllAsync(snapshot.Metadata.Namespace, null, cancellation).ConfigureAwait(false);
        return live.Items.Any(c => SnapshotNames.IsBeingFilledFrom(c, snapshot));
    }

    /// <summary>A bound content is protected, and told when its snapshot goes. One whose snapshot is not there is left alone: it may be a copy.</summary>
    private async Task ReconcileContentAsync(string name, CancellationToken cancellation)
    {
        if (_contents.Get("", name) is not { } content || content.Spec.VolumeSnapshotRef.UID.Length == 0)
            return;
        if (content.Metadata.DeletionTimestamp is null && !SnapshotNames.Has(content.Metadata, SnapshotNames.ContentFinalizer))
        {
            var copy = content.DeepClone();
            (copy.Metadata.Finalizers ??= []).Add(SnapshotNames.ContentFinalizer);
            await _context.Client.IgnoreNotFoundAsync(c => c.For<VolumeSnapshotContent>().UpdateAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
            return;
        }
        var reference = content.Spec.VolumeSnapshotRef;
        if (_snapshots.Get(reference.Namespace, reference.Name) is { } snapshot && snapshot.Metadata.UID == reference.UID
            && SnapshotNames.IsGoing(snapshot))
            await _writer.MarkAsync(content, cancellation).ConfigureAwait(false);
    }

    /// <summary>The claim is let go when no snapshot is being taken of it any more.</summary>
    private async Task ReconcileClaimAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_claims.Get(key) is not { } claim || !SnapshotNames.Has(claim.Metadata, SnapshotNames.ClaimFinalizer)
            || _snapshots.ByIndex(ByClaim, $"{key.Namespace}/{key.Name}").Any(s => !SnapshotNames.IsReady(s)))
            return;
        var copy = claim.DeepClone();
        copy.Metadata.Finalizers!.Remove(SnapshotNames.ClaimFinalizer);
        await _context.Client.IgnoreNotFoundAsync(c => c.For<PersistentVolumeClaim>().UpdateAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
    }
}

/// <summary>Carries out what was decided about a snapshot.</summary>
internal sealed class SnapshotWriter(ApiClient client, IEventRecorder events)
{
    private const string MarkPatch = "{\"metadata\":{\"annotations\":{\"" + SnapshotNames.BeingDeleted + "\":\"yes\"}}}";

    // What protects comes before what is protected, the status last: whoever stops between finds the rest to do.
    public async Task CarryOutAsync(
        SnapshotPlan plan, VolumeSnapshot snapshot, VolumeSnapshotContent? content, PersistentVolumeClaim? claim, CancellationToken cancellation)
    {
        if (plan.HoldClaim)
        {
            var held = claim!.DeepClone();
            (held.Metadata.Finalizers ??= []).Add(SnapshotNames.ClaimFinalizer);
            await client.For<PersistentVolumeClaim>().UpdateAsync(held, cancellation: cancellation).ConfigureAwait(false);
        }
        if (plan.MarkContent)
            await MarkAsync(content!, cancellation).ConfigureAwait(false);
        if (plan.DeleteContent)
            await client.IgnoreNotFoundAsync(c => c.For<VolumeSnapshotContent>().DeleteAsync(null, content!.Metadata.Name, cancellation: cancellation))
                .ConfigureAwait(false);
        if (await WriteMetadataAsync(plan, snapshot, cancellation).ConfigureAwait(false) is not { } written)
            return;
        if (plan.UpdateContent is { } bound)
            await client.For<VolumeSnapshotContent>().UpdateAsync(bound, cancellation: cancellation).ConfigureAwait(false);
        if (plan.CreateContent is { } made)
            await CreateAsync(made, snapshot, cancellation).ConfigureAwait(false);
        if (plan.Status is { } status)
        {
            var copy = written.DeepClone();
            copy.Status = status;
            await client.For<VolumeSnapshot>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        }
        foreach (var told in plan.Events)
            events.Event(snapshot, told.Type, told.Reason, told.Message);
    }

    /// <summary>Tells the content, and so its driver, that its snapshot is going.</summary>
    public async Task MarkAsync(VolumeSnapshotContent content, CancellationToken cancellation)
    {
        if (content.Metadata.Annotations.OrEmpty().ContainsKey(SnapshotNames.BeingDeleted))
            return;
        await client.IgnoreNotFoundAsync(c => c.For<VolumeSnapshotContent>().PatchAsync(null, content.Metadata.Name,
            ObjectPatch.Merge(MarkPatch), cancellation: cancellation))
            .ConfigureAwait(false);
    }

    private async Task CreateAsync(VolumeSnapshotContent content, VolumeSnapshot snapshot, CancellationToken cancellation)
    {
        try
        {
            await client.For<VolumeSnapshotContent>().CreateAsync(content, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            // An earlier try, which the informer does not show yet.
        }
        catch (ApiStatusException failure)
        {
            events.Event(snapshot, "Warning", "CreateSnapshotContentFailed",
                $"Error creating volume snapshot content object for snapshot {SnapshotNames.Key(snapshot)}: {failure.Message}.");
            throw;
        }
    }

    /// <returns>The snapshot as it is now; null when it is gone.</returns>
    private async Task<VolumeSnapshot?> WriteMetadataAsync(SnapshotPlan plan, VolumeSnapshot snapshot, CancellationToken cancellation)
    {
        var copy = snapshot.DeepClone();
        copy.Spec.VolumeSnapshotClassName ??= plan.AssignClass;
        var finalizers = copy.Metadata.Finalizers.OrEmpty().Except(plan.RemoveFinalizers).Union(plan.AddFinalizers).ToList();
        var isSame = plan.AssignClass is null && finalizers.SequenceEqual(snapshot.Metadata.Finalizers.OrEmpty());
        if (isSame)
            return snapshot;
        copy.Metadata.Finalizers = finalizers;
        try
        {
            return await client.For<VolumeSnapshot>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsNotFound)
        {
            return null;
        }
    }
}
