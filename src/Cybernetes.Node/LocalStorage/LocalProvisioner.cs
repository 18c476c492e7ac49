using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Snapshot.V1;
using Cybernetes.Objects.Storage.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.LocalStorage;

/// <summary>
/// Makes, fills, enlarges and deletes volumes that are directories of this node, by the protocol of external provisioners: the volume controller
/// asks by annotation, the scheduler names the node, this node answers with a volume that only its own pods can use. A claim with a data source is
/// served by the node that has the source. What is promised never exceeds the disk; how much is written into a directory is not limited.
/// </summary>
public sealed class LocalProvisioner(ApiClient client, LocalStorageOptions options, ILogger logger) : LocalSources.IObjects
{
    private const string OursByNode = "local-node";

    /// <summary>Claims without a volume by the snapshot or claim that they are filled from.</summary>
    private const string BySource = "source";

    private readonly WorkQueue<ObjectKey> _claimQueue = new(client.Time, new WorkQueueOptions { Name = "local-claims" });
    private readonly WorkQueue<string> _volumeQueue = new(client.Time, new WorkQueueOptions { Name = "local-volumes" });
    private readonly EventRecorder _events = new(client, LocalStorageOptions.Provisioner, options.NodeName, logger);
    private readonly VolumeDirectories _directories = new(options);
    private ObjectStore<PersistentVolumeClaim> _claims = null!;
    private ObjectStore<PersistentVolume> _volumes = null!;
    private ObjectStore<StorageClass> _classes = null!;
    private LocalSnapshotter _snapshotter = null!;
    private LocalDisk _disk = null!;

    /// <summary>Runs until cancelled.</summary>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(options.Directory);
        var informers = new InformerFactory(client, logger);
        var (claims, volumes) = (informers.For<PersistentVolumeClaim>(), informers.For<PersistentVolume>());
        var classes = informers.For<StorageClass>();
        (_claims, _volumes, _classes) = (claims.Store, volumes.Store, classes.Store);
        _volumes.AddIndex(OursByNode, v => LocalVolumes.IsOurs(v, options.NodeName) ? [""] : []);
        _claims.AddIndex(BySource, SourcesOf);
        using var disk = _disk = new LocalDisk(options, _directories, () => PromisedToVolumes(except: ""));
        _disk.Sweep();
        // Apart from the others: a server without these kinds is waited for by those only who use them.
        var snapshotInformers = new InformerFactory(client, logger);
        _snapshotter = new(client, options, _events, _disk, snapshotInformers, volumes, logger)
        {
            Changed = key => EnqueueFilledFrom("VolumeSnapshot", key.Namespace, key.Name),
        };
        claims.AddHandler(ClaimChanged, (_, c) => ClaimChanged(c));
        volumes.AddHandler(VolumeChanged, (_, v) => VolumeChanged(v));
        classes.AddHandler(ClassChanged, (_, c) => ClassChanged(c));
        informers.Start(cancellation);
        snapshotInformers.Start(cancellation);
        var recording = _events.RunAsync(cancellation);
        await informers.WaitForSyncAsync(cancellation).ConfigureAwait(false);
        await DefaultClasses.MakeAsync(client, _classes, LocalVolumes.DefaultClass(options.StorageClass), cancellation).ConfigureAwait(false);
        // One worker for both kinds of claims' work: room is counted and given by one hand.
        await Task.WhenAll(
            _claimQueue.RunWorkersAsync(1, ReconcileClaimAsync, logger, cancellation),
            _volumeQueue.RunWorkersAsync(1, ReconcileVolumeAsync, logger, cancellation),
            _snapshotter.RunAsync(snapshotInformers, cancellation),
            recording).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(informers.WhenStopped(), snapshotInformers.WhenStopped()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }

    PersistentVolumeClaim? LocalSources.IObjects.Claim(string ns, string name) => _claims.Get(ns, name);

    PersistentVolume? LocalSources.IObjects.Volume(string name) => _volumes.Get("", name);

    VolumeSnapshot? LocalSources.IObjects.Snapshot(string ns, string name) => _snapshotter.Snapshots.Get(ns, name);

    VolumeSnapshotContent? LocalSources.IObjects.Content(string name) => _snapshotter.Contents.Get("", name);

    private static IEnumerable<string> SourcesOf(PersistentVolumeClaim claim)
    {
        if (claim.Spec.VolumeName.Length == 0 && claim.Spec.DataSource is { } source)
            yield return $"{source.Kind}/{claim.Metadata.Namespace}/{source.Name}";
    }

    private void EnqueueFilledFrom(string kind, string ns, string name)
    {
        foreach (var claim in _claims.ByIndex(BySource, $"{kind}/{ns}/{name}"))
            _claimQueue.Add(ObjectKey.Of(claim));
    }

