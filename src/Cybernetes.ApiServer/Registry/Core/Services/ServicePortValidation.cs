using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Services;

/// <summary>Ports of a service: each for itself, and against each other.</summary>
internal static class ServicePortValidation
{
    public static void Validate(Service service, FieldPath path, FieldErrorList errors)
    {
        var ports = service.Spec.Ports;
        for (var i = 0; i < (ports?.Count ?? 0); i++)
        {
            var port = ports![i];
            var at = path.Index(i);
            if (port.Name.Length == 0)
            {
                if (ports.Count > 1)
                    errors.Required(at.Child("name"));
            }
            else
            {
                FieldChecks.DnsLabel(port.Name, at, "name", errors);
                if (ports.FindIndex(p => p.Name == port.Name) < i)
                    errors.Duplicate(at.Child("name"), port.Name);
            }
            errors.InvalidChild(at, "port", port.Port, Names.PortNumber(port.Port));
            if (port.Protocol.Length == 0)
                errors.Required(at.Child("protocol"));
            else if (port.Protocol is not ("TCP" or "UDP" or "SCTP"))
                errors.NotSupported(at.Child("protocol"), port.Protocol, "SCTP", "TCP", "UDP");
            FieldChecks.PortNumberOrName(port.TargetPort, at, "targetPort", errors);
            if (port.AppProtocol is { } application)
                errors.InvalidChild(at, "appProtocol", application, Names.QualifiedName(application));
        }
    }

    /// <summary>No node port without need, and no pair of protocol and port twice.</summary>
    public static void Unique(Service service, FieldPath path, FieldErrorList errors)
    {
        var ports = service.Spec.Ports;
        for (var i = 0; i < (ports?.Count ?? 0); i++)
        {
            if (service.Spec.Type == "ClusterIP" && ports![i].NodePort != 0)
                errors.Forbidden(path.Index(i).Child("nodePort"), "may not be used when `type` is 'ClusterIP'");
        }
        for (var i = 1; i < (ports?.Count ?? 0); i++)
        {
            var port = ports![i];
            if (port.NodePort != 0 && ports.FindIndex(p => p.NodePort == port.NodePort && p.Protocol == port.Protocol) < i)
                errors.Duplicate(path.Index(i).Child("nodePort"), port.NodePort);
        }
        for (var i = 1; i < (ports?.Count ?? 0); i++)
        {
            var port = ports![i];
            if (ports.FindIndex(p => p.Port == port.Port && p.Protocol == port.Protocol) < i)
                errors.Duplicate(path.Index(i), AsJson(port));
        }
    }

    // Upstream shows a port of its internal type with nothing but the pair.
    private static FieldChecks.JsonValue AsJson(ServicePort port) => FieldChecks.JsonValue.Of(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("Name", "");
        writer.WriteString("Protocol", port.Protocol);
        writer.WriteNull("AppProtocol");
        writer.WriteNumber("Port", port.Port);
        writer.WriteNumber("TargetPort", 0);
        writer.WriteNumber("NodePort", 0);
        writer.WriteEndObject();
    });
}
