using System.Collections.Concurrent;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using DeleteOptions = Cybernetes.Objects.Meta.V1.DeleteOptions;
using Preconditions = Cybernetes.Objects.Meta.V1.Preconditions;

namespace Cybernetes.Controllers.NodeLifecycle;

/// <summary>Evicts pods from nodes whose NoExecute taints they do not tolerate, or not any longer (KEP-3902).</summary>
internal sealed class TaintEvictionController : IController
{
    private const int Workers = 8;

    private readonly ControllerContext _context;
    private readonly ObjectStore<Node> _nodes;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly IEventRecorder _events;

    /// <summary>Pods that were told to go at some time to come.</summary>
    private readonly ConcurrentDictionary<ObjectKey, string> _waiting = new();

    public TaintEvictionController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("noexec_taint_pod");
        _events = context.Recorder(Name);
        var (nodes, pods) = (context.Informers.For<Node>(), context.Informers.For<Pod>());
        (_nodes, _pods) = (nodes.Store, pods.Store.WithNodeIndex());
        nodes.AddHandler(NodeAdded, NodeUpdated);
        pods.AddHandler(PodAdded, PodUpdated, p => _waiting.TryRemove(ObjectKey.Of(p), out _));
    }

    public string Name => "taint-eviction-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(Workers, ReconcileAsync, _context.Logger, cancellation);

    private static List<Taint> DrivingOut(Node node) => [.. node.Spec.Taints.OrEmpty().Where(t => t.Effect == "NoExecute")];

    private void NodeAdded(Node node)
    {
        if (DrivingOut(node).Count > 0)
            EnqueuePods(node);
    }

    private void NodeUpdated(Node before, Node node)
    {
        if (!ObjectEquality.ObjectList(DrivingOut(before), DrivingOut(node)))
            EnqueuePods(node);
    }

    private void EnqueuePods(Node node)
    {
        foreach (var pod in _pods.OnNode(node.Metadata.Name))
            _queue.Add(ObjectKey.Of(pod));
    }

    private void PodAdded(Pod pod)
    {
        // A node that is not known yet looks at its pods when it comes.
        if (_nodes.Get("", pod.Spec.NodeName) is { } node && DrivingOut(node).Count > 0)
            _queue.Add(ObjectKey.Of(pod));
    }

    private void PodUpdated(Pod before, Pod pod)
    {
        if (before.Spec.NodeName != pod.Spec.NodeName || before.Metadata.UID != pod.Metadata.UID
            || !ObjectEquality.ObjectList(before.Spec.Tolerations, pod.Spec.Tolerations))
            PodAdded(pod);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_pods.Get(key) is not { } pod || pod.Metadata.DeletionTimestamp is not null || PodState.IsFinished(pod))
        {
            _waiting.TryRemove(key, out _);
            return;
        }
        if (_nodes.Get("", pod.Spec.NodeName) is not { } node || TaintEviction.DueAt(pod, node) is not { } due)
        {
            if (_waiting.TryRemove(new(key, pod.Metadata.UID)))
                _events.Event(pod, "Normal", "TaintManagerEviction", $"Cancelling deletion of Pod {key}");
            return;
        }
        var left = due - _context.Time.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            _waiting[key] = pod.Metadata.UID;
            _queue.AddAfter(key, left);
            return;
        }
        // A pod that came after what is known of its node may have been placed because the taint is gone. While the news of that is on its way, every
        // successor would be placed there and driven out again at once.
        if (ResourceVersions.IsNewer(pod, node) && !await IsDrivenOutNowAsync(pod, cancellation).ConfigureAwait(false))
        {
            // The taint's end, or another one, brings it back here.
            _waiting.TryRemove(key, out _);
            return;
        }
        _events.Event(pod, "Normal", "TaintManagerEviction", $"Marking for deletion Pod {key}");
        await _context.Client.IgnoreNotFoundAsync(_ => EvictAsync(pod, cancellation)).ConfigureAwait(false);
        _waiting.TryRemove(key, out _);
    }

    private async Task<bool> IsDrivenOutNowAsync(Pod pod, CancellationToken cancellation) =>
        await _context.Client.For<Node>().FindAsync(null, pod.Spec.NodeName, cancellation).ConfigureAwait(false) is { } live
        && TaintEviction.DueAt(pod, live) is { } due && due <= _context.Time.GetUtcNow();

    private async Task EvictAsync(Pod pod, CancellationToken cancellation)
    {
        var copy = pod.DeepClone();
        PodState.SetDisruptionTarget(
            copy, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", _context.Time.GetUtcNow());
        await _context.Client.For<Pod>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        var options = new DeleteOptions { Preconditions = new Preconditions { UID = pod.Metadata.UID } };
        await _context.Client.For<Pod>().DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, options, cancellation).ConfigureAwait(false);
    }
}
