using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Discovery;

/// <summary>A group with its versions, the preferred first.</summary>
internal sealed record DiscoveryGroup(string Name, IReadOnlyList<DiscoveryVersion> Versions)
{
    /// <summary>Upstream's order of groups, in which clients look for a short name that several groups have.</summary>
    private static readonly string[] s_order =
    [
        "", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
        "certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "storage.k8s.io",
        "admissionregistration.k8s.io", "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io", "discovery.k8s.io",
        "resource.k8s.io", "flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "storagemigration.k8s.io", "metrics.k8s.io",
    ];

    public static IReadOnlyList<DiscoveryGroup> Of(KindCatalog catalog) =>
    [
        // Clients take the first that has a name: what is only there for old manifests comes after everything else.
        .. catalog.Served.GroupBy(s => s.Version.Group)
            .OrderBy(g => g.All(s => s.Version.IsOlder))
            .ThenBy(g => Array.IndexOf(s_order, g.Key) is >= 0 and var place ? place : s_order.Length).ThenBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new DiscoveryGroup(g.Key,
            [
                .. g.GroupBy(s => s.Version.Version)
                    .OrderBy(v => v.All(s => s.Version.IsOlder)).ThenByDescending(v => VersionRank(v.Key))
                    .Select(v => new DiscoveryVersion(g.Key, v.Key, [.. v.OrderBy(s => s.Kind.Plural, StringComparer.Ordinal)])),
            ])),
    ];

    /// <summary>Stable before beta before alpha, each by its numbers.</summary>
    internal static (int Stage, int Major, int Minor) VersionRank(string version)
    {
        var digits = version.AsSpan(1);
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        if (!version.StartsWith('v') || end == 0)
            return (-1, 0, 0);
        if (end < 0)
            return (2, int.Parse(digits), 0);
        var major = int.Parse(digits[..end]);
        var rest = digits[end..].ToString();
        foreach (var (name, stage) in new[] { ("beta", 1), ("alpha", 0) })
        {
            if (rest.StartsWith(name, StringComparison.Ordinal))
                return (stage, major, int.TryParse(rest[name.Length..], out var minor) ? minor : 0);
        }
        return (-1, major, 0);
    }
}

/// <summary>One version of a group with its kinds, by resource name.</summary>
internal sealed record DiscoveryVersion(string Group, string Version, IReadOnlyList<ServedKind> Kinds)
{
    public string APIVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>A kind's subresources as discovery tells them, by name.</summary>
    public static IReadOnlyList<DiscoverySubresource> SubresourcesOf(ServedKind served)
    {
        var kind = served.Kind;
        var all = new List<DiscoverySubresource>();
        const KindVerbs readWrite = KindVerbs.Get | KindVerbs.Patch | KindVerbs.Update;
        if (kind.HasStatus)
            all.Add(new("status", served.Version.Group, served.Version.Version, served.Version.Kind, readWrite));
        if (kind.HasScale)
        {
            all.Add(served.Version.Scale is { } older
                ? new("scale", older.Group, older.Version, older.Kind, readWrite)
                : new("scale", "autoscaling", "v1", "Scale", readWrite));
        }
        all.AddRange(served.Subresources.Select(s => new DiscoverySubresource(s.Name, s.Group, s.Version, s.Kind, s.Verbs)));
        return [.. all.OrderBy(s => s.Name, StringComparer.Ordinal)];
    }
}

/// <summary>A subresource and the kind that is sent or answered there.</summary>
internal sealed record DiscoverySubresource(string Name, string Group, string Version, string Kind, KindVerbs Verbs);
