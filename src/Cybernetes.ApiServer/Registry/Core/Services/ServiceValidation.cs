using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Services;

/// <summary>A service as it is; on create and on update.</summary>
internal static class ServiceValidation
{
    private const string OnlyBalancers = "may only be used when `type` is 'LoadBalancer'";
    private const string SourceRanges = "service.beta.kubernetes.io/load-balancer-source-ranges";
    private const string TopologyHints = "service.kubernetes.io/topology-aware-hints";
    private const string TopologyMode = "service.kubernetes.io/topology-mode";
    private const int LongestAffinitySeconds = 86400;

    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public static void Validate(Service service, FieldErrorList errors)
    {
        Annotations(service.Metadata.Annotations, errors);
        if (service.Spec.Ports is not { Count: > 0 } && !ServiceFacts.IsHeadless(service) && service.Spec.Type != "ExternalName")
            errors.Required(SpecPath.Child("ports"));
        ByType(service, errors);
        ServicePortValidation.Validate(service, SpecPath.Child("ports"), errors);
        if (service.Spec.Selector is not null)
            FieldRules.Labels(service.Spec.Selector, SpecPath.Child("selector"), errors);
        Affinity(service.Spec, errors);
        ServiceFamilies.Validate(service, errors);
        for (var i = 0; i < (service.Spec.ExternalIPs?.Count ?? 0); i++)
            ExternalIp(service.Spec.ExternalIPs![i], SpecPath.Child("externalIPs").Index(i), errors);
        if (service.Spec.Type is not ("ClusterIP" or "ExternalName" or "LoadBalancer" or "NodePort"))
            errors.NotSupported(SpecPath.Child("type"), service.Spec.Type, "ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
        ServicePortValidation.Unique(service, SpecPath.Child("ports"), errors);
        BalancerFields(service, errors);
        TrafficPolicies(service, errors);
    }

    /// <summary>Addresses that make no sense behind or in front of a service.</summary>
    public static void NotSpecial(string address, FieldPath path, FieldErrorList errors)
    {
        if (!IpText.TryParseSloppy(address, out var ip))
        {
            errors.Invalid(path, address, "must be a valid IP address");
            return;
        }
        var bytes = (ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip).GetAddressBytes();
        var four = bytes.Length == 4;
        if (!bytes.AsSpan().ContainsAnyExcept((byte)0))
            errors.Invalid(path, address, $"may not be unspecified ({address})");
        if (four ? bytes[0] == 127 : ip.Equals(System.Net.IPAddress.IPv6Loopback))
            errors.Invalid(path, address, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
        if (four ? bytes[0] == 169 && bytes[1] == 254 : ip.IsIPv6LinkLocal)
            errors.Invalid(path, address, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
        if (four ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0 : bytes[0] == 0xff && (bytes[1] & 0x0f) == 0x02)
            errors.Invalid(path, address, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }

    private static void Annotations(Dictionary<string, string>? annotations, FieldErrorList errors)
    {
        if (annotations?.TryGetValue(TopologyMode, out var mode) == true
            && annotations.TryGetValue(TopologyHints, out var hints) && mode != hints)
        {
            errors.Invalid(
                FieldPath.Of("metadata", "annotations").Key(TopologyMode), mode,
                $"must match annotations[{TopologyHints}] when both are specified");
        }
    }

    private static void ByType(Service service, FieldErrorList errors)
    {
        var spec = service.Spec;
        switch (spec.Type)
        {
            case "LoadBalancer" or "NodePort" when ServiceFacts.IsHeadless(service):
                errors.Invalid(
                    SpecPath.Child("clusterIPs").Index(0), spec.ClusterIPs![0], $"may not be set to 'None' for {spec.Type} services");
                return;
            case "ExternalName":
                const string Why = "may not be set for ExternalName services";
                if (spec.ClusterIPs is { Count: > 0 })
                    errors.Forbidden(SpecPath.Child("clusterIPs"), Why);
                if (spec.IPFamilies is { Count: > 0 })
                    errors.Forbidden(SpecPath.Child("ipFamilies"), Why);
                if (spec.IPFamilyPolicy is not null)
                    errors.Forbidden(SpecPath.Child("ipFamilyPolicy"), Why);
                var name = spec.ExternalName.EndsWith('.') ? spec.ExternalName[..^1] : spec.ExternalName;
                if (name.Length == 0)
                    errors.Required(SpecPath.Child("externalName"));
                else
                    FieldChecks.Subdomain(name, SpecPath, "externalName", errors);
                return;
        }
    }

    private static void Affinity(ServiceSpec spec, FieldErrorList errors)
    {
        var path = SpecPath.Child("sessionAffinityConfig");
        if (spec.SessionAffinity.Length == 0)
            errors.Required(SpecPath.Child("sessionAffinity"));
        else if (spec.SessionAffinity is not ("ClientIP" or "None"))
            errors.NotSupported(SpecPath.Child("sessionAffinity"), spec.SessionAffinity, "ClientIP", "None");
        if (spec is { SessionAffinity: "None", SessionAffinityConfig: not null })
            errors.Forbidden(path, "must not be set when session affinity is None");
        if (spec.SessionAffinity != "ClientIP")
            return;
        const string When = "when session affinity type is ClientIP";
        var seconds = path.Child("clientIP").Child("timeoutSeconds");
        if (spec.SessionAffinityConfig is null)
            errors.Required(path, When);
        else if (spec.SessionAffinityConfig.ClientIP is null)
            errors.Required(path.Child("clientIP"), When);
        else if (spec.SessionAffinityConfig.ClientIP.TimeoutSeconds is not { } timeout)
            errors.Required(seconds, When);
        else if (timeout is <= 0 or > LongestAffinitySeconds)
            errors.Invalid(seconds, timeout, $"must be greater than 0 and less than {LongestAffinitySeconds}");
    }

    private static void ExternalIp(string address, FieldPath path, FieldErrorList errors)
    {
        var before = errors.Count;
        IpRules.LegacyIp(address, path, errors);
        if (errors.Count == before)
            NotSpecial(address, path, errors);
    }

    private static void BalancerFields(Service service, FieldErrorList errors)
    {
        var spec = service.Spec;
        var balancer = spec.Type == "LoadBalancer";
        Sources(service, balancer, errors);
        if (!balancer && spec.AllocateLoadBalancerNodePorts is not null)
            errors.Forbidden(SpecPath.Child("allocateLoadBalancerNodePorts"), OnlyBalancers);
        if (balancer && spec.AllocateLoadBalancerNodePorts is null)
            errors.Required(FieldPath.Of("allocateLoadBalancerNodePorts"));
        if (spec.LoadBalancerClass is not { } name)
            return;
        if (!balancer)
            errors.Forbidden(SpecPath.Child("loadBalancerClass"), OnlyBalancers);
        else
            errors.InvalidChild(SpecPath, "loadBalancerClass", name, Names.QualifiedName(name));
    }

    private static void Sources(Service service, bool balancer, FieldErrorList errors)
    {
        if (service.Spec.LoadBalancerSourceRanges is { Count: > 0 } ranges)
        {
            // Upstream's path has the Go name.
            var path = SpecPath.Child("LoadBalancerSourceRanges");
            if (!balancer)
                errors.Forbidden(path, OnlyBalancers);
            for (var i = 0; i < ranges.Count; i++)
                IpRules.LegacyCidr(ranges[i].Trim(), path.Index(i), errors);
        }
        else if (service.Metadata.Annotations?.TryGetValue(SourceRanges, out var text) == true)
        {
            var path = FieldPath.Of("metadata", "annotations").Key(SourceRanges);
            if (!balancer)
                errors.Forbidden(path, OnlyBalancers);
            if (text.Trim().Length == 0)
                return;
            foreach (var range in text.Split(','))
                IpRules.LegacyCidr(range.Trim(), path, errors);
        }
    }

    private static void TrafficPolicies(Service service, FieldErrorList errors)
    {
        var spec = service.Spec;
        var external = SpecPath.Child("externalTrafficPolicy");
        if (!ServiceFacts.IsExternallyAccessible(service))
        {
            if (spec.ExternalTrafficPolicy.Length > 0)
                errors.Invalid(external, spec.ExternalTrafficPolicy, "may only be set for externally-accessible services");
        }
        else if (spec.ExternalTrafficPolicy.Length == 0)
            errors.Required(external);
        else if (spec.ExternalTrafficPolicy is not ("Cluster" or "Local"))
            errors.NotSupported(external, spec.ExternalTrafficPolicy, "Cluster", "Local");
        // Where a health check port is needed and open, it is allocated with the write.
        if (spec.HealthCheckNodePort != 0 && !ServiceFacts.NeedsHealthCheck(service))
        {
            errors.Invalid(
                SpecPath.Child("healthCheckNodePort"), spec.HealthCheckNodePort,
                "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
        }
        else if (spec.HealthCheckNodePort is < 0 or > 65535)
            errors.Invalid(SpecPath.Child("healthCheckNodePort"), spec.HealthCheckNodePort, "must be between 1 and 65535, inclusive");
        if (spec.InternalTrafficPolicy is null && spec.Type is ("NodePort" or "LoadBalancer" or "ClusterIP"))
            errors.Required(SpecPath.Child("internalTrafficPolicy"));
        else if (spec.InternalTrafficPolicy is not (null or "Cluster" or "Local"))
            errors.NotSupported(SpecPath.Child("internalTrafficPolicy"), spec.InternalTrafficPolicy, "Cluster", "Local");
        if (spec.TrafficDistribution is not (null or "PreferClose" or "PreferSameNode" or "PreferSameZone"))
        {
            errors.NotSupported(
                SpecPath.Child("trafficDistribution"), spec.TrafficDistribution, "PreferClose", "PreferSameNode", "PreferSameZone");
        }
    }
}
