using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>Which message a kind is.</summary>
internal static class ProtobufKinds
{
    private const string MetaGroup = "meta.k8s.io";
    private const string ListSuffix = "List";
    private const string PartialList = "PartialObjectMetadataList";

    /// <summary>The full type name of a kind, or of a list kind's items; null where the facts know neither.</summary>
    public static string? Find(string apiVersion, string kind, out bool isList)
    {
        isList = false;
        if (ApiGroupVersion.TryParse(apiVersion, out ApiGroupVersion version) is not null) return null;
        if (kind == PartialList)
        {
            isList = true;
            return "meta/v1.PartialObjectMetadata";
        }
        // Options and statuses of every group are the ones of meta/v1.
        if ((SchemaFacts.FindType(version.Group, version.Version, kind) ?? SchemaFacts.FindType(MetaGroup, "v1", kind)) is { } type)
            return type.FullName;
        if (!kind.EndsWith(ListSuffix, StringComparison.Ordinal)) return null;
        isList = true;
        return SchemaFacts.FindType(version.Group, version.Version, kind[..^ListSuffix.Length])?.FullName;
    }
}

/// <summary>The two fields of every list message.</summary>
/// <param name="Metadata">Number of the list's own metadata.</param>
/// <param name="Items">Number of the items.</param>
public readonly record struct ProtobufList(int Metadata, int Items)
{
    /// <summary>A list kind's numbers; one old list has them the other way round.</summary>
    public static ProtobufList Of(string apiVersion, string kind) =>
        apiVersion == "meta.k8s.io/v1beta1" && kind == "PartialObjectMetadataList" ? new(2, 1) : new(1, 2);
}
