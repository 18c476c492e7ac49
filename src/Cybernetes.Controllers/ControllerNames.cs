namespace Cybernetes.Controllers;

/// <summary>Which controllers a <c>--controllers</c> list selects.</summary>
internal static class ControllerNames
{
    /// <summary>The names of before 1.28, which upstream still takes.</summary>
    private static readonly Dictionary<string, string> s_aliases = new(StringComparer.Ordinal)
    {
        ["serviceaccount-token"] = "serviceaccount-token-controller",
        ["endpoint"] = "endpoints-controller",
        ["endpointslice"] = "endpointslice-controller",
        ["endpointslicemirroring"] = "endpointslice-mirroring-controller",
        ["replicationcontroller"] = "replicationcontroller-controller",
        ["podgc"] = "pod-garbage-collector-controller",
        ["resourcequota"] = "resourcequota-controller",
        ["namespace"] = "namespace-controller",
        ["serviceaccount"] = "serviceaccount-controller",
        ["garbagecollector"] = "garbage-collector-controller",
        ["daemonset"] = "daemonset-controller",
        ["job"] = "job-controller",
        ["deployment"] = "deployment-controller",
        ["replicaset"] = "replicaset-controller",
        ["horizontalpodautoscaling"] = "horizontal-pod-autoscaler-controller",
        ["disruption"] = "disruption-controller",
        ["statefulset"] = "statefulset-controller",
        ["cronjob"] = "cronjob-controller",
        ["csrsigning"] = "certificatesigningrequest-signing-controller",
        ["csrapproving"] = "certificatesigningrequest-approving-controller",
        ["csrcleaner"] = "certificatesigningrequest-cleaner-controller",
        ["ttl"] = "ttl-controller",
        ["bootstrapsigner"] = "bootstrap-signer-controller",
        ["tokencleaner"] = "token-cleaner-controller",
        ["nodeipam"] = "node-ipam-controller",
        ["nodelifecycle"] = "node-lifecycle-controller",
        ["service"] = "service-lb-controller",
        ["route"] = "node-route-controller",
        ["cloud-node-lifecycle"] = "cloud-node-lifecycle-controller",
        ["cloud-node"] = "cloud-node-controller",
        ["persistentvolume-binder"] = "persistentvolume-binder-controller",
        ["attachdetach"] = "persistentvolume-attach-detach-controller",
        ["persistentvolume-expander"] = "persistentvolume-expander-controller",
        ["clusterrole-aggregation"] = "clusterrole-aggregation-controller",
        ["pvc-protection"] = "persistentvolumeclaim-protection-controller",
        ["pv-protection"] = "persistentvolume-protection-controller",
        ["ttl-after-finished"] = "ttl-after-finished-controller",
        ["root-ca-cert-publisher"] = "root-ca-certificate-publisher-controller",
        ["ephemeral-volume"] = "ephemeral-volume-controller",
        ["storage-version-gc"] = "storageversion-garbage-collector-controller",
    };

    /// <summary>The name of today, with its minus where it has one.</summary>
    public static string Canonical(string name)
    {
        var (sign, bare) = name.StartsWith('-') ? ("-", name[1..]) : ("", name);
        return sign + s_aliases.GetValueOrDefault(bare, bare);
    }

    /// <summary>The first that is neither a star nor a controller; null when there is none.</summary>
    public static string? Unknown(IEnumerable<string> wanted, IReadOnlyCollection<string> known) =>
        wanted.Select(w => Canonical(w).TrimStart('-')).FirstOrDefault(w => w != "*" && !known.Contains(w));

    /// <summary>What the list selects, in the order of <paramref name="known"/>.</summary>
    /// <exception cref="ArgumentException">A name is not a controller's.</exception>
    public static IReadOnlyList<string> Select(IReadOnlyList<string> wanted, IReadOnlyCollection<string> known, IReadOnlySet<string> offByDefault)
    {
        if (Unknown(wanted, known) is { } unknown)
            throw new ArgumentException($"\"{unknown}\" is not in the list of known controllers: {string.Join(", ", known)}");
        var names = wanted.Select(Canonical).ToHashSet(StringComparer.Ordinal);
        var all = names.Contains("*");
        return [.. known.Where(name => !names.Contains("-" + name) && ((all && !offByDefault.Contains(name)) || names.Contains(name)))];
    }
}
