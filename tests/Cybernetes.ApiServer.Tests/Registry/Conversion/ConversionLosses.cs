using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Tests.Registry.Conversion;

/// <summary>The visible list of what conversion to the storage version and back does not keep, with the reason.</summary>
internal static class ConversionLosses
{
    private static readonly (string VersionPrefix, string Kind, string Finding, string Reason)[] s_known =
    [
        ("apps/", "StatefulSet", "invented spec.volumeClaimTemplates.apiVersion", "upstream writes the type of claim templates too"),
        ("rbac.authorization.k8s.io/v1alpha1", "*", "lost subjects.apiVersion", "only a subject's group is kept, as upstream: its version follows"),
        ("apps/", "StatefulSet", "invented spec.volumeClaimTemplates.kind", "upstream writes the type of claim templates too"),
    ];

    public static bool IsKnown(ServedVersion version, string finding) => s_known.Any(k =>
        version.APIVersion.StartsWith(k.VersionPrefix, StringComparison.Ordinal) && (k.Kind == version.Kind || k.Kind == "*")
        && (finding == k.Finding || finding.StartsWith(k.Finding + ".", StringComparison.Ordinal)));
}
