using System.Collections.Concurrent;
using System.Text.Json;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Controllers.ResourceClaims;

/// <summary>A pod whose claims are to be made, or a claim whose pods may be over.</summary>
internal readonly record struct ClaimWork(bool IsPod, ObjectKey Key);

/// <summary>Makes the claims for devices that pods want out of templates, and gives back those of pods that are over.</summary>
internal sealed class ResourceClaimController : IController
{
    private const string ByClaim = "resourceClaim";
    private const string ByTemplate = "resourceClaimTemplate";
    private const string ByOwner = "resourceClaimOwner";

    private readonly ControllerContext _context;
    private readonly ObjectStore<Pod> _pods;
    private readonly ObjectStore<ResourceClaim> _claims;
    private readonly ObjectStore<ResourceClaimTemplate> _templates;
    private readonly WorkQueue<ClaimWork> _queue;
    private readonly IEventRecorder _events;

    // Claims that were made and that the informer may not show yet: their names are given by the server, so a second one would be made.
    private readonly ConcurrentDictionary<(string PodUid, string PodClaim), string> _made = new();

    public ResourceClaimController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ClaimWork>("resource_claim");
        _events = context.Recorder("resource_claim");
        var (pods, claims, templates) =
            (context.Informers.For<Pod>(), context.Informers.For<ResourceClaim>(), context.Informers.For<ResourceClaimTemplate>());
        (_pods, _claims, _templates) = (pods.Store, claims.Store, templates.Store);
        _pods.AddIndex(ByClaim, static p => ResourceClaimReconciler.ClaimsOf(p).Select(n => $"{p.Metadata.Namespace}/{n}"));
        _pods.AddIndex(ByTemplate, static p => p.Spec.ResourceClaims.OrEmpty().Select(c => c.ResourceClaimTemplateName).OfType<string>()
            .Select(n => $"{p.Metadata.Namespace}/{n}"));
        _claims.AddIndex(ByOwner, static c => OwnerReferences.ControllerOf(c) is { Kind: "Pod" } owner ? [owner.UID] : []);
        pods.AddHandler(PodChanged, (_, p) => PodChanged(p), PodGone);
        claims.AddHandler(ClaimChanged, (_, c) => ClaimChanged(c), ClaimChanged);
        templates.AddHandler(t => PodsChanged(ByTemplate, ObjectKey.Of(t)));
    }

    public string Name => "resourceclaim-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(
        _context.Options.ConcurrentResourceClaimSyncs, (work, token) => work.IsPod ? PodAsync(work.Key, token) : ClaimAsync(work.Key, token),
        _context.Logger, cancellation);

    private void PodChanged(Pod pod)
    {
        if (pod.Spec.ResourceClaims is not { Count: > 0 } && pod.Status.ExtendedResourceClaimStatus is null)
            return;
        if (ResourceClaimReconciler.IsDone(pod))
            ClaimsOf(pod);
        else if (pod.Metadata.DeletionTimestamp is null)
            _queue.Add(new(true, ObjectKey.Of(pod)));
    }

    private void PodGone(Pod pod)
    {
        foreach (var claim in pod.Spec.ResourceClaims.OrEmpty())
            _made.TryRemove((pod.Metadata.UID, claim.Name), out _);
        ClaimsOf(pod);
    }

    private void ClaimsOf(Pod pod)
    {
        foreach (var name in ResourceClaimReconciler.ClaimsOf(pod))
            _queue.Add(new(false, new ObjectKey(pod.Metadata.Namespace, name)));
        // One that was made and not noted at the pod.
        foreach (var claim in _claims.ByIndex(ByOwner, pod.Metadata.UID))
            _queue.Add(new(false, ObjectKey.Of(claim)));
    }

    /// <summary>One that was deleted by hand is made again; one that was allocated may be reserved.</summary>
    private void ClaimChanged(ResourceClaim claim)
    {
        _queue.Add(new(false, ObjectKey.Of(claim)));
        PodsChanged(ByClaim, ObjectKey.Of(claim));
    }

    private void PodsChanged(string index, ObjectKey key)
    {
        foreach (var pod in _pods.ByIndex(index, $"{key.Namespace}/{key.Name}"))
            PodChanged(pod);
    }

    private async Task PodAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_pods.Get(key) is not { } pod || pod.Metadata.DeletionTimestamp is not null || ResourceClaimReconciler.IsDone(pod))
            return;
        var made = new List<(string PodClaim, string Claim)>();
        foreach (var wanted in pod.Spec.ResourceClaims.OrEmpty().Where(c => c.ResourceClaimTemplateName is not null))
        {
            try
            {
                if (await MakeAsync(pod, wanted, cancellation).ConfigureAwait(false) is { } name)
                    made.Add((wanted.Name, name));
            }
            catch (Exception failure) when (failure is ApiStatusException or ReconcileFailedException)
            {
                _events.Event(pod, "Warning", "FailedResourceClaimCreation", $"PodResourceClaim {wanted.Name}: {failure.Message}");
                throw new ReconcileFailedException($"pod {key}, claim {wanted.Name}: {failure.Message}", failure);
            }
        }
        if (made.Count > 0)
        {
            await _context.Client.IgnoreNotFoundAsync(c =>
                c.For<Pod>().PatchAsync(key.Namespace, key.Name, Noted(pod, made), null, "status", cancellation)).ConfigureAwait(false);
        }
        if (pod.Spec.NodeName.Length > 0)
            await ReserveAsync(pod, cancellation).ConfigureAwait(false);
    }

    /// <summary>The name of a claim that is not noted at the pod yet; null where nothing is to be noted.</summary>
    private async Task<string?> MakeAsync(Pod pod, PodResourceClaim wanted, CancellationToken cancellation)
    {
        var (ns, noted) = (pod.Metadata.Namespace, ResourceClaimReconciler.Generated(pod, wanted.Name));
        if (noted is { Length: 0 } || (noted is not null && _claims.Get(ns, noted) is { } there && ResourceClaimReconciler.IsFor(pod, there)))
            return null;
        var known = _claims.ByIndex(ByOwner, pod.Metadata.UID).FirstOrDefault(c =>
            c.Metadata.Annotations.OrEmpty().GetValueOrDefault(ResourceClaimReconciler.Annotation) == wanted.Name)?.Metadata.Name;
        // What this process made counts until it is seen to be gone.
        if (known is null && _made.TryGetValue((pod.Metadata.UID, wanted.Name), out var fresh)
            && await _context.Client.For<ResourceClaim>().FindAsync(ns, fresh, cancellation).ConfigureAwait(false) is not null)
            known = fresh;
        if (known is not null)
            return known == noted ? null : known;
        var template = _templates.Get(ns, wanted.ResourceClaimTemplateName!)
            ?? throw new ReconcileFailedException($"resource claim template \"{wanted.ResourceClaimTemplateName}\": "
                + $"resourceclaimtemplate.resource.k8s.io \"{wanted.ResourceClaimTemplateName}\" not found");
        var claim = await _context.Client.For<ResourceClaim>().CreateAsync(
            ResourceClaimReconciler.Make(pod, wanted.Name, template), cancellation: cancellation).ConfigureAwait(false);
        _made[(pod.Metadata.UID, wanted.Name)] = claim.Metadata.Name;
        return claim.Metadata.Name;
    }

    private static ObjectPatch Noted(Pod pod, List<(string PodClaim, string Claim)> made)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uid", pod.Metadata.UID);
            writer.WriteEndObject();
            writer.WriteStartObject("status");
            writer.WriteStartArray("resourceClaimStatuses");
            foreach (var (podClaim, claim) in made)
            {
                writer.WriteStartObject();
                writer.WriteString("name", podClaim);
                writer.WriteString("resourceClaimName", claim);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return ObjectPatch.Strategic(stream.ToArray());
    }

    /// <summary>A pod that no scheduler placed has its allocated claims reserved here.</summary>
    private async Task ReserveAsync(Pod pod, CancellationToken cancellation)
    {
        foreach (var name in ResourceClaimReconciler.ClaimsOf(pod))
        {
            if (_claims.Get(pod.Metadata.Namespace, name) is not { Status.Allocation: not null, Metadata.DeletionTimestamp: null } claim
                || claim.Status.ReservedFor.OrEmpty().Any(r => r.UID == pod.Metadata.UID))
                continue;
            var copy = claim.DeepClone();
            (copy.Status.ReservedFor ??= []).Add(new() { Resource = "pods", Name = pod.Metadata.Name, UID = pod.Metadata.UID });
            await _context.Client.For<ResourceClaim>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        }
    }

    private async Task ClaimAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_claims.Get(key) is not { } claim)
            return;
        var gone = new HashSet<string>(StringComparer.Ordinal);
        foreach (var reserved in claim.Status.ReservedFor.OrEmpty())
        {
            if (!await IsUsedAsync(key.Namespace, reserved, cancellation).ConfigureAwait(false))
                gone.Add(reserved.UID);
        }
        var plan = ResourceClaimReconciler.Reconcile(claim, r => !gone.Contains(r.UID));
        var claims = _context.Client.For<ResourceClaim>();
        var current = claim.DeepClone();
        if (plan.ReservedFor is not null || plan.Deallocate)
        {
            current.Status.ReservedFor = plan.ReservedFor ?? current.Status.ReservedFor;
            current.Status.Allocation = plan.Deallocate ? null : current.Status.Allocation;
            current = await claims.UpdateStatusAsync(current, cancellation: cancellation).ConfigureAwait(false);
        }
        if (plan.RemoveFinalizer && current.Metadata.Finalizers?.Remove(ResourceClaimReconciler.Finalizer) == true)
            current = await claims.UpdateAsync(current, cancellation: cancellation).ConfigureAwait(false);
        if (current.Status.ReservedFor is { Count: > 0 } || claim.Metadata.DeletionTimestamp is not null)
            return;
        // The collector takes those of pods that are gone; a pod that is over may stay for long.
        if (OwnerReferences.ControllerOf(claim) is { Kind: "Pod" } owner && _pods.Get(key.Namespace, owner.Name) is { } pod
            && (pod.Metadata.UID != owner.UID || ResourceClaimReconciler.IsDone(pod)))
        {
            var options = new Objects.Meta.V1.DeleteOptions { Preconditions = new() { UID = claim.Metadata.UID } };
            await _context.Client.IgnoreNotFoundAsync(_ => claims.DeleteAsync(key.Namespace, key.Name, options, cancellation)).ConfigureAwait(false);
        }
    }

    /// <summary>The informer may not know a pod that is just being scheduled: the API server is asked before its devices are given away.</summary>
    private async Task<bool> IsUsedAsync(string ns, ResourceClaimConsumerReference reserved, CancellationToken cancellation)
    {
        if (reserved.APIGroup.Length > 0 || reserved.Resource != "pods")
            return true;
        var pod = _pods.Get(ns, reserved.Name)
            ?? await _context.Client.For<Pod>().FindAsync(ns, reserved.Name, cancellation).ConfigureAwait(false);
        return pod is not null && pod.Metadata.UID == reserved.UID && !ResourceClaimReconciler.IsDone(pod);
    }
}
