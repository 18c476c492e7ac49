using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.VolumeExpansion;

/// <summary>Tells of claims that want to grow: whoever made the volume (its driver's resizer, our node agent) makes it larger.</summary>
internal sealed class VolumeExpansionController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<PersistentVolumeClaim> _claims;
    private readonly ObjectStore<PersistentVolume> _volumes;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly IEventRecorder _events;

    public VolumeExpansionController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("volume_expand");
        _events = context.Recorder("volume_expand");
        var claims = context.Informers.For<PersistentVolumeClaim>();
        var volumes = context.Informers.For<PersistentVolume>();
        (_claims, _volumes) = (claims.Store, volumes.Store);
        claims.AddHandler(c => _queue.Add(ObjectKey.Of(c)), Updated);
        // A claim may be told of before its volume, or before the volume is known to be its own.
        volumes.AddHandler(VolumeChanged, (before, v) =>
        {
            if (before.Spec.ClaimRef?.UID != v.Spec.ClaimRef?.UID)
                VolumeChanged(v);
        });
    }

    public string Name => "persistentvolume-expander-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>Whether a bound claim wants more than its volume has. Pure.</summary>
    internal static bool WantsMore(PersistentVolumeClaim claim, PersistentVolume? volume) =>
        claim.Status.Phase == "Bound" && volume is not null && VolumeMatching.IsFor(volume, claim)
        && VolumeNames.Size(claim.Spec.Resources.Requests) > VolumeNames.Size(volume.Spec.Capacity);

    private void Updated(PersistentVolumeClaim before, PersistentVolumeClaim claim)
    {
        if (VolumeNames.Size(claim.Spec.Resources.Requests) > VolumeNames.Size(before.Spec.Resources.Requests)
            || before.Status.Phase != claim.Status.Phase)
            _queue.Add(ObjectKey.Of(claim));
    }

    private void VolumeChanged(PersistentVolume volume)
    {
        if (volume.Spec.ClaimRef is { } claim)
            _queue.Add(new ObjectKey(claim.Namespace, claim.Name));
    }

    private Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_claims.Get(key) is { } claim && WantsMore(claim, _volumes.Get("", claim.Spec.VolumeName)))
        {
            _events.Event(claim, "Normal", "ExternalExpanding",
                "waiting for an external controller to expand this PVC");
        }
        return Task.CompletedTask;
    }
}
