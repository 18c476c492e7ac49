using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using EndpointPort = Cybernetes.Objects.Discovery.V1.EndpointPort;

namespace Cybernetes.Controllers.ServiceEndpoints;

/// <summary>Slices to make, to write and to delete.</summary>
internal sealed record SlicePlan(List<EndpointSlice> Create, List<EndpointSlice> Update, List<EndpointSlice> Delete)
{
    /// <summary>Pods left out because their node is not known: to be looked at again.</summary>
    public List<string> Homeless { get; } = [];

    /// <summary>Why endpoints have no hints though the service asks for shares of zones, by address family.</summary>
    public Dictionary<string, string> WithoutShares { get; } = new(StringComparer.Ordinal);

    /// <summary>Families whose endpoints were dealt out to zones.</summary>
    public HashSet<string> Shared { get; } = new(StringComparer.Ordinal);
}

/// <summary>Decides the endpoint slices of one service, changing as few existing slices as it can. Pure (KEP-752).</summary>
internal sealed class EndpointSliceReconciler
{
    public const string ServiceName = "kubernetes.io/service-name";
    public const string ManagedBy = "endpointslice.kubernetes.io/managed-by";
    public const string Controller = "endpointslice-controller.k8s.io";
    private const string Headless = "service.kubernetes.io/headless";
    private const string Zone = "topology.kubernetes.io/zone";

    private readonly Service _service;
    private readonly Func<string, Node?> _node;
    private readonly int _maximum;
    private readonly SlicePlan _plan;
    private readonly string _family;
    private readonly string? _triggerTime;
    private Func<IEnumerable<Node>>? _nodes;

    private EndpointSliceReconciler(
        Service service, Func<string, Node?> node, int maximum, string family, SlicePlan plan, string? triggerTime)
    {
        _triggerTime = triggerTime;
        _service = service;
        _node = node;
        _maximum = maximum;
        _family = family;
        _plan = plan;
    }

    /// <param name="service">With a selector.</param>
    /// <param name="pods">The pods it selects.</param>
    /// <param name="existing">The slices this controller made for it.</param>
    /// <param name="node">Looks up a node by name, for its zone.</param>
    /// <param name="maximum">Endpoints in one slice at most.</param>
    /// <param name="triggerTime">When the change began that slices are written for; null when that is not known.</param>
    /// <param name="nodes">All nodes, for services that ask for shares of zones.</param>
    public static SlicePlan Reconcile(
        Service service, IEnumerable<Pod> pods, IReadOnlyList<EndpointSlice> existing, Func<string, Node?> node, int maximum,
        string? triggerTime = null, Func<IEnumerable<Node>>? nodes = null)
    {
        var plan = new SlicePlan([], [], []);
        var families = PodEndpoints.Families(service);
        var standing = existing.Where(s => s.Metadata.DeletionTimestamp is null).ToList();
        var candidates = Candidates(service, pods, node, plan);
        foreach (var family in families)
        {
            var reconciler = new EndpointSliceReconciler(service, node, maximum, family, plan, triggerTime) { _nodes = nodes };
            reconciler.Run(candidates, standing.Where(s => s.AddressType == family));
        }
        plan.Delete.AddRange(standing.Where(s => !families.Contains(s.AddressType)));
        return plan;
    }

    /// <summary>
    /// A pod on a node that is not there (any more, or yet) would point into nowhere; it is left out unless the service wants every address.
    /// </summary>
    private static List<Pod> Candidates(Service service, IEnumerable<Pod> pods, Func<string, Node?> node, SlicePlan plan)
    {
        var candidates = new List<Pod>();
        foreach (var pod in pods.Where(p => PodEndpoints.IsCandidate(p, includeTerminating: true)))
        {
            if (pod.Spec.NodeName.Length > 0 && !service.Spec.PublishNotReadyAddresses && node(pod.Spec.NodeName) is null)
                plan.Homeless.Add(pod.Metadata.Name);
            else
                candidates.Add(pod);
        }
        return candidates;
    }

