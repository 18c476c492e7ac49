using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Controllers.VolumeBinding;

/// <summary>Binds claims to volumes, asks provisioners for those that have none, and reclaims volumes whose claim is gone.</summary>
internal sealed class PersistentVolumeController : IController
{
    /// <summary>Volumes by whom they may serve: the class of those without a claim, the claim of the others.</summary>
    private const string ByTaker = "taker";

    /// <summary>Claims without a volume by class; those that name none under <see cref="NoClass"/>.</summary>
    private const string ByClass = "pending-class";
    private const string NoClass = "\0";

    /// <summary>Claims by the volume that they name, bound to it or not.</summary>
    private const string ByVolume = "volume";

    private readonly ControllerContext _context;
    private readonly ObjectStore<PersistentVolumeClaim> _claims;
    private readonly ObjectStore<PersistentVolume> _volumes;
    private readonly ObjectStore<StorageClass> _classes;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _claimQueue;
    private readonly WorkQueue<string> _volumeQueue;
    private readonly IEventRecorder _events;
    private readonly VolumeBinder _binder;
    private readonly VolumeReclaimer _reclaimer;

    public PersistentVolumeController(ControllerContext context)
    {
        _context = context;
        _claimQueue = context.Queue<ObjectKey>("claims");
        _volumeQueue = context.Queue<string>("volumes");
        _events = context.Recorder("persistentvolume-controller");
        _binder = new VolumeBinder(context.Client);
        var (claims, volumes) = (context.Informers.For<PersistentVolumeClaim>(), context.Informers.For<PersistentVolume>());
        var (classes, pods) = (context.Informers.For<StorageClass>(), context.Informers.For<Pod>());
        (_claims, _volumes, _classes) = (claims.Store, volumes.Store, classes.Store);
        _pods = ClaimUse.Index(pods.Store);
        _volumes.AddIndex(ByTaker, static v =>
            [v.Spec.ClaimRef is { } taker ? $"{taker.Namespace}/{taker.Name}" : VolumeNames.ClassOf(v)]);
        _claims.AddIndex(ByClass, static c => c.Spec.VolumeName.Length > 0 ? [] : [VolumeNames.ClassOf(c) ?? NoClass]);
        _claims.AddIndex(ByVolume, static c => c.Spec.VolumeName.Length > 0 ? [c.Spec.VolumeName] : []);
        _reclaimer = new VolumeReclaimer(context, _pods, _events, _binder, name => _volumeQueue.Add(name));
        claims.AddHandler(c => _claimQueue.Add(ObjectKey.Of(c)), ClaimUpdated, ClaimDeleted);
        volumes.AddHandler(VolumeChanged, VolumeUpdated, VolumeDeleted);
        classes.AddHandler(ClassChanged, (_, c) => ClassChanged(c));
        pods.AddHandler(_reclaimer.PodChanged, (_, p) => _reclaimer.PodChanged(p), _reclaimer.PodChanged);
    }

    public string Name => "persistentvolume-binder-controller";

    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(
        _claimQueue.RunWorkersAsync(1, ReconcileClaimAsync, _context.Logger, cancellation),
        _volumeQueue.RunWorkersAsync(1, ReconcileVolumeAsync, _context.Logger, cancellation));

    // Claims, volumes and classes come by watches of their own, in any order: whichever comes last brings the others to their turn.
    private void ClaimUpdated(PersistentVolumeClaim before, PersistentVolumeClaim claim)
    {
        _claimQueue.Add(ObjectKey.Of(claim));
        if (before.Spec.VolumeName != claim.Spec.VolumeName || before.Metadata.UID != claim.Metadata.UID)
            ClaimDeleted(claim);
    }

    /// <summary>The volume that the claim names, and those that are promised to it, of which it may know nothing yet.</summary>
    private void ClaimDeleted(PersistentVolumeClaim claim)
    {
        if (claim.Spec.VolumeName.Length > 0)
            _volumeQueue.Add(claim.Spec.VolumeName);
        foreach (var volume in _volumes.ByIndex(ByTaker, $"{claim.Metadata.Namespace}/{claim.Metadata.Name}"))
            _volumeQueue.Add(volume.Metadata.Name);
    }

