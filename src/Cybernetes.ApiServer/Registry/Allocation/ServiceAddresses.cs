using System.Net;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry.Allocation;

/// <summary>
/// Cluster IPs and node ports of services. An address is a record of its own (an IPAddress object, as upstream keeps them) that is written and
/// deleted in the transaction of its service: nothing leaks and nothing is given twice. What others do to those records is mended by
/// <see cref="Server.ServiceRepair"/>. When the range is full, further ones are taken from ServiceCIDR objects.
/// </summary>
public sealed class ServiceAddresses(IPNetwork clusterIPs, int firstNodePort, int lastNodePort, IRandomSource random)
{
    private const int RandomTries = 32;
    private const string Headless = "None";

    internal const string FamilyLabel = "ipaddress.kubernetes.io/ip-family";
    internal const string ManagerLabel = "ipaddress.kubernetes.io/managed-by";
    internal const string Manager = "ipallocator.k8s.io";

    private readonly AddressRange _range = new(clusterIPs);
    private readonly AddressRange? _second;
    private readonly NodePorts _nodePorts = new(firstNodePort, lastNodePort, random);

    /// <summary>The range of the other address family; null where services have one family.</summary>
    public IPNetwork? Secondary
    {
        get => _second?.Network;
        init => _second = value is { } network ? new AddressRange(network) : null;
    }

    /// <summary>The address of the <c>kubernetes</c> service: the first of the range.</summary>
    public IPAddress First => _range.At(1);

    /// <summary>The address families that services may have, the one they have by default first.</summary>
    internal IReadOnlyList<string> Families => _second is { } second ? [FamilyOf(_range), FamilyOf(second)] : [FamilyOf(_range)];

    /// <summary>Whether services of this type have a cluster IP (which may be None).</summary>
    public static bool NeedsClusterIP(Service service) => service.Spec.Type != ServiceType.ExternalName;

    /// <summary>Whether services of this type have node ports.</summary>
    public static bool NeedsNodePorts(Service service) =>
        service.Spec.Type == ServiceType.NodePort
        || (service.Spec.Type == ServiceType.LoadBalancer && service.Spec.AllocateLoadBalancerNodePorts != false);

    /// <summary>
    /// For PrepareForUpdate: what was allocated and is not mentioned by the new object is kept, so that a client need not know it. Upstream's
    /// <c>patchAllocatedValues</c>.
    /// </summary>
    public static void KeepAllocated(Service obj, Service old)
    {
        if (NeedsClusterIP(old) && NeedsClusterIP(obj))
        {
            if (obj.Spec.ClusterIP.Length == 0)
                obj.Spec.ClusterIP = old.Spec.ClusterIP;
            if (obj.Spec.ClusterIPs is not { Count: > 0 } && obj.Spec.ClusterIP == old.Spec.ClusterIP)
                obj.Spec.ClusterIPs = old.Spec.ClusterIPs is null ? null : [.. old.Spec.ClusterIPs];
        }
        if (NeedsNodePorts(old) && NeedsNodePorts(obj))
            NodePorts.Keep(obj, old);
        if (NeedsHealthCheckPort(old) && NeedsHealthCheckPort(obj) && obj.Spec.HealthCheckNodePort == 0)
            obj.Spec.HealthCheckNodePort = old.Spec.HealthCheckNodePort;
    }

    /// <summary>For PlanAsync: allocates, checks and releases with the service's own write.</summary>
    /// <exception cref="RequestFailure">422: an address outside the range or taken; 500: none is free.</exception>
    public async ValueTask PlanAsync(Service? obj, Service? old, WritePlan plan, CancellationToken cancellation)
    {
        var held = old is null ? [] : AddressesOf(old);
        var errors = new FieldErrorList();
        if (obj is not null && NeedsClusterIP(obj))
            await PlanClusterIPAsync(obj, held, plan, errors, cancellation);
        foreach (var address in held.Except(obj is null ? [] : AddressesOf(obj)))
            plan.Also(new DeleteOperation(KeyOf(address)));
        await _nodePorts.PlanAsync(obj, old, plan, errors, cancellation);
        if (errors.Count > 0)
            throw Failure.Invalid("", "Service", obj!.Metadata.Name, errors);
    }

    internal static bool NeedsHealthCheckPort(Service service) =>
        service.Spec.Type == ServiceType.LoadBalancer
        && service.Spec.ExternalTrafficPolicy == ServiceExternalTrafficPolicy.Local;

    private async ValueTask PlanClusterIPAsync(
        Service obj, IReadOnlyList<string> held, WritePlan plan, FieldErrorList errors, CancellationToken cancellation)
    {
        var spec = obj.Spec;
        spec.IPFamilyPolicy ??= IPFamilyPolicy.SingleStack;
        if (spec.IPFamilies is not { Count: > 0 })
            spec.IPFamilies = [FamilyOf(_range)];
        if (spec.ClusterIP.Length == 0 && spec.ClusterIPs is { Count: > 0 })
            spec.ClusterIP = spec.ClusterIPs[0];
        if (spec.ClusterIP == Headless)
        {
            spec.ClusterIPs ??= [Headless];
            return;
        }
        spec.ClusterIPs ??= spec.ClusterIP.Length > 0 ? [spec.ClusterIP] : [];
        List<string> found = [];
        foreach (var family in spec.IPFamilies.Skip(spec.ClusterIPs.Count))
            found.Add((await FindFreeAsync(RangeOf(family), plan, cancellation)).ToString());
        foreach (var text in AddressesOf(obj))
        {
            if (held.Contains(text))
                continue;
            if (await ProblemOfAsync(text, plan, cancellation) is { } problem)
                errors.Add(FieldError.Invalid(FieldPath.Of("spec", "clusterIPs"), spec.ClusterIPs, $"failed to allocate IP {text}: {problem}"));
            else
                Take(obj, text, plan);
        }
        foreach (var address in found)
            Take(obj, address, plan);
        spec.ClusterIPs.AddRange(found);
        spec.ClusterIP = spec.ClusterIPs[0];
    }

