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

    /// <summary>The merged selector, or null where nothing selects the pod.</summary>
    public LabelMatcher? SelectorFor(Pod pod)
    {
        LabelMatcher? merged = null;
        foreach (var service in _services.ListNamespace(pod.Metadata.Namespace))
        {
            if (service.Spec.Selector is not { Count: > 0 } selector)
                continue;
            var matcher = LabelMatcher.FromSet(selector);
            if (matcher.Matches(pod.Metadata.Labels))
                merged = merged?.And(matcher) ?? matcher;
        }
        var owner = pod.Metadata.OwnerReferences.OrEmpty().FirstOrDefault(o => o.Controller == true);
        if (owner is { Kind: "ReplicaSet" } && _replicaSets.Get(pod.Metadata.Namespace, owner.Name) is { } replicaSet)
        {
            var matcher = LabelMatcher.For(replicaSet.Spec.Selector);
            merged = merged?.And(matcher) ?? matcher;
        }
        return merged;
    }
}
