using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Probes, lifecycle hooks and what they do.</summary>
internal static class ProbeValidation
{
    public static void OfContainer(Container container, FieldPath path, PodCheck check)
    {
        var errors = check.Errors;
        if (container.Lifecycle is { } lifecycle)
            OfLifecycle(lifecycle, check.Spec.TerminationGracePeriodSeconds, path.Child("lifecycle"), errors);
        if (container.LivenessProbe is { } liveness)
            OnceIsEnough(liveness, path.Child("livenessProbe"), errors);
        if (container.ReadinessProbe is { } readiness)
        {
            var at = path.Child("readinessProbe");
            OfProbe(readiness, at, errors);
            if (readiness.TerminationGracePeriodSeconds is { } seconds)
                errors.Invalid(at.Child("terminationGracePeriodSeconds"), seconds, "must not be set for readinessProbes");
        }
        if (container.StartupProbe is { } startup)
            OnceIsEnough(startup, path.Child("startupProbe"), errors);
    }

    private static void OnceIsEnough(Probe probe, FieldPath path, FieldErrorList errors)
    {
        OfProbe(probe, path, errors);
        if (probe.SuccessThreshold != 1)
            errors.Invalid(path.Child("successThreshold"), probe.SuccessThreshold, "must be 1");
    }

    private static void OfProbe(Probe probe, FieldPath path, FieldErrorList errors)
    {
        Handler(new Handlers(probe.Exec, probe.HTTPGet, probe.TCPSocket, probe.GRPC, null), null, path, errors);
        FieldChecks.NonNegative(probe.InitialDelaySeconds, path, "initialDelaySeconds", errors);
        FieldChecks.NonNegative(probe.TimeoutSeconds, path, "timeoutSeconds", errors);
        FieldChecks.NonNegative(probe.PeriodSeconds, path, "periodSeconds", errors);
        FieldChecks.NonNegative(probe.SuccessThreshold, path, "successThreshold", errors);
        FieldChecks.NonNegative(probe.FailureThreshold, path, "failureThreshold", errors);
        if (probe.TerminationGracePeriodSeconds is <= 0 and var seconds)
            errors.Invalid(path.Child("terminationGracePeriodSeconds"), seconds, "must be greater than 0");
    }

    private static void OfLifecycle(Lifecycle lifecycle, long? graceSeconds, FieldPath path, FieldErrorList errors)
    {
        if (lifecycle.PostStart is { } start)
            Handler(new Handlers(start.Exec, start.HTTPGet, start.TCPSocket, null, start.Sleep), graceSeconds, path.Child("postStart"), errors);
        if (lifecycle.PreStop is { } stop)
            Handler(new Handlers(stop.Exec, stop.HTTPGet, stop.TCPSocket, null, stop.Sleep), graceSeconds, path.Child("preStop"), errors);
    }

    private static void Handler(Handlers handlers, long? graceSeconds, FieldPath path, FieldErrorList errors)
    {
        var count = 0;
        if (handlers.Exec is { } exec && First("exec", ref count, path, errors) && exec.Command is not { Count: > 0 })
            errors.Required(path.Child("exec").Child("command"));
        if (handlers.HTTPGet is { } get && First("httpGet", ref count, path, errors))
            HttpGet(get, path.Child("httpGet"), errors);
        if (handlers.TCPSocket is { } tcp && First("tcpSocket", ref count, path, errors))
            FieldChecks.PortNumberOrName(tcp.Port, path.Child("tcpSocket"), "port", errors);
        if (handlers.GRPC is { } grpc && First("grpc", ref count, path, errors))
            FieldChecks.PortNumberOrName(IntOrString.FromInt(grpc.Port), path.Child("grpc"), "port", errors);
        if (handlers.Sleep is { } sleep && First("sleep", ref count, path, errors)
            && graceSeconds is { } limit && (sleep.Seconds < 0 || sleep.Seconds > limit))
        {
            errors.Invalid(
                path.Child("sleep"),
                sleep.Seconds,
                string.Create(CultureInfo.InvariantCulture, $"must be non-negative and less than terminationGracePeriodSeconds ({limit})"));
        }
        if (count == 0)
            errors.Required(path, "must specify a handler type");
    }

    private static bool First(string field, ref int count, FieldPath path, FieldErrorList errors)
    {
        if (count++ == 0)
            return true;
        errors.Forbidden(path.Child(field), "may not specify more than 1 handler type");
        return false;
    }

    private static void HttpGet(HTTPGetAction get, FieldPath path, FieldErrorList errors)
    {
        if (get.Path.Length == 0)
            errors.Required(path.Child("path"));
        FieldChecks.PortNumberOrName(get.Port, path, "port", errors);
        if (get.Scheme is not ("HTTP" or "HTTPS"))
            errors.NotSupported(path.Child("scheme"), get.Scheme, "HTTP", "HTTPS");
        foreach (var header in get.HTTPHeaders.OrEmpty())
            errors.InvalidChild(path, "httpHeaders", header.Name, Names.HttpHeaderName(header.Name));
    }

    private readonly record struct Handlers(
        ExecAction? Exec, HTTPGetAction? HTTPGet, TCPSocketAction? TCPSocket, GRPCAction? GRPC, SleepAction? Sleep);
}
