using Cybernetes.Client.Informers;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Plugins.PodTopologySpread;

/// <summary>What the default spreading counts: pods that the same services and the same owner select.</summary>
internal sealed class SpreadOwners(InformerFactory informers)
{
    private readonly ObjectStore<Service> _services = informers.For<Service>().Store;
    private readonly ObjectStore<ReplicaSet> _replicaSets = informers.For<ReplicaSet>().Store;
    private readonly ObjectStore<ReplicationController> _controllers = informers.For<ReplicationController>().Store;
    private readonly ObjectStore<StatefulSet> _statefulSets = informers.For<StatefulSet>().Store;

    /// <summary>The merged selector, or null where nothing selects the pod.</summary>
    public LabelMatcher? SelectorFor(Pod pod)
    {
        LabelMatcher? merged = null;
        foreach (var service in _services.ListNamespace(pod.Metadata.Namespace))
        {
            if (service.Spec.Selector is { Count: > 0 } selector && LabelMatcher.FromSet(selector) is var matcher && matcher.Matches(pod.Metadata.Labels))
                merged = merged?.And(matcher) ?? matcher;
        }
        var owned = pod.Metadata.OwnerReferences.OrEmpty().FirstOrDefault(o => o.Controller == true) is { } owner
            ? OwnerSelector(pod.Metadata.Namespace, owner.Kind, owner.Name)
            : null;
        return owned is null ? merged : merged?.And(owned) ?? owned;
    }

    private LabelMatcher? OwnerSelector(string ns, string kind, string name) => kind switch
    {
        "ReplicaSet" when _replicaSets.Get(ns, name) is { } set => LabelMatcher.For(set.Spec.Selector),
        "StatefulSet" when _statefulSets.Get(ns, name) is { } set => LabelMatcher.For(set.Spec.Selector),
        "ReplicationController" when _controllers.Get(ns, name) is { } controller => LabelMatcher.FromSet(controller.Spec.Selector),
        _ => null,
    };
}
