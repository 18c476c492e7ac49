using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.EphemeralVolumes;

/// <summary>Makes the claims of generic ephemeral volumes, which live as long as their pod (KEP-1698).</summary>
internal sealed class EphemeralVolumeController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<Pod> _pods;
    private readonly ObjectStore<PersistentVolumeClaim> _claims;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly IEventRecorder _events;

    public EphemeralVolumeController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("ephemeral_volume");
        _events = context.Recorder("ephemeral_volume");
        var (pods, claims) = (context.Informers.For<Pod>(), context.Informers.For<PersistentVolumeClaim>());
        (_pods, _claims) = (ClaimUse.Index(pods.Store), claims.Store);
        pods.AddHandler(Added);
        claims.AddHandler(deleted: ClaimGone);
    }

    public string Name => "ephemeral-volume-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentEphemeralVolumeSyncs, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>The claim of one volume of a pod. Pure.</summary>
    internal static PersistentVolumeClaim Claim(Pod pod, Volume volume)
    {
        var template = volume.Ephemeral!.VolumeClaimTemplate!;
        return new()
        {
            Metadata =
            {
                Namespace = pod.Metadata.Namespace, Name = VolumeNames.ClaimOf(pod, volume),
                Labels = template.Metadata.Labels is { } labels ? new(labels, StringComparer.Ordinal) : null,
                Annotations = template.Metadata.Annotations is { } annotations ? new(annotations, StringComparer.Ordinal) : null,
                OwnerReferences = [OwnerReferences.ToController(pod)],
            },
            Spec = template.Spec.DeepClone(),
        };
    }

    /// <summary>Whether the claim was made for this very pod. Pure.</summary>
    internal static bool IsFor(Pod pod, PersistentVolumeClaim claim) => OwnerReferences.ControllerOf(claim)?.UID == pod.Metadata.UID;

    private void Added(Pod pod)
    {
        if (pod.Metadata.DeletionTimestamp is null && pod.Spec.Volumes.OrEmpty().Any(v => v.Ephemeral is not null))
            _queue.Add(ObjectKey.Of(pod));
    }

    /// <summary>One that was deleted by hand, or that belonged to a namesake, is made (again).</summary>
    private void ClaimGone(PersistentVolumeClaim claim)
    {
        foreach (var pod in ClaimUse.Of(_pods, claim))
            Added(pod);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_pods.Get(key) is not { } pod || pod.Metadata.DeletionTimestamp is not null)
            return;
        foreach (var volume in pod.Spec.Volumes.OrEmpty().Where(v => v.Ephemeral?.VolumeClaimTemplate is not null))
        {
            try
            {
                await MakeAsync(pod, volume, cancellation).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is ApiStatusException or ReconcileFailedException)
            {
                _events.Event(pod, "Warning", "FailedBinding", $"ephemeral volume {volume.Name}: {failure.Message}");
                throw new ReconcileFailedException($"pod {key}, ephemeral volume {volume.Name}: {failure.Message}", failure);
            }
        }
    }

    private async Task MakeAsync(Pod pod, Volume volume, CancellationToken cancellation)
    {
        var name = VolumeNames.ClaimOf(pod, volume);
        if (_claims.Get(pod.Metadata.Namespace, name) is { } there)
        {
            if (!IsFor(pod, there))
                throw new ReconcileFailedException($"PVC {pod.Metadata.Namespace}/{name} was not created for pod "
                    + $"{pod.Metadata.Namespace}/{pod.Metadata.Name} (pod is not owner)");
            return;
        }
        await _context.Client.For<PersistentVolumeClaim>().CreateAsync(Claim(pod, volume), cancellation: cancellation).ConfigureAwait(false);
    }
}