    private AddressRange RangeOf(string family) => _second is { } second && FamilyOf(second) == family ? second : _range;

    private async ValueTask<string?> ProblemOfAsync(string text, WritePlan plan, CancellationToken cancellation)
    {
        var range = RangeOf(FamilyOf(text));
        if (!IPAddress.TryParse(text, out var address) || (!range.Allows(address) && !await IsInFurtherRangeAsync(address, plan, cancellation)))
            return $"provided IP is not in the valid range. The range of valid IPs is {range.Network}";
        return await IsTakenAsync(KeyOf(text), plan, cancellation) ? "provided IP is already allocated" : null;
    }

    private static async ValueTask<bool> IsInFurtherRangeAsync(IPAddress address, WritePlan plan, CancellationToken cancellation)
    {
        var further = (await ServiceRanges.ReadAsync(plan.Store, cancellation)).FirstOrDefault(r => r.IsReady && r.Range.Allows(address));
        if (further is not null)
            plan.Require(Compare.ModRevision(further.Key, further.ModRevision));
        return further is not null;
    }

    private void Take(Service service, string address, WritePlan plan)
    {
        plan.Require(Compare.Absent(KeyOf(address)));
        plan.Also(Record(address, plan.Context.Namespace, service.Metadata.Name, plan.Context.Identities, plan.Context.Now));
    }

    private async ValueTask<IPAddress> FindFreeAsync(AddressRange range, WritePlan plan, CancellationToken cancellation)
    {
        if (await TryFindFreeAsync(range, plan, cancellation) is { } address)
            return address;
        // Full: what else there is, if it is still there when the service is written.
        foreach (var further in await ServiceRanges.ReadAsync(plan.Store, cancellation))
        {
            if (!further.IsReady || further.Range.Family != range.Family || further.Range.Network == range.Network
                || await TryFindFreeAsync(further.Range, plan, cancellation) is not { } other)
                continue;
            plan.Require(Compare.ModRevision(further.Key, further.ModRevision));
            return other;
        }
        throw Failure.Internal("failed to allocate a serviceIP: range is full");
    }

    private async ValueTask<IPAddress?> TryFindFreeAsync(AddressRange range, WritePlan plan, CancellationToken cancellation)
    {
        var (size, lower) = (range.Size, range.Reserved);
        for (var i = 0; i < RandomTries && size > 0; i++)
        {
            var address = range.At(lower + 1 + random.Next((int)Math.Min(size - lower, int.MaxValue)));
            if (!await IsTakenAsync(KeyOf(address.ToString()), plan, cancellation))
                return address;
        }
        for (var number = size; number >= 1; number--)
        {
            var address = range.At(number);
            if (!await IsTakenAsync(KeyOf(address.ToString()), plan, cancellation))
                return address;
        }
        return null;
    }

    internal static async ValueTask<bool> IsTakenAsync(string key, WritePlan plan, CancellationToken cancellation)
    {
        var result = await plan.Store.GetAsync(key, 0, cancellation);
        return result.TryGet(out var found, out var error) ? found.Record is not null : throw StoredJson.FailureOf(error);
    }

    /// <summary>The addresses that a service holds.</summary>
    internal static IReadOnlyList<string> AddressesOf(Service service)
    {
        if (!NeedsClusterIP(service))
            return [];
        var all = service.Spec.ClusterIPs is { Count: > 0 } many ? many : [service.Spec.ClusterIP];
        return [.. all.Where(a => a.Length > 0 && a != Headless)];
    }

    internal static string KeyOf(string address) => $"/registry/ipaddresses/{address}";

    /// <summary>Writes the IPAddress object of a service's address.</summary>
    internal static PutOperation Record(string address, string ns, string service, IdentitySource identities, DateTimeOffset now)
    {
        var obj = new Objects.Networking.V1.IPAddress
        {
            APIVersion = "networking.k8s.io/v1", Kind = "IPAddress",
            Metadata =
            {
                Name = address, UID = identities.NewUuidText(), CreationTimestamp = KubernetesTime.TruncateToSecond(now),
                Labels = new() { [FamilyLabel] = FamilyOf(address), [ManagerLabel] = Manager },
            },
        };
        obj.Spec.ParentRef = new() { Resource = "services", Namespace = ns, Name = service };
        var (json, offset) = StoredJson.Encode(obj);
        return new(KeyOf(address), json, offset);
    }

    private static string FamilyOf(AddressRange range) => range.Family == System.Net.Sockets.AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";

    internal static string FamilyOf(string address) => address.Contains(':') ? "IPv6" : "IPv4";
}
