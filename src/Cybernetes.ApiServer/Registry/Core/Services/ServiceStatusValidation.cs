using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Services;

/// <summary>What a load balancer may report.</summary>
internal static class ServiceStatusValidation
{
    public static void Validate(Service service, FieldErrorList errors)
    {
        var path = FieldPath.Of("status", "loadBalancer").Child("ingress");
        if (service.Status.LoadBalancer.Ingress is not { Count: > 0 } ingresses)
            return;
        if (service.Spec.Type != "LoadBalancer")
        {
            errors.Forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'");
            return;
        }
        for (var i = 0; i < ingresses.Count; i++)
            Ingress(ingresses[i], path.Index(i), errors);
    }

    private static void Ingress(LoadBalancerIngress ingress, FieldPath path, FieldErrorList errors)
    {
        if (ingress.IP.Length > 0)
            IpRules.LegacyIp(ingress.IP, path.Child("ip"), errors);
        if (ingress.IPMode is null && ingress.IP.Length > 0)
            errors.Required(path.Child("ipMode"), "must be specified when `ip` is set");
        else if (ingress.IPMode is not null && ingress.IP.Length == 0)
            errors.Forbidden(path.Child("ipMode"), "may not be specified when `ip` is not set");
        else if (ingress.IPMode is not (null or "VIP" or "Proxy"))
            errors.NotSupported(path.Child("ipMode"), ingress.IPMode, "Proxy", "VIP");
        if (ingress.Hostname.Length == 0)
            return;
        FieldChecks.Subdomain(ingress.Hostname, path, "hostname", errors);
        if (IpText.TryParseSloppy(ingress.Hostname, out _))
            errors.Invalid(path.Child("hostname"), ingress.Hostname, "must be a DNS name, not an IP address");
    }
}
