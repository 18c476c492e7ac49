using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Rest;

/// <summary>A service's slices and endpoints are its ready pods, no more and no less.</summary>
internal sealed class ServiceRest(ClusterModel model)
{
    public IEnumerable<string> Unfinished()
    {
        foreach (var service in model.All<Service>().Where(s => s.Spec.Selector is { Count: > 0 }))
        {
            var ready = model.In<Pod>(service.Metadata.Namespace)
                .Where(p => ClusterFacts.Selects(service.Spec.Selector, p) && ClusterFacts.IsActive(p) && ClusterFacts.IsReady(p))
                .Select(p => p.Status.PodIP).Order(StringComparer.Ordinal).ToList();
            var sliced = model.In<EndpointSlice>(service.Metadata.Namespace)
                .Where(s => s.Metadata.Labels is { } labels && labels.TryGetValue("kubernetes.io/service-name", out var of) && of == service.Metadata.Name)
                .SelectMany(s => s.Endpoints.OrEmpty()).Where(e => e.Conditions.Ready == true).SelectMany(e => e.Addresses.OrEmpty())
                    .Order(StringComparer.Ordinal).ToList();
            if (!sliced.SequenceEqual(ready))
                yield return $"service {service.Metadata.Namespace}/{service.Metadata.Name}: its slices say {string.Join(",", sliced)}, ready are "
                    + $"{string.Join(",", ready)}";
            var named = model.Find<Endpoints>(service.Metadata.Namespace, service.Metadata.Name)?.Subsets.OrEmpty()
                .SelectMany(s => s.Addresses.OrEmpty()).Select(a => a.IP).Order(StringComparer.Ordinal).ToList() ?? [];
            if (!named.SequenceEqual(ready))
                yield return $"service {service.Metadata.Namespace}/{service.Metadata.Name}: its endpoints say {string.Join(",", named)}, ready are "
                    + $"{string.Join(",", ready)}";
        }
    }
}