    private void Run(IReadOnlyList<Pod> pods, IEnumerable<EndpointSlice> existing)
    {
        var wanted = new Dictionary<string, (List<EndpointPort> Ports, Dictionary<string, Endpoint> Endpoints)>(StringComparer.Ordinal);
        foreach (var pod in pods.Where(p => PodEndpoints.Address(p, _family).Length > 0))
        {
            var ports = Ports(PodEndpoints.Ports(_service, pod));
            var key = KeyOf(ports);
            if (!wanted.TryGetValue(key, out var group))
                wanted[key] = group = (ports, new(StringComparer.Ordinal));
            group.Endpoints[pod.Metadata.UID] = Of(pod);
        }
        DealToZones([.. wanted.Values.Select(g => g.Endpoints.Values)]);
        var slices = existing.GroupBy(s => KeyOf(s.Ports.OrEmpty())).ToDictionary(g => g.Key, g => g.ToList());
        foreach (var (key, group) in wanted)
        {
            slices.Remove(key, out var have);
            Fill(group.Ports, group.Endpoints, have ?? []);
        }
        Retire(slices.Values.SelectMany(s => s).ToList(), wanted.Count == 0);
    }

    /// <summary>Hints by zones' shares go before those of the traffic distribution; where shares cannot be told there are none.</summary>
    private void DealToZones(IReadOnlyList<IReadOnlyCollection<Endpoint>> groups)
    {
        if (_nodes is null || !ZoneShares.IsWanted(_service))
            return;
        var (shares, problem) = ZoneShares.Of(_nodes());
        foreach (var group in groups)
        {
            if (shares is not null && shares.Deal(group) is { Length: > 0 } refused)
                problem = refused;
            if (problem.Length == 0)
                continue;
            foreach (var endpoint in group)
                endpoint.Hints = null;
        }
        if (problem.Length > 0)
            _plan.WithoutShares[_family] = problem;
        else if (groups.Count > 0)
            _plan.Shared.Add(_family);
    }

    /// <summary>Puts the wanted endpoints of one set of ports into slices: what stands stays where it stands.</summary>
    private void Fill(List<EndpointPort> ports, Dictionary<string, Endpoint> wanted, List<EndpointSlice> have)
    {
        var changed = new Dictionary<EndpointSlice, List<Endpoint>>();
        foreach (var slice in have)
        {
            var kept = new List<Endpoint>();
            foreach (var endpoint in slice.Endpoints.OrEmpty())
            {
                if (endpoint.TargetRef is { } target && wanted.Remove(target.UID, out var current))
                    kept.Add(current);
            }
            changed[slice] = kept;
        }
        var rest = new Queue<Endpoint>(wanted.Values.OrderBy(e => e.Addresses![0], StringComparer.Ordinal));
        // The fullest slice with room takes first, so that slices do not stay half empty.
        foreach (var slice in have.OrderByDescending(s => changed[s].Count))
        {
            while (rest.Count > 0 && changed[slice].Count < _maximum)
                changed[slice].Add(rest.Dequeue());
        }
        foreach (var slice in have)
            Write(slice, ports, changed[slice]);
        while (rest.Count > 0)
            _plan.Create.Add(New(ports, [.. Enumerable.Range(0, Math.Min(_maximum, rest.Count)).Select(_ => rest.Dequeue())]));
    }

    private void Write(EndpointSlice slice, List<EndpointPort> ports, List<Endpoint> endpoints)
    {
        if (endpoints.Count == 0)
        {
            _plan.Delete.Add(slice);
            return;
        }
        var copy = slice.DeepClone();
        copy.Endpoints = endpoints;
        copy.Ports = ports;
        copy.Metadata.Labels = Labels();
        if (copy.SemanticEquals(slice))
            return;
        TriggerTimes.Mark(copy.Metadata, _triggerTime);
        _plan.Update.Add(copy);
    }

