using System.Net;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.CloudProviders;

/// <summary>
/// Describes new nodes by their machines (provider id, type, zone, addresses) and takes off the taint that keeps pods away until then; keeps the
/// addresses true afterwards.
/// </summary>
internal sealed class CloudNodeController : IController
{
    private const string ProvidedAddress = "alpha.kubernetes.io/provided-node-ip";

    private readonly ControllerContext _context;
    private readonly ICloudInstances _instances;
    private readonly ObjectStore<Node> _nodes;
    private readonly WorkQueue<string> _queue;
    private readonly IEventRecorder _events;

    public CloudNodeController(ControllerContext context, ICloudInstances instances)
    {
        (_context, _instances) = (context, instances);
        _queue = context.Queue<string>("Nodes");
        _events = context.Recorder("cloud-node-controller");
        var nodes = context.Informers.For<Node>();
        _nodes = nodes.Store;
        nodes.AddHandler(n => _queue.Add(n.Metadata.Name), (_, n) => Look(n));
    }

    public string Name => "cloud-node-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentNodeSyncs, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>The node as its machine says it is: a copy, or null where it stands so already. Pure.</summary>
    internal static Node? Describe(Node node, InstanceMetadata machine)
    {
        var copy = node.DeepClone();
        if (copy.Spec.ProviderID.Length == 0)
            copy.Spec.ProviderID = machine.ProviderId;
        var labels = copy.Metadata.Labels ??= new(StringComparer.Ordinal);
        void Label(string value, params string[] keys)
        {
            foreach (var key in keys)
            {
                if (value.Length > 0)
                    labels[key] = value;
            }
        }
        Label(machine.InstanceType, "node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type");
        Label(machine.Zone, "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone");
        Label(machine.Region, "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region");
        foreach (var (key, value) in machine.AdditionalLabels)
            labels.TryAdd(key, value);
        copy.Spec.Taints = CloudTaints.Without(copy, CloudTaints.Uninitialized);
        return copy.SemanticEquals(node) ? null : copy;
    }

    /// <summary>
    /// The node's addresses as its machine tells them; a host name of the node's own stays. Where the node's agent was given addresses, each of them
    /// is the only one of its type. Pure.
    /// </summary>
    /// <exception cref="ReconcileFailedException">The machine does not have an address that the agent was given.</exception>
    internal static List<NodeAddress> Addresses(Node node, InstanceMetadata machine)
    {
        var addresses = machine.Addresses.Select(a => a.DeepClone()).ToList();
        if (addresses.Count > 0 && node.Metadata.Annotations.OrEmpty().GetValueOrDefault(ProvidedAddress) is { Length: > 0 } provided)
            addresses = [.. provided.Split(',').SelectMany(ip => Preferring(ip.Trim(), addresses)).DistinctBy(a => (a.Type, a.Address))];
        var own = node.Status.Addresses.OrEmpty().FirstOrDefault(a => a.Type == "Hostname");
        if (own is not null && !addresses.Any(a => a.Type == "Hostname"))
            addresses.Add(own);
        return addresses;
    }

    private static IEnumerable<NodeAddress> Preferring(string ip, List<NodeAddress> addresses)
    {
        if (!IPAddress.TryParse(ip, out var wanted))
            throw new ReconcileFailedException($"failed to parse node IP \"{ip}\"");
        var matches = addresses.Where(a => IPAddress.TryParse(a.Address, out var one) && one.Equals(wanted)).ToList();
        if (matches.Count == 0)
            throw new ReconcileFailedException($"failed to get node address from cloud provider that matches ip: {ip}");
        return matches.Concat(addresses.Where(a => !matches.Exists(m => m.Type == a.Type)));
    }

    private void Look(Node node)
    {
        if (CloudTaints.Has(node, CloudTaints.Uninitialized))
            _queue.Add(node.Metadata.Name);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_nodes.Get("", name) is not { } node)
            return;
        _queue.AddAfter(name, _context.Options.NodeStatusUpdateFrequency);
        var isNew = CloudTaints.Has(node, CloudTaints.Uninitialized);
        // A machine may be told later than its node: the node waits, tainted, and is asked for again.
        if (!await _instances.ExistsAsync(node, cancellation).ConfigureAwait(false))
        {
            if (isNew)
                throw new ReconcileFailedException($"failed to get instance metadata for node {name}: instance not found");
            return;
        }
        var machine = await _instances.DescribeAsync(node, cancellation).ConfigureAwait(false);
        var addresses = Addresses(node, machine);
        if (addresses.Count > 0 && !ObjectEquality.ObjectList(node.Status.Addresses, addresses))
        {
            var copy = node.DeepClone();
            copy.Status.Addresses = addresses;
            node = await _context.Client.For<Node>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        }
        if (!isNew || Describe(node, machine) is not { } described)
            return;
        await _context.Client.For<Node>().UpdateAsync(described, cancellation: cancellation).ConfigureAwait(false);
        _events.Event(node, "Normal", "Synced", "Node synced successfully");
    }
}