    private void VolumeChanged(PersistentVolume volume)
    {
        _volumeQueue.Add(volume.Metadata.Name);
        EnqueueNaming(volume);
        if (volume.Spec.ClaimRef is { } reference)
            _claimQueue.Add(new ObjectKey(reference.Namespace, reference.Name));
        else if (volume.Status.Phase == "Available")
            EnqueuePending(VolumeNames.ClassOf(volume));
    }

    private void VolumeUpdated(PersistentVolume before, PersistentVolume volume)
    {
        if (before.Spec.ClaimRef is { } former && (volume.Spec.ClaimRef is null || volume.Spec.ClaimRef.UID != former.UID))
            _claimQueue.Add(new ObjectKey(former.Namespace, former.Name));
        VolumeChanged(volume);
    }

    private void VolumeDeleted(PersistentVolume volume)
    {
        _binder.Forget(volume);
        _volumeQueue.Forget(volume.Metadata.Name);
        EnqueueNaming(volume);
        if (volume.Spec.ClaimRef is { } reference)
            _claimQueue.Add(new ObjectKey(reference.Namespace, reference.Name));
    }

    private void EnqueueNaming(PersistentVolume volume)
    {
        foreach (var claim in _claims.ByIndex(ByVolume, volume.Metadata.Name))
            _claimQueue.Add(ObjectKey.Of(claim));
    }

    private void ClassChanged(StorageClass storage)
    {
        EnqueuePending(storage.Metadata.Name);
        if (VolumeNames.Default([storage]) is not null)
            EnqueuePending(NoClass);
    }

    private void EnqueuePending(string className)
    {
        foreach (var claim in _claims.ByIndex(ByClass, className))
            _claimQueue.Add(ObjectKey.Of(claim));
        // Volumes without a class serve claims that name none, too.
        if (className.Length == 0)
            EnqueuePending(NoClass);
    }

