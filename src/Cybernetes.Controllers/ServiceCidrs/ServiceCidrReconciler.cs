using System.Net;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Networking.V1;
using IPAddress = System.Net.IPAddress;

namespace Cybernetes.Controllers.ServiceCidrs;

/// <summary>What is to be done about a range of service addresses.</summary>
/// <param name="AddFinalizer">It gets the finalizer.</param>
/// <param name="RemoveFinalizer">It may go.</param>
/// <param name="Ready">Its condition Ready as it shall be; null where it is right.</param>
/// <param name="CheckAfter">When to look again without an event; null for never.</param>
internal sealed record ServiceCidrPlan(bool AddFinalizer, bool RemoveFinalizer, Condition? Ready, TimeSpan? CheckAfter);

/// <summary>Ranges of service addresses: ready when they are protected, gone when no address needs them. Pure.</summary>
internal static class ServiceCidrReconciler
{
    public const string Finalizer = "networking.k8s.io/service-cidr-finalizer";
    public const string Manager = "ipallocator.k8s.io";
    public const string ManagerLabel = "ipaddress.kubernetes.io/managed-by";

    /// <summary>So long after the deletion every API server knows that nothing may be given from the range any more.</summary>
    private static readonly TimeSpan s_deletionGrace = TimeSpan.FromSeconds(10);

    /// <param name="cidr">The range.</param>
    /// <param name="all">All ranges, itself included.</param>
    /// <param name="addresses">The names of the addresses that are given to services.</param>
    public static ServiceCidrPlan Reconcile(ServiceCIDR cidr, IReadOnlyCollection<ServiceCIDR> all, Func<IEnumerable<string>> addresses, DateTimeOffset now)
    {
        var isProtected = cidr.Metadata.Finalizers.OrEmpty().Contains(Finalizer);
        if (cidr.Metadata.DeletionTimestamp is not { } deleted)
            return new(!isProtected, false, Changed(cidr, "True", "", "Kubernetes Service CIDR is ready", now), null);
        if (!isProtected)
            return new(false, false, null, null);
        if (IsNeeded(cidr, all, addresses))
        {
            const string message = "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR";
            return new(false, false, Changed(cidr, "False", "Terminating", message, now), null);
        }
        var wait = deleted + s_deletionGrace - now;
        return wait > TimeSpan.Zero ? new(false, false, null, wait) : new(false, true, null, null);
    }

    /// <summary>The prefixes of a range; a text that is none is passed over.</summary>
    public static IEnumerable<IPNetwork> PrefixesOf(ServiceCIDR cidr)
    {
        foreach (var text in cidr.Spec.CIDRs.OrEmpty())
        {
            if (IPNetwork.TryParse(text, out var network))
                yield return network;
        }
    }

    /// <summary>Whether one contains the other.</summary>
    public static bool Overlap(ServiceCIDR one, ServiceCIDR other) =>
        PrefixesOf(one).Any(a => PrefixesOf(other).Any(b => Contains(a, b) || Contains(b, a)));

    private static bool IsNeeded(ServiceCIDR cidr, IReadOnlyCollection<ServiceCIDR> all, Func<IEnumerable<string>> addresses)
    {
        var others = all.Where(o => o.Metadata.Name != cidr.Metadata.Name).SelectMany(PrefixesOf).ToList();
        var own = PrefixesOf(cidr).ToList();
        // All its addresses are those of a larger range, too.
        if (own.All(p => others.Any(o => Contains(o, p))))
            return false;
        return addresses().Any(text => IPAddress.TryParse(text, out var address)
            && own.Any(p => p.Contains(address)) && !others.Any(p => p.Contains(address)));
    }

    private static bool Contains(IPNetwork outer, IPNetwork inner) =>
        outer.BaseAddress.AddressFamily == inner.BaseAddress.AddressFamily && outer.PrefixLength <= inner.PrefixLength && outer.Contains(inner.BaseAddress);

    /// <summary>Null where the condition says so already; the text of a range that is ready is whoever's made it ready.</summary>
    private static Condition? Changed(ServiceCIDR cidr, string status, string reason, string message, DateTimeOffset now)
    {
        var there = cidr.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "Ready");
        return there?.Status == status ? null : new() { Type = "Ready", Status = status, Reason = reason, Message = message, LastTransitionTime = now };
    }
}
