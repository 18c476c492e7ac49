using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Allocation;

/// <summary>
/// Holds services and the records of node ports against each other, as upstream's portallocator-repair-controller. Pure but for what it remembers
/// of ports that seem to be nobody's: only one that seems so for the third time is given back.
/// </summary>
internal sealed class PortRepairs(int first, int last)
{
    private const int LooksBeforeRelease = 3;
    private Dictionary<int, int> _unused = [];

    /// <param name="services">All services.</param>
    /// <param name="taken">The ports that have a record; all of the same moment.</param>
    /// <returns>The service is null where a port is nobody's.</returns>
    public IReadOnlyList<(Service? Service, Repair Repair)> Of(IEnumerable<Service> services, IEnumerable<int> taken)
    {
        var repairs = new List<(Service?, Repair)>();
        var (records, used) = (taken.ToHashSet(), new HashSet<int>());
        foreach (var service in services)
        {
            foreach (var port in NodePorts.PortsOf(service))
            {
                if (Of(port, records, used) is { } repair)
                    repairs.Add((service, repair));
            }
        }
        var unused = new Dictionary<int, int>();
        foreach (var port in records.Where(p => !used.Contains(p)).Order())
        {
            var looks = unused[port] = _unused.GetValueOrDefault(port) + 1;
            if (looks >= LooksBeforeRelease)
                repairs.Add((null, new(RepairStep.Remove, $"{port}", "", "")));
        }
        _unused = unused;
        return repairs;
    }

    private Repair? Of(int port, HashSet<int> records, HashSet<int> used)
    {
        if (port < first || port > last)
        {
            used.Add(port);
            return new(RepairStep.Tell, $"{port}", "PortOutOfRange",
                $"Port {port} is not within the port range {first}-{last}; please recreate service");
        }
        if (!used.Add(port))
            return new(RepairStep.Tell, $"{port}", "PortAlreadyAllocated", $"Port {port} was assigned to multiple services; please recreate service");
        return records.Contains(port) ? null : new(RepairStep.Take, $"{port}", "PortNotAllocated", $"Port {port} is not allocated; repairing");
    }
}
