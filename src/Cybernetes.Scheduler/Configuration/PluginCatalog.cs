namespace Cybernetes.Scheduler.Configuration;

/// <summary>The plugins that exist, in upstream's default order and with its default weights.</summary>
internal static class PluginCatalog
{
    public static IReadOnlyList<string> ExtensionPoints { get; } =
    [
        "preEnqueue", "queueSort", "preFilter", "filter", "postFilter", "preScore", "score", "reserve", "permit", "preBind", "bind", "postBind", "multiPoint",
    ];

    /// <summary>The default profile: name, weight of its score, and that weight before v1beta3.</summary>
    public static IReadOnlyList<(string Name, int Weight, int OldWeight)> Defaults { get; } =
    [
        ("SchedulingGates", 0, 0),
        ("PrioritySort", 0, 0),
        ("NodeUnschedulable", 0, 0),
        ("NodeName", 0, 0),
        ("TaintToleration", 3, 1),
        ("NodeAffinity", 2, 1),
        ("NodePorts", 0, 0),
        ("NodeResourcesFit", 1, 1),
        ("VolumeRestrictions", 0, 0),
        ("NodeVolumeLimits", 0, 0),
        ("VolumeBinding", 0, 0),
        ("VolumeZone", 0, 0),
        ("PodTopologySpread", 2, 2),
        ("InterPodAffinity", 2, 1),
        ("DynamicResources", 0, 0),
        ("DefaultPreemption", 0, 0),
        ("NodeResourcesBalancedAllocation", 1, 1),
        ("ImageLocality", 1, 1),
        ("DefaultBinder", 0, 0),
        ("NodeDeclaredFeatures", 0, 0),
        ("GangScheduling", 0, 0),
    ];

    /// <summary>Names that older configurations carry and that do nothing any more: others took their work over.</summary>
    private static readonly HashSet<string> s_former = new(StringComparer.Ordinal)
    {
        "EBSLimits", "GCEPDLimits", "AzureDiskLimits", "CinderLimits", "SelectorSpread", "NodePreferAvoidPods", "DefaultPodTopologySpread",
    };

    /// <summary>Names of v1beta1 whose work another plugin does when it is told to; what to write instead.</summary>
    private static readonly Dictionary<string, string> s_replaced = new(StringComparer.Ordinal)
    {
        ["NodeResourcesLeastAllocated"] = "NodeResourcesFit with scoringStrategy.type LeastAllocated",
        ["NodeResourcesMostAllocated"] = "NodeResourcesFit with scoringStrategy.type MostAllocated",
        ["RequestedToCapacityRatio"] = "NodeResourcesFit with scoringStrategy.type RequestedToCapacityRatio",
        ["NodeLabel"] = "NodeAffinity with addedAffinity",
        ["ServiceAffinity"] = "InterPodAffinity",
    };

    public static bool Knows(string name) => s_former.Contains(name) || Defaults.Any(d => d.Name == name);

    /// <summary>What is wrong with a name that is not known.</summary>
    public static string Unknown(string name) => s_replaced.TryGetValue(name, out var instead)
        ? $"plugin \"{name}\" does not exist any more: use {instead}" : $"plugin \"{name}\" does not exist";

    /// <summary>Who does the work of a name now: the limits of each cloud's volumes are those of their CSI drivers.</summary>
    public static string Present(string name) => name is "EBSLimits" or "GCEPDLimits" or "AzureDiskLimits" or "CinderLimits" ? "NodeVolumeLimits" : name;

    /// <summary>
    /// The plugins of one extension point in their order: those that the point names itself and that stand in the defaults or multiPoint come first,
    /// then what multiPoint gives, then the rest (upstream's expandMultiPointPlugins).
    /// </summary>
    public static IReadOnlyList<(string Name, int Weight)> PluginsAt(ProfileConfiguration profile, string point, string version)
    {
        var none = new PluginSet([], []);
        var multi = profile.Plugins.GetValueOrDefault("multiPoint", none);
        var own = profile.Plugins.GetValueOrDefault(point, none);
        var general = Merge(multi, version);
        var isAllOff = own.Disabled.Contains("*");
        var overriding = own.Enabled.Where(e => general.Exists(g => g.Name == e.Name)).ToList();
        var rest = own.Enabled.Where(e => !overriding.Contains(e));
        var kept = general.Where(g => !isAllOff && !own.Disabled.Contains(g.Name) && !own.Enabled.Any(e => e.Name == g.Name));
        return [.. overriding.Concat(kept).Concat(rest).Where(p => !s_former.Contains(p.Name)).Select(p => (p.Name, Weight(p, version)))];
    }

    private static List<(string Name, int Weight)> Merge(PluginSet multi, string version)
    {
        var merged = new List<(string Name, int Weight)>();
        if (!multi.Disabled.Contains("*"))
        {
            foreach (var (name, weight, old) in Defaults.Where(d => !multi.Disabled.Contains(d.Name)))
            {
                var replaced = multi.Enabled.FirstOrDefault(e => e.Name == name);
                merged.Add(replaced.Name is null ? (name, IsOld(version) ? old : weight) : (name, replaced.Weight));
            }
        }
        merged.AddRange(multi.Enabled.Where(e => !merged.Exists(m => m.Name == e.Name)));
        return merged;
    }

    // A plugin without a weight of its own counts once.
    private static int Weight((string Name, int Weight) plugin, string version)
    {
        if (plugin.Weight > 0)
            return plugin.Weight;
        var known = Defaults.FirstOrDefault(d => d.Name == plugin.Name);
        return Math.Max(1, IsOld(version) ? known.OldWeight : known.Weight);
    }

    private static bool IsOld(string version) => version is "v1beta1" or "v1beta2";
}