    /// <summary>A service without endpoints keeps one empty slice, by which clients tell "none" from "not known".</summary>
    private void Retire(List<EndpointSlice> unused, bool nothingWanted)
    {
        if (!nothingWanted)
        {
            _plan.Delete.AddRange(unused);
            return;
        }
        if (unused.Count == 0)
        {
            _plan.Create.Add(New([], []));
            return;
        }
        var placeholder = unused[0].DeepClone();
        placeholder.Endpoints = [];
        placeholder.Ports = [];
        placeholder.Metadata.Labels = Labels();
        if (!placeholder.SemanticEquals(unused[0]))
            _plan.Update.Add(placeholder);
        _plan.Delete.AddRange(unused.Skip(1));
    }

    private EndpointSlice New(List<EndpointPort> ports, List<Endpoint> endpoints) => new()
    {
        Metadata =
        {
            GenerateName = _service.Metadata.Name + "-",
            Annotations = _triggerTime is null ? null : new() { [TriggerTimes.Annotation] = _triggerTime },
            Namespace = _service.Metadata.Namespace,
            Labels = Labels(),
            OwnerReferences = [OwnerReferences.ToController(_service)],
        },
        AddressType = _family,
        Ports = ports,
        Endpoints = endpoints,
    };

    private Dictionary<string, string> Labels()
    {
        var labels = new Dictionary<string, string>(_service.Metadata.Labels ?? [], StringComparer.Ordinal);
        labels.Remove(Headless);
        if (_service.Spec.ClusterIP == "None")
            labels[Headless] = "";
        labels[ServiceName] = _service.Metadata.Name;
        labels[ManagedBy] = Controller;
        return labels;
    }

    private Endpoint Of(Pod pod)
    {
        var ready = PodState.IsReady(pod);
        var terminating = pod.Metadata.DeletionTimestamp is not null;
        var serves = _service.Spec.PublishNotReadyAddresses || (ready && !terminating);
        var zone = _node(pod.Spec.NodeName) is { } node ? ZoneOf(node) : "";
        return new Endpoint
        {
            Addresses = [PodEndpoints.Address(pod, _family)],
            Conditions = new EndpointConditions
            {
                Ready = serves, Serving = ready, Terminating = terminating,
            },
            Hostname = PodEndpoints.Hostname(_service, pod),
            NodeName = pod.Spec.NodeName.Length > 0 ? pod.Spec.NodeName : null,
            Zone = zone.Length > 0 ? zone : null,
            Hints = serves ? Hints(zone, pod.Spec.NodeName) : null,
            TargetRef = new ObjectReference { Kind = "Pod", Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name, UID = pod.Metadata.UID },
        };
    }

    /// <summary>Where the endpoint is to be used first, by the service's traffic distribution (KEP-4444, KEP-3015).</summary>
    private EndpointHints? Hints(string zone, string node)
    {
        List<ForZone>? zones = zone.Length > 0 ? [new() { Name = zone }] : null;
        return _service.Spec.TrafficDistribution switch
        {
            "PreferClose" or "PreferSameZone" when zones is not null => new() { ForZones = zones },
            "PreferSameNode" when node.Length > 0 => new() { ForZones = zones, ForNodes = [new() { Name = node }] },
            _ => null,
        };
    }

    /// <summary>Empty where the node tells none.</summary>
    public static string ZoneOf(Node node) => node.Metadata.Labels.OrEmpty().GetValueOrDefault(Zone, "");

    private static List<EndpointPort> Ports(IReadOnlyList<ResolvedPort> ports) =>
        [.. ports.Select(p => new EndpointPort { Name = p.Name, Protocol = p.Protocol, Port = p.Number, AppProtocol = p.AppProtocol })];

    /// <summary>Equal for equal ports in any order: endpoints of one slice have the same ports.</summary>
    internal static string KeyOf(IEnumerable<EndpointPort> ports) =>
        string.Join(';', ports.Select(p => $"{p.Name}/{p.Protocol}/{p.Port}/{p.AppProtocol}").Order(StringComparer.Ordinal));
}
