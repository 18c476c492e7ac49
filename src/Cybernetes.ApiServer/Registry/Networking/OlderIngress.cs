using Cybernetes.Objects;
using Cybernetes.Objects.Networking.V1;
using Extensions = Cybernetes.Objects.Extensions.V1beta1;
using V1beta1 = Cybernetes.Objects.Networking.V1beta1;

namespace Cybernetes.ApiServer.Registry.Networking;

/// <summary>
/// Ingresses before networking.k8s.io/v1, in two groups of the same shape: a backend is serviceName and servicePort, the default backend is
/// called backend, and a path need not say how it is matched.
/// </summary>
internal static class OlderIngress
{
    private const string AnyMatching = "ImplementationSpecific";

    public static void ToStored(V1beta1.Ingress served, Ingress stored)
    {
        stored.Spec.DefaultBackend = served.Spec.Backend is { } backend
            ? new() { Resource = backend.Resource, Service = Service(backend.ServiceName, backend.ServicePort) }
            : null;
        Each(served.Spec.Rules, r => r.HTTP?.Paths, stored, (from, to) =>
        {
            to.PathType = from.PathType ?? AnyMatching;
            to.Backend.Service = Service(from.Backend.ServiceName, from.Backend.ServicePort);
        });
    }

    public static void ToStored(Extensions.Ingress served, Ingress stored)
    {
        stored.Spec.DefaultBackend = served.Spec.Backend is { } backend
            ? new() { Resource = backend.Resource, Service = Service(backend.ServiceName, backend.ServicePort) }
            : null;
        Each(served.Spec.Rules, r => r.HTTP?.Paths, stored, (from, to) =>
        {
            to.PathType = from.PathType ?? AnyMatching;
            to.Backend.Service = Service(from.Backend.ServiceName, from.Backend.ServicePort);
        });
    }

    public static void FromStored(Ingress stored, V1beta1.Ingress served)
    {
        if (stored.Spec.DefaultBackend is { } backend)
        {
            served.Spec.Backend = new() { Resource = backend.Resource };
            (served.Spec.Backend.ServiceName, served.Spec.Backend.ServicePort) = Parts(backend.Service);
        }
        Each(served.Spec.Rules, r => r.HTTP?.Paths, stored, (to, from) =>
            (to.Backend.ServiceName, to.Backend.ServicePort) = Parts(from.Backend.Service));
    }

    public static void FromStored(Ingress stored, Extensions.Ingress served)
    {
        if (stored.Spec.DefaultBackend is { } backend)
        {
            served.Spec.Backend = new() { Resource = backend.Resource };
            (served.Spec.Backend.ServiceName, served.Spec.Backend.ServicePort) = Parts(backend.Service);
        }
        Each(served.Spec.Rules, r => r.HTTP?.Paths, stored, (to, from) =>
            (to.Backend.ServiceName, to.Backend.ServicePort) = Parts(from.Backend.Service));
    }

    /// <summary>Goes through the paths of both forms, which stand in the same places.</summary>
    private static void Each<TRule, TPath>(
        List<TRule>? rules, Func<TRule, List<TPath>?> paths, Ingress stored, Action<TPath, HTTPIngressPath> action)
    {
        for (var i = 0; i < (rules?.Count ?? 0); i++)
        {
            var served = paths(rules![i]);
            for (var j = 0; j < (served?.Count ?? 0); j++)
                action(served![j], stored.Spec.Rules![i].HTTP!.Paths![j]);
        }
    }

    private static IngressServiceBackend? Service(string name, IntOrString port)
    {
        if (name.Length == 0 && !port.IsString && port.IntValue == 0)
            return null;
        var service = new IngressServiceBackend { Name = name };
        if (port.IsString)
            service.Port.Name = port.StringValue;
        else
            service.Port.Number = port.IntValue;
        return service;
    }

    private static (string Name, IntOrString Port) Parts(IngressServiceBackend? service) => service is null
        ? ("", default)
        : (service.Name, service.Port.Name.Length > 0 ? IntOrString.FromString(service.Port.Name) : IntOrString.FromInt(service.Port.Number));
}
