using Cybernetes.Client.Informers;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ServiceEndpoints;

/// <summary>Tells which services a change touches: the service itself, or every service that selects the pod (before or after the change).</summary>
internal sealed class SelectedServices
{
    private readonly ObjectStore<Service> _services;
    private readonly SelectorIndex<Service> _selectors;
    private readonly Action<ObjectKey> _enqueue;

    public SelectedServices(ControllerContext context, Action<ObjectKey> enqueue)
    {
        _enqueue = enqueue;
        var services = context.Informers.For<Service>();
        var pods = context.Informers.For<Pod>();
        (_services, Pods) = (services.Store, pods.Store.WithNodeIndex().WithLabelIndex());
        _selectors = new(_services, s => s.Spec.Selector is { Count: > 0 } selector ? LabelMatcher.FromSet(selector) : LabelMatcher.Nothing);
        services.AddHandler(s => enqueue(ObjectKey.Of(s)), (_, s) => enqueue(ObjectKey.Of(s)), s => enqueue(ObjectKey.Of(s)));
        pods.AddHandler(Touch, PodUpdated, Touch);
    }

    public ObjectStore<Pod> Pods { get; }

    public Service? Find(ObjectKey key) => _services.Get(key);

    /// <summary>The pods a service selects.</summary>
    public IReadOnlyList<Pod> Of(Service service) => Pods.Matching(service.Metadata.Namespace, LabelMatcher.FromSet(service.Spec.Selector));

    private void PodUpdated(Pod before, Pod pod)
    {
        if (!ObjectEquality.StringMap(before.Metadata.Labels, pod.Metadata.Labels))
            Touch(before);
        else if (!Matters(before, pod))
            return;
        Touch(pod);
    }

    /// <summary>Most updates of a pod change nothing that endpoints show.</summary>
    private static bool Matters(Pod before, Pod pod) =>
        Ownership.PodState.IsReady(before) != Ownership.PodState.IsReady(pod)
        || Ownership.PodState.IsFinished(before) != Ownership.PodState.IsFinished(pod)
        || (before.Metadata.DeletionTimestamp is null) != (pod.Metadata.DeletionTimestamp is null)
        || before.Status.PodIP != pod.Status.PodIP || !ObjectEquality.ObjectList(before.Status.PodIPs, pod.Status.PodIPs)
        || before.Spec.NodeName != pod.Spec.NodeName;

    /// <summary>Touches the services of a node's pods. The pods must have the index by node.</summary>
    public void TouchNode(string node)
    {
        foreach (var pod in Pods.OnNode(node))
            Touch(pod);
    }

    private void Touch(Pod pod)
    {
        foreach (var service in _selectors.Selecting(pod.Metadata.Namespace, pod.Metadata.Labels))
            _enqueue(ObjectKey.Of(service));
    }
}
