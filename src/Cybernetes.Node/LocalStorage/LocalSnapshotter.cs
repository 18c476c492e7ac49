using System.Runtime.Versioning;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Snapshot.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.LocalStorage;

/// <summary>
/// Takes the snapshots of this node's volumes: what csi-snapshotter and its driver do elsewhere. The volume snapshot controller asks by contents,
/// this node answers in their status.
/// </summary>
internal sealed class LocalSnapshotter
{
    /// <summary>Contents by the volume they are to be taken of.</summary>
    private const string ByVolume = "volume";

    private readonly ApiClient _client;
    private readonly LocalStorageOptions _options;
    private readonly IEventRecorder _events;
    private readonly LocalDisk _disk;
    private readonly ObjectStore<PersistentVolume> _volumes;
    private readonly ObjectStore<VolumeSnapshotClass> _classes;
    private readonly WorkQueue<string> _queue;
    private readonly ILogger _logger;

    public LocalSnapshotter(
        ApiClient client, LocalStorageOptions options, IEventRecorder events, LocalDisk disk, InformerFactory informers, Informer<PersistentVolume> volumes,
        ILogger logger)
    {
        (_client, _options, _events, _disk, _logger) = (client, options, events, disk, logger);
        _queue = new(client.Time, new WorkQueueOptions { Name = "local-snapshots" });
        var (contents, snapshots) = (informers.For<VolumeSnapshotContent>(), informers.For<VolumeSnapshot>());
        (Contents, Snapshots, _classes, _volumes) = (contents.Store, snapshots.Store, informers.For<VolumeSnapshotClass>().Store, volumes.Store);
        Contents.AddIndex(ByVolume, static c => c.Spec.Source.VolumeHandle is { } handle ? [handle] : []);
        contents.AddHandler(ContentChanged, (_, c) => ContentChanged(c), ContentChanged);
        snapshots.AddHandler(s => Changed?.Invoke(ObjectKey.Of(s)), (_, s) => Changed?.Invoke(ObjectKey.Of(s)), s => Changed?.Invoke(ObjectKey.Of(s)));
        volumes.AddHandler(VolumeChanged, (_, v) => VolumeChanged(v));
    }

    public ObjectStore<VolumeSnapshotContent> Contents { get; }

    public ObjectStore<VolumeSnapshot> Snapshots { get; }

    /// <summary>A snapshot, or the content that stands for it, has changed.</summary>
    public Action<ObjectKey>? Changed { get; set; }

    /// <summary>Runs until cancelled; the informers are started by whoever has made them.</summary>
    public async Task RunAsync(InformerFactory informers, CancellationToken cancellation)
    {
        await informers.WaitForSyncAsync(cancellation).ConfigureAwait(false);
        await DefaultClasses.MakeAsync(_client, _classes, LocalSnapshots.DefaultClass(_options.SnapshotClass), cancellation).ConfigureAwait(false);
        await _queue.RunWorkersAsync(1, ReconcileAsync, _logger, cancellation).ConfigureAwait(false);
    }

    private void ContentChanged(VolumeSnapshotContent content)
    {
        if (content.Spec.Driver == LocalStorageOptions.Provisioner)
            _queue.Add(content.Metadata.Name);
        Changed?.Invoke(new ObjectKey(content.Spec.VolumeSnapshotRef.Namespace, content.Spec.VolumeSnapshotRef.Name));
    }

    private void VolumeChanged(PersistentVolume volume)
    {
        foreach (var content in Contents.ByIndex(ByVolume, volume.Metadata.Name))
            ContentChanged(content);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (Contents.Get("", name) is not { } content)
            return;
        var volume = content.Spec.Source.VolumeHandle is { } handle ? _volumes.Get("", handle) : null;
        if (!OperatingSystem.IsLinux() || !LocalSnapshots.IsOurs(content, _options.NodeName, volume)
            || LocalSnapshots.PlaceOf(content, _options.NodeName) is not { } place)
            return;
        await ActAsync(content, volume, place, cancellation).ConfigureAwait(false);
    }

