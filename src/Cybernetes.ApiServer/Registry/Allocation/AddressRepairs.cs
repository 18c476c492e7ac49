using System.Net;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using ServiceAddress = Cybernetes.Objects.Networking.V1.IPAddress;

namespace Cybernetes.ApiServer.Registry.Allocation;

/// <summary>What is done about a finding.</summary>
internal enum RepairStep
{
    /// <summary>Nothing but the event: someone has to decide.</summary>
    Tell,

    /// <summary>The record is written for the service.</summary>
    Take,

    /// <summary>The record is written for the service in place of the one that is there.</summary>
    Retake,

    /// <summary>The record goes.</summary>
    Remove,
}

/// <summary>Something that does not fit, with its event.</summary>
/// <param name="Address">The address, or the port, as text.</param>
/// <param name="Reason">Reason of the event; empty for none.</param>
internal sealed record Repair(RepairStep Step, string Address, string Reason, string Message);

/// <summary>
/// Holds services and IPAddress objects against each other, as upstream's ipallocator-repair-controller. Pure; the objects are asked for by name.
/// </summary>
/// <param name="findService">The service of a namespace and name; null for none.</param>
/// <param name="findAddress">The IPAddress object of an address; null for none.</param>
/// <param name="ranges">All ranges of services.</param>
internal sealed class AddressRepairs(
    Func<string, string, Service?> findService, Func<string, ServiceAddress?> findAddress, IReadOnlyList<IPNetwork> ranges)
{
    /// <summary>An address whose service is not there may be about to be written.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(60);

    public IEnumerable<Repair> Of(Service service) => ServiceAddresses.AddressesOf(service).Select(a => Of(service, a)).OfType<Repair>();

    /// <summary>Of an IPAddress object that the server wrote; null where it fits, or is someone else's.</summary>
    public Repair? Of(ServiceAddress address, DateTimeOffset now)
    {
        var name = address.Metadata.Name;
        if (address.Metadata.Labels.OrEmpty().GetValueOrDefault(ServiceAddresses.ManagerLabel) != ServiceAddresses.Manager)
            return null;
        if (address.Spec.ParentRef is not { Group.Length: 0, Resource: "services" } parent)
        {
            var reference = GoNamedJson.Of(address.Spec.ParentRef, "networking/v1.ParentReference");
            return new(RepairStep.Remove, name, "IPAddressNotAllocated",
                $"IPAddress {name} appears to have been modified, not referencing a Service {reference}: cleaning up");
        }
        if (findService(parent.Namespace, parent.Name) is not { } service)
        {
            return now - address.Metadata.CreationTimestamp <= s_grace ? null : new(RepairStep.Remove, name, "IPAddressNotAllocated",
                $"IPAddress: {name} for Service {parent.Namespace}/{parent.Name} appears to have leaked: cleaning up");
        }
        return ServiceAddresses.AddressesOf(service).Contains(name) ? null : new(RepairStep.Remove, name, "IPAddressWrongReference",
            $"IPAddress: {name} for Service {parent.Namespace}/{parent.Name} has a wrong reference; cleaning up");
    }

    private Repair? Of(Service service, string text)
    {
        if (!IPAddress.TryParse(text, out var ip))
            return new(RepairStep.Tell, text, "ClusterIPNotValid", $"Cluster IP {text} is not a valid IP; please recreate Service");
        var (address, family) = (ip.ToString(), ServiceAddresses.FamilyOf(text));
        if (!ranges.Any(r => r.Contains(ip)))
        {
            return new(RepairStep.Tell, address, "ClusterIPOutOfRange",
                $"Cluster IP [{family}]: {address} is not within any configured Service CIDR; please recreate service");
        }
        if (findAddress(address) is not { } there)
            return new(RepairStep.Take, address, "ClusterIPNotAllocated", $"Cluster IP [{family}]: {address} is not allocated; repairing");
        var (ns, name) = (service.Metadata.Namespace, service.Metadata.Name);
        var wrong = new Repair(RepairStep.Retake, address, "ClusterIPNotAllocated",
            $"the ClusterIP [{family}]: {address} for Service {ns}/{name} has a wrong reference; repairing");
        if (there.Spec.ParentRef is not { Group.Length: 0, Resource: "services" } parent)
            return wrong;
        if ((parent.Namespace, parent.Name) == (ns, name))
            return HasLabels(there, family) ? null : new(RepairStep.Retake, address, "", "");
        if (findService(parent.Namespace, parent.Name) is not { } other)
            return wrong;
        // Where the other does not have the address either, its IPAddress object is found wrong by itself.
        return ServiceAddresses.AddressesOf(other).Contains(address)
            ? new(RepairStep.Tell, address, "ClusterIPAlreadyAllocated",
                $"Cluster IP [{family}]:{address} was assigned to multiple services; please recreate service")
            : null;
    }

    private static bool HasLabels(ServiceAddress address, string family)
    {
        var labels = address.Metadata.Labels.OrEmpty();
        return labels.GetValueOrDefault(ServiceAddresses.FamilyLabel) == family
            && labels.GetValueOrDefault(ServiceAddresses.ManagerLabel) == ServiceAddresses.Manager;
    }
}
