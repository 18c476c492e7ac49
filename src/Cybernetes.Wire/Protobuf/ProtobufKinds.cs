using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>Which message a kind is.</summary>
internal static class ProtobufKinds
{
    /// <summary>The full type name of a kind, or of a list kind's items; null where the facts know neither.</summary>
    public static string? Find(string apiVersion, string kind, out bool isList)
    {
        isList = false;
        if (ApiGroupVersion.TryParse(apiVersion, out ApiGroupVersion version) is not null) return null;
        if (SchemaFacts.FindType(version.Group, version.Version, kind) is { } type) return type.FullName;
        // Options and statuses of every group are the ones of meta/v1.
        if (SchemaFacts.Groups.FirstOrDefault(group => group.Short == "meta/v1")?.Types.FirstOrDefault(
            candidate => candidate.Name == kind) is { } meta)
            return meta.FullName;
        if (!kind.EndsWith("List", StringComparison.Ordinal)) return null;
        isList = true;
        return SchemaFacts.FindType(version.Group, version.Version, kind[..^4])?.FullName;
    }
}
