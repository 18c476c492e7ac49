using System.Net;
using Cybernetes.ApiServer.Registry.Networking;
using Cybernetes.Objects;
using Cybernetes.Objects.Networking.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry.Allocation;

/// <summary>A range that a ServiceCIDR object names.</summary>
/// <param name="Range">The range.</param>
/// <param name="Key">The object's record.</param>
/// <param name="ModRevision">The record's revision when it was read.</param>
/// <param name="IsReady">Addresses may be given from it: it is ready and not being deleted.</param>
internal sealed record NamedRange(AddressRange Range, string Key, long ModRevision, bool IsReady);

/// <summary>The ranges that ServiceCIDR objects name, beside that of <c>--service-cluster-ip-range</c>.</summary>
internal static class ServiceRanges
{
    private static readonly ServiceCIDRKind s_kind = new();

    /// <summary>All of them, in the order of the objects' names. A text that is no CIDR, from a time of other checks, is passed over.</summary>
    public static async ValueTask<IReadOnlyList<NamedRange>> ReadAsync(IStore store, CancellationToken cancellation)
    {
        var read = await store.RangeAsync(new(RegistryServices.RangeOf(s_kind, "")), cancellation);
        return read.TryGet(out var range, out var error) ? [.. range.Records.SelectMany(Of)] : throw StoredJson.FailureOf(error);
    }

    internal static IEnumerable<NamedRange> Of(Record record)
    {
        var obj = (ServiceCIDR)s_kind.DecodeStored(record.Value);
        var isReady = obj.Metadata.DeletionTimestamp is null && obj.Status.Conditions.OrEmpty().Any(c => c.Type == "Ready" && c.Status == "True");
        foreach (var text in obj.Spec.CIDRs.OrEmpty())
        {
            if (IPNetwork.TryParse(text, out var network))
                yield return new(new(network), record.Key, record.ModRevision, isReady);
        }
    }
}
