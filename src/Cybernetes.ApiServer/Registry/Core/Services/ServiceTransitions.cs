using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Services;

/// <summary>What may change in a service that exists, and what an update leaves behind when the type changes.</summary>
internal static class ServiceTransitions
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    /// <summary>clusterIP and clusterIPs say the same; whichever the client changed wins.</summary>
    public static void SyncClusterIPs(Service service, Service old)
    {
        var (spec, before) = (service.Spec, old.Spec);
        if (before.ClusterIPs is { Count: > 0 } && spec.ClusterIPs is not { Count: > 0 } && before.ClusterIP == spec.ClusterIP)
            spec.ClusterIPs = [.. before.ClusterIPs];
        if (before.ClusterIP == spec.ClusterIP || !Same(spec.ClusterIPs, before.ClusterIPs))
            return;
        spec.ClusterIPs = spec.ClusterIP.Length == 0 ? null : [spec.ClusterIP];
    }

    /// <summary>Fields that only the old type had, and that the client left as they were, go.</summary>
    public static void DropWhatTheTypeDoesNotHave(Service service, Service old)
    {
        var (spec, before) = (service.Spec, old.Spec);
        if (before.Type != "ExternalName" && spec.Type == "ExternalName")
        {
            if (Same(spec.ClusterIPs, before.ClusterIPs))
                (spec.ClusterIP, spec.ClusterIPs) = ("", null);
            if (Same(spec.IPFamilies, before.IPFamilies))
                spec.IPFamilies = null;
            if (spec.IPFamilyPolicy == before.IPFamilyPolicy)
                spec.IPFamilyPolicy = null;
        }
        if (HasNodePorts(before) && !HasNodePorts(spec) && SameNodePorts(spec, before))
        {
            foreach (var port in spec.Ports.OrEmpty())
                port.NodePort = 0;
        }
        if (ServiceFacts.NeedsHealthCheck(old) && !ServiceFacts.NeedsHealthCheck(service)
            && spec.HealthCheckNodePort == before.HealthCheckNodePort)
            spec.HealthCheckNodePort = 0;
        if (ServiceFacts.IsExternallyAccessible(old) && !ServiceFacts.IsExternallyAccessible(service)
            && spec.ExternalTrafficPolicy == before.ExternalTrafficPolicy)
            spec.ExternalTrafficPolicy = "";
        if (before.Type != "LoadBalancer" || spec.Type == "LoadBalancer")
            return;
        if (spec.AllocateLoadBalancerNodePorts == before.AllocateLoadBalancerNodePorts)
            spec.AllocateLoadBalancerNodePorts = null;
        if (spec.LoadBalancerClass == before.LoadBalancerClass)
            spec.LoadBalancerClass = null;
    }

    /// <summary>Addresses and families stay, except that the second may come and go; a balancer keeps its class.</summary>
    public static void Validate(Service service, Service old, FieldErrorList errors)
    {
        var (spec, before) = (service.Spec, old.Spec);
        if (spec.Type != "ExternalName" && before.Type != "ExternalName")
        {
            ClusterIPs(service, old, errors);
            Families(service, old, errors);
        }
        if (spec.Type == "LoadBalancer" && before.Type == "LoadBalancer" && spec.LoadBalancerClass != before.LoadBalancerClass)
            errors.Invalid(SpecPath.Child("loadBalancerClass"), spec.LoadBalancerClass, "may not change once set");
        if (ServiceFacts.NeedsHealthCheck(old) && ServiceFacts.NeedsHealthCheck(service)
            && spec.HealthCheckNodePort != before.HealthCheckNodePort)
            errors.Forbidden(SpecPath.Child("healthCheckNodePort"), FieldChecks.Immutability);
    }

    private static void ClusterIPs(Service service, Service old, FieldErrorList errors)
    {
        if (ServiceFacts.IsHeadless(service) && ServiceFacts.IsHeadless(old))
            return;
        var path = SpecPath.Child("clusterIPs");
        var (now, before) = (service.Spec.ClusterIPs.OrEmpty(), old.Spec.ClusterIPs.OrEmpty());
        if (now.Count == before.Count)
        {
            for (var i = 0; i < now.Count; i++)
            {
                if (now[i] != before[i])
                    errors.Invalid(path.Index(i), service.Spec.ClusterIPs, "may not change once set");
            }
            return;
        }
        if (now.Count == 0)
            errors.Invalid(path.Index(0), service.Spec.ClusterIPs, "primary clusterIP can not be unset");
        else if (before.Count > 0 && now[0] != before[0])
            errors.Invalid(path.Index(0), service.Spec.ClusterIPs, "may not change once set");
        if (now.Count == 1 && before.Count > 1 && service.Spec.IPFamilyPolicy != "SingleStack")
        {
            errors.Invalid(
                SpecPath.Child("ipFamilyPolicy"), service.Spec.IPFamilyPolicy,
                "must be set to 'SingleStack' when releasing the secondary clusterIP");
        }
    }

    private static void Families(Service service, Service old, FieldErrorList errors)
    {
        if (ServiceFacts.IsHeadless(service) || ServiceFacts.IsHeadless(old))
            return;
        var path = SpecPath.Child("ipFamilies").Index(0);
        var (now, before) = (service.Spec.IPFamilies.OrEmpty(), old.Spec.IPFamilies.OrEmpty());
        if (now.Count == before.Count)
        {
            for (var i = 0; i < now.Count; i++)
            {
                if (now[i] != before[i])
                    errors.Invalid(path, service.Spec.IPFamilies, "may not change once set");
            }
            return;
        }
        if (now.Count > 0 && before.Count > 0 && now[0] != before[0])
            errors.Invalid(path, service.Spec.ClusterIPs, "may not change once set");
        if (now.Count == 1 && before.Count > 1 && service.Spec.IPFamilyPolicy != "SingleStack")
        {
            errors.Invalid(
                SpecPath.Child("ipFamilyPolicy"), service.Spec.IPFamilyPolicy,
                "must be set to 'SingleStack' when releasing the secondary ipFamily");
        }
    }

    private static bool HasNodePorts(ServiceSpec spec) => spec.Type is "NodePort" or "LoadBalancer";

    private static bool SameNodePorts(ServiceSpec spec, ServiceSpec old) =>
        spec.Ports.OrEmpty().Select(p => p.NodePort).Where(n => n != 0).ToHashSet()
            .SetEquals(old.Ports.OrEmpty().Select(p => p.NodePort).Where(n => n != 0));

    private static bool Same(List<string>? left, List<string>? right) => left.OrEmpty().SequenceEqual(right.OrEmpty(), StringComparer.Ordinal);
}