    // Claims, volumes, classes and snapshots come by watches of their own, in any order: whichever comes last brings the claim to its turn.
    private void ClaimChanged(PersistentVolumeClaim claim)
    {
        _claimQueue.Add(ObjectKey.Of(claim));
        EnqueueFilledFrom("PersistentVolumeClaim", claim.Metadata.Namespace, claim.Metadata.Name);
    }

    private void VolumeChanged(PersistentVolume volume)
    {
        if (volume.Spec.ClaimRef is { } taker)
            EnqueueFilledFrom("PersistentVolumeClaim", taker.Namespace, taker.Name);
        if (!LocalVolumes.IsOurs(volume, options.NodeName))
            return;
        _volumeQueue.Add(volume.Metadata.Name);
        if (volume.Spec.ClaimRef is { } claim)
            _claimQueue.Add(new ObjectKey(claim.Namespace, claim.Name));
    }

    private void ClassChanged(StorageClass storage)
    {
        if (storage.Provisioner != LocalStorageOptions.Provisioner)
            return;
        foreach (var claim in _claims.List())
        {
            if (claim.Spec.StorageClassName == storage.Metadata.Name && claim.Spec.VolumeName.Length == 0)
                _claimQueue.Add(ObjectKey.Of(claim));
        }
    }

    private async Task ReconcileClaimAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_claims.Get(key) is not { } claim)
            return;
        var storage = claim.Spec.StorageClassName is { } name ? _classes.Get("", name) : null;
        if (LocalVolumes.IsDue(claim, storage))
        {
            if (AskedFor(claim, storage!) is var (isAsked, source) && isAsked)
                await ProvisionAsync(claim, storage!, source, cancellation).ConfigureAwait(false);
        }
        else if (_volumes.Get("", claim.Spec.VolumeName) is { } volume && LocalVolumes.IsOurs(volume, options.NodeName)
            && volume.Spec.ClaimRef?.UID == claim.Metadata.UID)
            await ExpandAsync(claim, volume, cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether the volume is this node's to make, and what it is to be filled from.</summary>
    private (bool IsAsked, LocalSource? Source) AskedFor(PersistentVolumeClaim claim, StorageClass storage)
    {
        var isHere = (LocalVolumes.NodeFor(claim) ?? options.NodeName) == options.NodeName;
        if (!LocalSources.HasSource(claim))
            return (isHere, null);
        if (LocalSources.IsForeign(claim))
        {
            if (isHere)
                Tell(claim, "Normal", "Provisioning", "Assuming an external populator will provision the volume");
            return default;
        }
        var (source, problem) = LocalSources.Resolve(claim, storage, this);
        if (problem is not null && isHere)
            Refuse(claim, storage, problem);
        return (source?.Node == options.NodeName, source);
    }

    private async Task ProvisionAsync(PersistentVolumeClaim claim, StorageClass storage, LocalSource? source, CancellationToken cancellation)
    {
        var name = LocalVolumes.NameFor(claim);
        if (_volumes.Get("", name) is not null)
            return;
        if (LocalVolumes.Refusal(claim) is { } refusal)
        {
            Refuse(claim, storage, refusal);
            return;
        }
        var bytes = LocalVolumes.BytesOf(claim.Spec.Resources.Requests);
        if (_directories.Shortage(Promised(except: name), bytes) is { } shortage)
        {
            await GiveBackAsync(claim, storage, shortage, cancellation).ConfigureAwait(false);
            return;
        }
        Tell(claim, "Normal", "Provisioning",
            $"External provisioner is provisioning volume for claim \"{claim.Metadata.Namespace}/{claim.Metadata.Name}\"");
        var path = await MakeDirectoryAsync(name, claim, storage, source, cancellation).ConfigureAwait(false);
        try
        {
            await client.For<PersistentVolume>()
                .CreateAsync(LocalVolumes.Make(claim, storage, options.NodeName, path), cancellation: cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            // An earlier try, or another node where no node was chosen. Only a volume of ours needs our directory.
            var there = await client.For<PersistentVolume>().FindAsync(null, name, cancellation).ConfigureAwait(false);
            if (there is null || !LocalVolumes.IsOurs(there, options.NodeName))
                await _disk.RemoveVolumeAsync(name, path, cancellation).ConfigureAwait(false);
            return;
        }
        Tell(claim, "Normal", "ProvisioningSucceeded", $"Successfully provisioned volume {name}");
    }

    private async Task<string> MakeDirectoryAsync(
        string name, PersistentVolumeClaim claim, StorageClass storage, LocalSource? source, CancellationToken cancellation)
    {
        if (source is not { } from)
            return _directories.Make(name);
        try
        {
            return OperatingSystem.IsLinux()
                ? await _disk.FillAsync(name, from, cancellation).ConfigureAwait(false) : throw new IOException("volumes are copied on Linux only");
        }
        catch (IOException failure)
        {
            throw new LocalStorageException(Refuse(claim, storage, failure.Message));
        }
    }

    private string Refuse(PersistentVolumeClaim claim, StorageClass storage, string why)
    {
        var message = $"failed to provision volume with StorageClass \"{storage.Metadata.Name}\": {why}";
        Tell(claim, "Warning", "ProvisioningFailed", message);
        return message;
    }

    /// <summary>Here is no room: the scheduler chooses again. A claim that is bound to no node is tried again later.</summary>
    private async Task GiveBackAsync(PersistentVolumeClaim claim, StorageClass storage, string shortage, CancellationToken cancellation)
    {
        var message = Refuse(claim, storage, shortage);
        if (claim.Metadata.Annotations.OrEmpty().GetValueOrDefault(LocalVolumes.SelectedNode) != options.NodeName)
            throw new LocalStorageException(message);
        var copy = claim.DeepClone();
        copy.Metadata.Annotations!.Remove(LocalVolumes.SelectedNode);
        await client.For<PersistentVolumeClaim>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
    }

    // 1 the volume says its new size; 2 the claim says it, which tells users that it is there. Whoever stops between finds 2 to do.
    private async Task ExpandAsync(PersistentVolumeClaim claim, PersistentVolume volume, CancellationToken cancellation)
    {
        var wanted = claim.Spec.Resources.Requests.OrEmpty().GetValueOrDefault("storage", Quantity.Zero);
        var had = volume.Spec.Capacity.OrEmpty().GetValueOrDefault("storage", Quantity.Zero);
        if (claim.Status.Phase != "Bound" || (wanted <= had && LocalVolumes.BytesOf(claim.Status.Capacity) >= had.Value()))
            return;
        if (wanted > had)
        {
            if (_directories.Shortage(Promised(except: volume.Metadata.Name), wanted.Value()) is { } shortage)
            {
                Tell(claim, "Warning", "VolumeResizeFailed",
                    $"resize volume \"{volume.Metadata.Name}\" by resizer \"{LocalStorageOptions.Provisioner}\" failed: {shortage}");
                throw new LocalStorageException(shortage);
            }
            Tell(claim, "Normal", "Resizing", "External resizer is resizing volume " + volume.Metadata.Name);
            var larger = volume.DeepClone();
            larger.Spec.Capacity!["storage"] = had = wanted;
            await client.For<PersistentVolume>().UpdateAsync(larger, cancellation: cancellation).ConfigureAwait(false);
        }
        var copy = claim.DeepClone();
        (copy.Status.Capacity ??= [])["storage"] = had;
        await client.For<PersistentVolumeClaim>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        Tell(claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded");
    }

    /// <summary>The directory goes when its claim is gone and the policy says so; then the volume's object may go.</summary>
    private async Task ReconcileVolumeAsync(string name, CancellationToken cancellation)
    {
        if (_volumes.Get("", name) is not { } volume || !LocalVolumes.IsOurs(volume, options.NodeName) || volume.Status.Phase == "Bound")
            return;
        if (LocalVolumes.IsToBeDeleted(volume))
        {
            // Data goes for ever: what decides it is asked of the API server, the informer may trail behind a policy that was changed to Retain.
            var newest = await client.For<PersistentVolume>().FindAsync(null, name, cancellation).ConfigureAwait(false);
            if (newest is null || newest.Metadata.UID != volume.Metadata.UID || !LocalVolumes.IsToBeDeleted(newest))
                return;
            if (!await _disk.RemoveVolumeAsync(name, volume.Spec.Local?.Path ?? "", cancellation).ConfigureAwait(false))
            {
                _events.Event(volume, "Warning", "VolumeFailedDelete", $"{volume.Spec.Local?.Path} is not below {options.Directory}");
                return;
            }
            if (volume.Metadata.DeletionTimestamp is null)
                await client.For<PersistentVolume>().DeleteAsync(null, name, cancellation: cancellation).ConfigureAwait(false);
        }
        else if (volume.Metadata.DeletionTimestamp is null)
            return;
        var live = await client.For<PersistentVolume>().FindAsync(null, name, cancellation).ConfigureAwait(false);
        if (live is not null && live.Metadata.Finalizers?.Remove(LocalVolumes.Finalizer) == true)
            await client.For<PersistentVolume>().UpdateAsync(live, cancellation: cancellation).ConfigureAwait(false);
    }

    private long Promised(string except) => PromisedToVolumes(except) + _disk.SnapshotBytes();

    private long PromisedToVolumes(string except) => _volumes.ByIndex(OursByNode, "")
        .Where(v => v.Metadata.Name != except).Sum(v => LocalVolumes.BytesOf(v.Spec.Capacity));

    private void Tell(PersistentVolumeClaim claim, string type, string reason, string message) => _events.Event(claim, type, reason, message);
}

/// <summary>A claim cannot be served now; it is tried again, later each time.</summary>
internal sealed class LocalStorageException(string message) : Exception(message);