    [SupportedOSPlatform("linux")]
    private async Task ActAsync(VolumeSnapshotContent content, PersistentVolume? volume, SnapshotPlace place, CancellationToken cancellation)
    {
        switch (LocalSnapshots.Decide(content))
        {
            case SnapshotStep.Take:
                await TellAsync(content, place, "SnapshotCreationFailed", "Failed to create snapshot: ",
                    () => TakeAsync(content, volume, place, cancellation), cancellation).ConfigureAwait(false);
                break;
            case SnapshotStep.Check:
                await TellAsync(content, place, "SnapshotContentCheckandUpdateFailed", "Failed to check and update snapshot content: ",
                    () => CheckAsync(content, place, cancellation), cancellation).ConfigureAwait(false);
                break;
            case SnapshotStep.LetGo:
                await LetGoAsync(content, place, cancellation).ConfigureAwait(false);
                break;
        }
    }

    [SupportedOSPlatform("linux")]
    private async Task<SnapshotFacts> TakeAsync(
        VolumeSnapshotContent content, PersistentVolume? volume, SnapshotPlace place, CancellationToken cancellation)
    {
        var handle = content.Spec.Source.VolumeHandle!;
        if (volume is null || !LocalVolumes.IsOurs(volume, _options.NodeName) || volume.Spec.Local is null)
            throw new LocalStorageException($"failed to take snapshot of the volume {handle}: \"volume {handle} is not on node {_options.NodeName}\"");
        try
        {
            return await _disk.TakeAsync(
                place.Name, handle, LocalVolumes.BytesOf(volume.Spec.Capacity), _client.Time.GetUtcNow(), cancellation).ConfigureAwait(false);
        }
        catch (IOException failure)
        {
            throw new LocalStorageException($"failed to take snapshot of the volume {handle}: {GoText.Quote(failure.Message)}");
        }
    }

    [SupportedOSPlatform("linux")]
    private async Task<SnapshotFacts> CheckAsync(VolumeSnapshotContent content, SnapshotPlace place, CancellationToken cancellation) =>
        await _disk.FindAsync(place.Name, cancellation).ConfigureAwait(false)
            ?? throw new LocalStorageException($"failed to list snapshot for content {content.Metadata.Name}: \"there is no snapshot {place.Handle}\"");

    /// <summary>Writes what came of it into the content's status. A failure is told once, and tried again, later each time.</summary>
    private async Task TellAsync(
        VolumeSnapshotContent content, SnapshotPlace place, string reason, string words, Func<Task<SnapshotFacts>> work, CancellationToken cancellation)
    {
        var copy = content.DeepClone();
        try
        {
            copy.Status = LocalSnapshots.Ready(place, await work().ConfigureAwait(false));
        }
        catch (LocalStorageException failure)
        {
            var message = words + failure.Message;
            if (LocalSnapshots.Failed(content, message, _client.Time.GetUtcNow()) is { } status)
            {
                copy.Status = status;
                await _client.For<VolumeSnapshotContent>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
                _events.Event(content, "Warning", reason, message);
            }
            throw;
        }
        await _client.For<VolumeSnapshotContent>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
    }

    [SupportedOSPlatform("linux")]
    private async Task LetGoAsync(VolumeSnapshotContent known, SnapshotPlace place, CancellationToken cancellation)
    {
        // Data goes for ever: what decides it is asked of the API server, the informer may trail behind a policy that was changed to Retain.
        var content = await _client.For<VolumeSnapshotContent>().FindAsync(null, known.Metadata.Name, cancellation).ConfigureAwait(false);
        if (content is null || content.Metadata.UID != known.Metadata.UID)
            return;
        if (content.Spec.DeletionPolicy == "Delete")
        {
            try
            {
                await _disk.RemoveAsync(place.Name, cancellation).ConfigureAwait(false);
            }
            catch (IOException)
            {
                _events.Event(content, "Warning", "SnapshotDeleteError", "Failed to delete snapshot");
                throw;
            }
        }
        if (content.Metadata.Finalizers?.Remove(LocalSnapshots.ContentFinalizer) == true)
            await _client.For<VolumeSnapshotContent>().UpdateAsync(content, cancellation: cancellation).ConfigureAwait(false);
    }
}
