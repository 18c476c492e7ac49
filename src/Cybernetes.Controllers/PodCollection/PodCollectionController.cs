using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;
using DeleteOptions = Cybernetes.Objects.Meta.V1.DeleteOptions;
using Preconditions = Cybernetes.Objects.Meta.V1.Preconditions;

namespace Cybernetes.Controllers.PodCollection;

/// <summary>Collects pods of vanished nodes, deleted pods that never ran, and finished pods beyond the threshold; looks every 20 s.</summary>
internal sealed class PodCollectionController : IController
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_quarantine = TimeSpan.FromSeconds(40);

    private readonly ControllerContext _context;
    private readonly ObjectStore<Pod> _pods;
    private readonly ObjectStore<Node> _nodes;
    private readonly Dictionary<string, DateTimeOffset> _missingSince = new(StringComparer.Ordinal);

    public PodCollectionController(ControllerContext context)
    {
        _context = context;
        _pods = context.Informers.For<Pod>().Store;
        _nodes = context.Informers.For<Node>().Store;
    }

    public string Name => "pod-garbage-collector-controller";

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(s_period, _context.Time, cancellation).ConfigureAwait(false);
            var pods = _pods.List();
            var nodes = _nodes.List();
            var names = nodes.Select(n => n.Metadata.Name).ToHashSet(StringComparer.Ordinal);
            var missing = await MissingAsync(pods, names, cancellation).ConfigureAwait(false);
            var outOfService = nodes.Where(IsOutOfService).Select(n => n.Metadata.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var collected in PodCollectionReconciler.Reconcile(pods, names, missing, outOfService, _context.Options.TerminatedPodThreshold))
                await CollectAsync(collected, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Nodes that pods name and the informer lacks: after a quarantine the API server itself is asked, since the informer may trail.</summary>
    private async Task<HashSet<string>> MissingAsync(IReadOnlyList<Pod> pods, HashSet<string> known, CancellationToken cancellation)
    {
        var now = _context.Time.GetUtcNow();
        var absent = pods.Select(p => p.Spec.NodeName).Where(n => n.Length > 0 && !known.Contains(n)).ToHashSet(StringComparer.Ordinal);
        foreach (var back in _missingSince.Keys.Where(n => !absent.Contains(n)).ToList())
            _missingSince.Remove(back);
        var missing = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in absent)
        {
            _missingSince.TryAdd(node, now);
            if (now - _missingSince[node] < s_quarantine)
                continue;
            if (await _context.Client.For<Node>().FindAsync(null, node, cancellation).ConfigureAwait(false) is null)
                missing.Add(node);
        }
        return missing;
    }

    private async Task CollectAsync(CollectedPod collected, CancellationToken cancellation)
    {
        var pod = collected.Pod;
        try
        {
            if (!PodState.IsFinished(pod))
            {
                var copy = pod.DeepClone();
                copy.Status.Phase = PodPhase.Failed;
                if (collected.IsDisrupted)
                    PodState.SetDisruptionTarget(copy, "DeletionByPodGC", "PodGC: " + collected.Reason, _context.Time.GetUtcNow());
                await _context.Client.For<Pod>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
            }
            var options = new DeleteOptions { GracePeriodSeconds = 0, Preconditions = new Preconditions { UID = pod.Metadata.UID } };
            await _context.Client.For<Pod>().DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, options, cancellation).ConfigureAwait(false);
            _context.Logger.LogInformation("pod {Namespace}/{Name} collected: {Reason}", pod.Metadata.Namespace, pod.Metadata.Name, collected.Reason);
        }
        catch (ApiStatusException failure)
        {
            // A conflict or any other refusal: the next look tries again.
            if (!failure.IsNotFound)
                _context.Logger.LogWarning("pod {Namespace}/{Name} not collected: {Reason}", pod.Metadata.Namespace, pod.Metadata.Name, failure.Message);
        }
    }

    private static bool IsOutOfService(Node node) =>
        node.Spec.Taints.OrEmpty().Any(t => t.Key == "node.kubernetes.io/out-of-service")
        && node.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "Ready") is not { Status: "True" };
}
