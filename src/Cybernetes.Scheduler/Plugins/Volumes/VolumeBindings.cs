using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.Scheduler.Plugins.Volumes;

/// <summary>What a decision chose for a claim: a volume that exists, or (null) one that the claim's class is to make.</summary>
internal sealed record VolumeChoice(PersistentVolumeClaim Claim, PersistentVolume? Volume);

/// <summary>
/// The choices of decisions that are not written down yet, and the writing: a volume gets its claimRef, a claim the chosen node; then the volume
/// controller's binding is waited for. Thread-safe.
/// </summary>
internal sealed class VolumeBindings(ApiClient? api, IVolumeObjects objects, TimeSpan bindTimeout)
{
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestPoll = TimeSpan.FromSeconds(1);
    private ApiClient client => api ?? throw new InvalidOperationException("there is no API server to bind volumes at");
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (IReadOnlyList<VolumeChoice> Choices, Node? Node)> _chosen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _takenBy = new(StringComparer.Ordinal);

    /// <summary>Whether another claim has been given the volume.</summary>
    public bool IsTaken(string volume, PersistentVolumeClaim claim)
    {
        lock (_lock)
            return _takenBy.TryGetValue(volume, out var uid) && uid != claim.Metadata.UID;
    }

    /// <param name="podUid">The pod.</param>
    /// <param name="chosen">What was chosen for its claims.</param>
    /// <param name="node">Name and labels of its node: volumes that are made must be reached from there. Null takes any.</param>
    public void Assume(string podUid, IReadOnlyList<VolumeChoice> chosen, Node? node = null)
    {
        lock (_lock)
        {
            _chosen[podUid] = (chosen, node);
            foreach (var choice in chosen.Where(c => c.Volume is not null))
                _takenBy[choice.Volume!.Metadata.Name] = choice.Claim.Metadata.UID;
        }
    }

    public void Forget(string podUid)
    {
        lock (_lock)
        {
            if (!_chosen.Remove(podUid, out var chosen))
                return;
            foreach (var choice in chosen.Choices.Where(c => c.Volume is not null))
                _takenBy.Remove(choice.Volume!.Metadata.Name);
        }
    }

    /// <summary>Writes a pod's choices and waits until its claims are bound; null when they are, else why not.</summary>
    public async ValueTask<string?> BindAsync(Pod pod, string node, CancellationToken cancellation)
    {
        IReadOnlyList<VolumeChoice>? chosen;
        Node? place;
        lock (_lock)
            (chosen, place) = _chosen.GetValueOrDefault(pod.Metadata.UID);
        if (chosen is null)
            return null;
        foreach (var choice in chosen)
            await WriteAsync(choice, node, cancellation).ConfigureAwait(false);
        var deadline = client.Time.GetUtcNow() + bindTimeout;
        var delay = s_pollInterval;
        foreach (var choice in chosen)
        {
            // The informer's store is looked at, not the server: waiting costs nothing but time.
            while (true)
            {
                var claim = objects.Claim(choice.Claim.Metadata.Namespace, choice.Claim.Metadata.Name);
                var isBound = claim is not null && PodClaims.IsFullyBound(claim);
                if (isBound)
                {
                    // A volume that was made elsewhere, such as where its data source is: the pod is placed anew, there.
                    var made = place is null || choice.Volume is not null ? null : objects.Volume(claim!.Spec.VolumeName);
                    if (made?.Spec.NodeAffinity?.Required is { } required && !NodeSelectors.Matches(required, place!))
                        return $"binding volumes: pv \"{made.Metadata.Name}\" node affinity doesn't match node \"{node}\": no matching NodeSelectorTerms";
                    if (made is not null || place is null || choice.Volume is not null)
                        break;
                }
                if (client.Time.GetUtcNow() > deadline)
                    return "binding volumes: context deadline exceeded";
                var isPinned = claim is null || isBound || claim.Metadata.Annotations.OrEmpty().ContainsKey(PodClaims.SelectedNode);
                if (delay == s_longestPoll && choice.Volume is null && !isPinned)
                    return $"binding volumes: provisioning failed for PVC \"{choice.Claim.Metadata.Name}\"";
                await Task.Delay(delay, client.Time, cancellation).ConfigureAwait(false);
                delay = delay * 2 > s_longestPoll ? s_longestPoll : delay * 2;
            }
        }
        Forget(pod.Metadata.UID);
        return null;
    }

    private async Task WriteAsync(VolumeChoice choice, string node, CancellationToken cancellation)
    {
        if (choice.Volume is null)
        {
            var claim = (objects.Claim(choice.Claim.Metadata.Namespace, choice.Claim.Metadata.Name) ?? choice.Claim).DeepClone();
            claim.Metadata.Annotations ??= [];
            if (!claim.Metadata.Annotations.TryAdd(PodClaims.SelectedNode, node))
                return;
            await client.For<PersistentVolumeClaim>().UpdateAsync(claim, cancellation: cancellation).ConfigureAwait(false);
            return;
        }
        var volume = choice.Volume.DeepClone();
        if (volume.Spec.ClaimRef is null)
        {
            volume.Metadata.Annotations ??= [];
            volume.Metadata.Annotations[PodClaims.BoundByController] = "yes";
        }
        volume.Spec.ClaimRef = new ObjectReference
        {
            APIVersion = "v1",
            Kind = "PersistentVolumeClaim",
            Namespace = choice.Claim.Metadata.Namespace,
            Name = choice.Claim.Metadata.Name,
            UID = choice.Claim.Metadata.UID,
            ResourceVersion = choice.Claim.Metadata.ResourceVersion,
        };
        await client.For<PersistentVolume>().UpdateAsync(volume, cancellation: cancellation).ConfigureAwait(false);
    }
}