    private async Task ReconcileClaimAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_claims.Get(key) is not { } claim)
            return;
        var view = View(claim);
        // Before a claim counts as lost the API server is asked for its volume: the informer may trail.
        if (view.Named is null && VolumeNames.Has(claim.Metadata, VolumeNames.BindCompleted) && claim.Spec.VolumeName.Length > 0)
            view = view with { Named = await FindVolumeAsync(claim.Spec.VolumeName, cancellation).ConfigureAwait(false) };
        var plan = ClaimReconciler.Reconcile(view);
        if (plan.Failure is not null)
            throw new ReconcileFailedException(plan.Failure);
        if (plan.Bind is { } volume)
            await _binder.BindAsync(volume, claim, cancellation).ConfigureAwait(false);
        if (plan.AssignClass is { } assigned)
        {
            var copy = claim.DeepClone();
            copy.Spec.StorageClassName = assigned;
            await _context.Client.For<PersistentVolumeClaim>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        }
        if (plan.Provisioner is { } provisioner)
            claim = await AskProvisionerAsync(claim, provisioner, cancellation).ConfigureAwait(false);
        var changed = claim.Status.Phase != plan.Phase && plan.Phase is not null
            && await _binder.SetClaimStatusAsync(claim, plan.Phase, null, cancellation).ConfigureAwait(false);
        if (plan.Event is { } telling && (changed || !plan.OnlyOnChange))
            _events.Event(claim, telling.Type, telling.Reason, telling.Message);
    }

    private Task<PersistentVolume?> FindVolumeAsync(string name, CancellationToken cancellation) =>
        _context.Client.For<PersistentVolume>().FindAsync(null, name, cancellation);

    private ClaimView View(PersistentVolumeClaim claim)
    {
        var view = new ClaimView { Claim = claim };
        if (claim.Spec.VolumeName.Length > 0)
            return view with { Named = _volumes.Get("", claim.Spec.VolumeName) is { } named ? _binder.Newest(named) : null };
        var className = VolumeNames.ClassOf(claim);
        // A volume that was just promised to another claim still stands under its class here.
        var candidates = _volumes.ByIndex(ByTaker, className ?? "")
            .Concat(_volumes.ByIndex(ByTaker, $"{claim.Metadata.Namespace}/{claim.Metadata.Name}"));
        return view with
        {
            Candidates = [.. candidates.Select(_binder.Newest)],
            Class = string.IsNullOrEmpty(className) ? null : _classes.Get("", className),
            DefaultClass = className is null ? VolumeNames.Default(_classes.List())?.Metadata.Name : null,
            WaitingPods = [.. ClaimUse.Of(_pods, claim).Where(p => p.Spec.NodeName.Length == 0 && !Ownership.PodState.IsFinished(p))
                .Select(p => p.Metadata.Name).Order(StringComparer.Ordinal)],
            MayProvision = _context.Options.EnableDynamicProvisioning,
            IsProvisioned = _volumes.Get("", VolumeNames.VolumeFor(claim)) is not null,
        };
    }

    private async Task<PersistentVolumeClaim> AskProvisionerAsync(
        PersistentVolumeClaim claim, string provisioner, CancellationToken cancellation)
    {
        if (claim.Metadata.Annotations.OrEmpty().GetValueOrDefault(VolumeNames.Provisioner) == provisioner)
            return claim;
        var copy = claim.DeepClone();
        copy.Metadata.Annotations ??= [];
        copy.Metadata.Annotations[VolumeNames.BetaProvisioner] = provisioner;
        copy.Metadata.Annotations[VolumeNames.Provisioner] = provisioner;
        return await _context.Client.For<PersistentVolumeClaim>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
    }

    private async Task ReconcileVolumeAsync(string name, CancellationToken cancellation)
    {
        if (_volumes.Get("", name) is not { } known)
            return;
        var volume = _binder.Newest(known);
        var claim = await ClaimOfAsync(volume, cancellation).ConfigureAwait(false);
        var plan = VolumeReconciler.Reconcile(volume, claim);
        if (plan.VolumeEvent is { } told)
            _events.Event(volume, told.Type, told.Reason, told.Message);
        if (plan.ClaimEvent is { } claimTold)
            _events.Event(claim!, claimTold.Type, claimTold.Reason, claimTold.Message);
        if (plan.Unbind != Unbinding.None)
            volume = await _binder.UnbindAsync(volume, plan.Unbind == Unbinding.Whole, cancellation).ConfigureAwait(false);
        else if (plan.Phase.Length > 0)
            volume = await _binder.SetPhaseAsync(volume, plan.Phase, "", cancellation).ConfigureAwait(false);
        if (plan.EnqueueClaim)
            _claimQueue.Add(new ObjectKey(volume.Spec.ClaimRef!.Namespace, volume.Spec.ClaimRef.Name));
        if (plan.Reclaim)
            await _reclaimer.ReclaimAsync(volume, cancellation).ConfigureAwait(false);
    }

    /// <summary>The very claim that the volume names. Before it counts as gone the API server is asked: the informer may trail.</summary>
    private async Task<PersistentVolumeClaim?> ClaimOfAsync(PersistentVolume volume, CancellationToken cancellation)
    {
        if (volume.Spec.ClaimRef is not { UID.Length: > 0 } reference)
            return null;
        var claim = _claims.Get(reference.Namespace, reference.Name);
        if (claim?.Metadata.UID != reference.UID && volume.Status.Phase is not ("Released" or "Failed"))
            claim = await _context.Client.For<PersistentVolumeClaim>()
                .FindAsync(reference.Namespace, reference.Name, cancellation).ConfigureAwait(false);
        return claim?.Metadata.UID == reference.UID ? claim : null;
    }
}
