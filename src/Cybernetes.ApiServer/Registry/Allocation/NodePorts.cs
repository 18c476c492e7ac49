using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry.Allocation;

/// <summary>Node ports, and the health check ports taken from the same range: one record a port, written with the service.</summary>
internal sealed class NodePorts(int first, int last, IRandomSource random)
{
    private const int RandomTries = 32;

    internal const string Prefix = "/registry/ranges/servicenodeports/";

    /// <summary>Ports that the new object leaves open get what the old one had for the same protocol and port.</summary>
    public static void Keep(Service obj, Service old)
    {
        foreach (var port in obj.Spec.Ports.OrEmpty().Where(p => p.NodePort == 0))
        {
            var before = old.Spec.Ports.OrEmpty().FirstOrDefault(p => p.Port == port.Port && p.Protocol == port.Protocol);
            if (before is not null && !obj.Spec.Ports!.Any(p => p.NodePort == before.NodePort && p.Protocol == port.Protocol))
                port.NodePort = before.NodePort;
        }
    }

    /// <summary>Allocates, checks and releases.</summary>
    public async ValueTask PlanAsync(Service? obj, Service? old, WritePlan plan, FieldErrorList errors, CancellationToken cancellation)
    {
        var held = old is null ? [] : PortsOf(old);
        var taken = new HashSet<int>(held);
        if (obj is not null && ServiceAddresses.NeedsNodePorts(obj))
            await PlanPortsAsync(obj, taken, plan, errors, cancellation);
        if (obj is not null && ServiceAddresses.NeedsHealthCheckPort(obj))
            await PlanHealthCheckAsync(obj, taken, plan, errors, cancellation);
        var wanted = obj is null ? [] : PortsOf(obj);
        foreach (var port in held.Except(wanted))
            plan.Also(new DeleteOperation(KeyOf(port)));
    }

    private async ValueTask PlanPortsAsync(
        Service obj, HashSet<int> taken, WritePlan plan, FieldErrorList errors, CancellationToken cancellation)
    {
        var ports = obj.Spec.Ports.OrEmpty();
        for (var i = 0; i < ports.Count; i++)
        {
            var port = ports[i];
            if (port.NodePort != 0)
                await TakeAsync(obj, port.NodePort, FieldPath.Of("spec", "ports").Index(i).Child("nodePort"), taken, plan, errors, cancellation);
        }
        foreach (var port in ports.Where(p => p.NodePort == 0))
        {
            // The same port under another protocol (DNS) shares the node port.
            var sibling = ports.FirstOrDefault(p => p.Port == port.Port && p.Protocol != port.Protocol && p.NodePort != 0);
            if (sibling is not null && !ports.Any(p => p.NodePort == sibling.NodePort && p.Protocol == port.Protocol))
            {
                port.NodePort = sibling.NodePort;
                continue;
            }
            port.NodePort = await FindFreeAsync(taken, plan, cancellation);
            Take(obj, port.NodePort, taken, plan);
        }
    }

    private async ValueTask PlanHealthCheckAsync(
        Service obj, HashSet<int> taken, WritePlan plan, FieldErrorList errors, CancellationToken cancellation)
    {
        if (obj.Spec.HealthCheckNodePort != 0)
        {
            await TakeAsync(obj, obj.Spec.HealthCheckNodePort, FieldPath.Of("spec", "healthCheckNodePort"), taken, plan, errors, cancellation);
            return;
        }
        obj.Spec.HealthCheckNodePort = await FindFreeAsync(taken, plan, cancellation);
        Take(obj, obj.Spec.HealthCheckNodePort, taken, plan);
    }

    private async ValueTask TakeAsync(
        Service obj, int port, FieldPath path, HashSet<int> taken, WritePlan plan, FieldErrorList errors, CancellationToken cancellation)
    {
        if (taken.Contains(port))
            return;
        if (port < first || port > last)
            errors.Add(FieldError.Invalid(path, port, $"provided port is not in the valid range. The range of valid ports is {first}-{last}"));
        else if (await ServiceAddresses.IsTakenAsync(KeyOf(port), plan, cancellation))
            errors.Add(FieldError.Invalid(path, port, "provided port is already allocated"));
        else
            Take(obj, port, taken, plan);
    }

    private static void Take(Service obj, int port, HashSet<int> taken, WritePlan plan)
    {
        taken.Add(port);
        plan.Require(Compare.Absent(KeyOf(port)));
        plan.Also(Record(port, plan.Context.Namespace, obj.Metadata.Name));
    }

    private async ValueTask<int> FindFreeAsync(HashSet<int> taken, WritePlan plan, CancellationToken cancellation)
    {
        var size = last - first + 1;
        var start = random.Next(size);
        for (var i = 0; i < RandomTries + size; i++)
        {
            var port = first + (i < RandomTries ? random.Next(size) : (start + i) % size);
            if (!taken.Contains(port) && !await ServiceAddresses.IsTakenAsync(KeyOf(port), plan, cancellation))
                return port;
        }
        throw Failure.Internal("failed to allocate a nodePort: range is full");
    }

    internal static List<int> PortsOf(Service service)
    {
        var ports = ServiceAddresses.NeedsNodePorts(service)
            ? service.Spec.Ports.OrEmpty().Select(p => p.NodePort).Where(p => p != 0).Distinct().ToList()
            : [];
        if (ServiceAddresses.NeedsHealthCheckPort(service) && service.Spec.HealthCheckNodePort != 0)
            ports.Add(service.Spec.HealthCheckNodePort);
        return ports;
    }

    /// <summary>Writes whose a port is.</summary>
    internal static PutOperation Record(int port, string ns, string service)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("namespace", ns);
            writer.WriteString("service", service);
            writer.WriteEndObject();
        }
        return new(KeyOf(port), stream.ToArray());
    }

    internal static string KeyOf(int port) => $"{Prefix}{port}";
}
