using System.Net;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry.Allocation;

/// <summary>
/// Cluster IPs and node ports of services. An address is a record of its own (an IPAddress object, as upstream keeps them) that is written and
/// deleted in the transaction of its service: nothing leaks and nothing is given twice, so there is nothing to repair.
/// </summary>
public sealed class ServiceAddresses(IPNetwork clusterIPs, int firstNodePort, int lastNodePort, IRandomSource random)
{
    private const int RandomTries = 32;
    private const string Headless = "None";
    private readonly NodePorts _nodePorts = new(firstNodePort, lastNodePort, random);

    /// <summary>The address of the <c>kubernetes</c> service: the first of the range.</summary>
    public IPAddress First => AddressAt(1);

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
            spec.IPFamilies = [clusterIPs.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? "IPv4" : "IPv6"];
        if (spec.ClusterIP.Length == 0 && spec.ClusterIPs is { Count: > 0 })
            spec.ClusterIP = spec.ClusterIPs[0];
        if (spec.ClusterIP.Length == 0)
        {
            spec.ClusterIP = (await FindFreeAsync(plan, cancellation)).ToString();
            spec.ClusterIPs = [spec.ClusterIP];
            Take(obj, spec.ClusterIP, plan);
            return;
        }
        spec.ClusterIPs ??= [spec.ClusterIP];
        foreach (var text in AddressesOf(obj))
        {
            if (held.Contains(text))
                continue;
            if (await ProblemOfAsync(text, plan, cancellation) is { } problem)
                errors.Add(FieldError.Invalid(FieldPath.Of("spec", "clusterIPs"), spec.ClusterIPs, $"failed to allocate IP {text}: {problem}"));
            else
                Take(obj, text, plan);
        }
    }

    private async ValueTask<string?> ProblemOfAsync(string text, WritePlan plan, CancellationToken cancellation)
    {
        if (!IPAddress.TryParse(text, out var address) || !clusterIPs.Contains(address) || OffsetOf(address) is 0 || OffsetOf(address) > Size)
            return $"provided IP is not in the valid range. The range of valid IPs is {clusterIPs}";
        return await IsTakenAsync(KeyOf(text), plan, cancellation) ? "provided IP is already allocated" : null;
    }

    private void Take(Service service, string address, WritePlan plan)
    {
        var record = new AddressObject(address, service, plan.Context);
        plan.Require(Compare.Absent(KeyOf(address)));
        plan.Also(new PutOperation(KeyOf(address), record.Json, record.RevisionOffset));
    }

    private async ValueTask<IPAddress> FindFreeAsync(WritePlan plan, CancellationToken cancellation)
    {
        // Upstream gives dynamic addresses from the upper part first, so that fixed ones in the lower part rarely meet them.
        var reserved = Math.Min(Math.Max(16, Size / 16), 256);
        var lower = Size > reserved ? reserved : 0;
        for (var i = 0; i < RandomTries; i++)
        {
            var address = AddressAt(lower + 1 + random.Next((int)Math.Min(Size - lower, int.MaxValue)));
            if (!await IsTakenAsync(KeyOf(address.ToString()), plan, cancellation))
                return address;
        }
        for (var offset = Size; offset >= 1; offset--)
        {
            var address = AddressAt(offset);
            if (!await IsTakenAsync(KeyOf(address.ToString()), plan, cancellation))
                return address;
        }
        throw Failure.Internal("failed to allocate a serviceIP: range is full");
    }

    internal static async ValueTask<bool> IsTakenAsync(string key, WritePlan plan, CancellationToken cancellation)
    {
        var result = await plan.Store.GetAsync(key, 0, cancellation);
        return result.TryGet(out var found, out var error) ? found.Record is not null : throw StoredJson.FailureOf(error);
    }

    /// <summary>Addresses that can be given: without the network's own and, for IPv4, the last.</summary>
    private long Size
    {
        get
        {
            var bits = (clusterIPs.BaseAddress.GetAddressBytes().Length * 8) - clusterIPs.PrefixLength;
            return (1L << Math.Min(bits, 30)) - 2;
        }
    }

    private IPAddress AddressAt(long offset)
    {
        var bytes = clusterIPs.BaseAddress.GetAddressBytes();
        for (var i = bytes.Length - 1; i >= 0 && offset > 0; i--, offset >>= 8)
        {
            offset += bytes[i];
            bytes[i] = (byte)offset;
        }
        return new(bytes);
    }

    private long OffsetOf(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var start = clusterIPs.BaseAddress.GetAddressBytes();
        long offset = 0;
        for (var i = Math.Max(0, bytes.Length - 7); i < bytes.Length; i++)
            offset = (offset << 8) + (bytes[i] - start[i]);
        return offset;
    }

    private static IReadOnlyList<string> AddressesOf(Service service)
    {
        if (!NeedsClusterIP(service))
            return [];
        var all = service.Spec.ClusterIPs is { Count: > 0 } many ? many : [service.Spec.ClusterIP];
        return [.. all.Where(a => a.Length > 0 && a != Headless)];
    }

    private static string KeyOf(string address) => $"/registry/ipaddresses/{address}";

    /// <summary>The stored form of an IPAddress object.</summary>
    private readonly struct AddressObject
    {
        public AddressObject(string address, Service service, WriteContext context)
        {
            var obj = new Objects.Networking.V1.IPAddress
            {
                APIVersion = "networking.k8s.io/v1", Kind = "IPAddress",
                Metadata =
                {
                    Name = address, UID = context.Identities.NewUuidText(), CreationTimestamp = KubernetesTime.TruncateToSecond(context.Now),
                    Labels = new()
                    {
                        ["ipaddress.kubernetes.io/ip-family"] = address.Contains(':') ? "IPv6" : "IPv4",
                        ["ipaddress.kubernetes.io/managed-by"] = "ipallocator.k8s.io",
                    },
                },
            };
            obj.Spec.ParentRef = new() { Resource = "services", Namespace = context.Namespace, Name = service.Metadata.Name };
            (Json, RevisionOffset) = StoredJson.Encode(obj);
        }

        public byte[] Json { get; }

        public int RevisionOffset { get; }
    }
}
