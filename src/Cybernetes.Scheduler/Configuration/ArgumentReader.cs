using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Plugins.NodeResources;

namespace Cybernetes.Scheduler.Configuration;

/// <summary>Reads a profile's pluginConfig.</summary>
internal static class ArgumentReader
{
    public static PluginArguments Read(ConfigurationNode list)
    {
        var arguments = new PluginArguments();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list.Items())
        {
            var fields = item.Fields("name", "args");
            var name = fields.TryGetValue("name", out var node) ? node.Text() : throw item.Error("Required value: name");
            if (!seen.Add(name))
                throw node.Error($"Duplicate value: \"{name}\"");
            if (!PluginCatalog.Knows(name))
                throw node.Error(PluginCatalog.Unknown(name));
            if (fields.TryGetValue("args", out var args))
                arguments = Read(arguments, name, node, args);
        }
        return arguments;
    }

    private static PluginArguments Read(PluginArguments arguments, string name, ConfigurationNode node, ConfigurationNode args)
    {
        Dictionary<string, ConfigurationNode> Fields(params string[] known)
        {
            var fields = args.Fields(["apiVersion", "kind", .. known]);
            fields.GetValueOrDefault("kind")?.OneOf(name + "Args");
            fields.GetValueOrDefault("apiVersion")?.OneOf(ConfigurationReader.Versions);
            return fields;
        }
        switch (name)
        {
            case "NodeResourcesFit":
                return Fit(arguments, Fields("ignoredResources", "ignoredResourceGroups", "scoringStrategy"));
            case "NodeResourcesBalancedAllocation":
                var balanced = Fields("resources");
                return balanced.TryGetValue("resources", out var list) ? arguments with { BalancedResources = Resources(list, 1) } : arguments;
            case "NodeAffinity":
                var affinity = Fields("addedAffinity").GetValueOrDefault("addedAffinity");
                return arguments with { AddedAffinity = affinity is null ? null : AddedAffinityReader.Read(affinity) };
            case "InterPodAffinity":
                var inter = Fields("hardPodAffinityWeight", "ignorePreferredTermsOfExistingPods");
                return arguments with
                {
                    HardPodAffinityWeight = inter.GetValueOrDefault("hardPodAffinityWeight")?.Number(0, 100) ?? 1,
                    IgnorePreferredTermsOfExistingPods = inter.GetValueOrDefault("ignorePreferredTermsOfExistingPods")?.Truth() ?? false,
                };
            case "PodTopologySpread":
                return Spread(arguments, args, Fields("defaultConstraints", "defaultingType"));
            case "DefaultPreemption":
                var preemption = Fields("minCandidateNodesPercentage", "minCandidateNodesAbsolute");
                return arguments with
                {
                    MinCandidateNodesPercentage = preemption.GetValueOrDefault("minCandidateNodesPercentage")?.Number(0, 100) ?? 10,
                    MinCandidateNodesAbsolute = preemption.GetValueOrDefault("minCandidateNodesAbsolute")?.Number(0, int.MaxValue) ?? 100,
                };
            case "VolumeBinding":
                var binding = Fields("bindTimeoutSeconds", "shape");
                if (binding.TryGetValue("shape", out var capacities))
                    throw capacities.Error("Invalid value: unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring");
                return arguments with { BindTimeout = TimeSpan.FromSeconds(binding.GetValueOrDefault("bindTimeoutSeconds")?.Number(0, int.MaxValue) ?? 600) };
            case "DynamicResources":
                var devices = Fields("filterTimeout", "bindingTimeout");
                return arguments with
                {
                    DeviceFilterTimeout = devices.GetValueOrDefault("filterTimeout")?.Duration(TimeSpan.Zero) ?? arguments.DeviceFilterTimeout,
                    DeviceBindingTimeout = devices.GetValueOrDefault("bindingTimeout")?.Duration(TimeSpan.FromSeconds(1)) ?? arguments.DeviceBindingTimeout,
                };
            default:
                throw node.Error($"plugin \"{name}\" takes no arguments");
        }
    }

    private static PluginArguments Fit(PluginArguments arguments, Dictionary<string, ConfigurationNode> fields)
    {
        var ignored = new[] { "ignoredResources", "ignoredResourceGroups" }
            .SelectMany(n => fields.GetValueOrDefault(n)?.Items() ?? []).Select(i => i.Text());
        arguments = arguments with { FitIgnored = [.. ignored] };
        if (!fields.TryGetValue("scoringStrategy", out var strategy))
            return arguments;
        var inside = strategy.Fields("type", "resources", "requestedToCapacityRatio");
        var type = inside.GetValueOrDefault("type")?.OneOf("LeastAllocated", "MostAllocated", "RequestedToCapacityRatio") ?? "LeastAllocated";
        var resources = inside.TryGetValue("resources", out var list) ? Resources(list, 100) : ScoringStrategy.CpuAndMemory;
        var shape = inside.GetValueOrDefault("requestedToCapacityRatio")?.Fields("shape").GetValueOrDefault("shape");
        if (type == "RequestedToCapacityRatio" && shape is null)
            throw strategy.Error("Required value: requestedToCapacityRatio.shape");
        return arguments with { FitStrategy = new ScoringStrategy(type, resources, shape is null ? null : Shape(shape)) };
    }

    private static List<ShapePoint> Shape(ConfigurationNode node)
    {
        var points = new List<ShapePoint>();
        foreach (var item in node.Items())
        {
            var fields = item.Fields("utilization", "score");
            var point = new ShapePoint(fields.GetValueOrDefault("utilization")?.Number(0, 100) ?? 0, fields.GetValueOrDefault("score")?.Number(0, 10) ?? 0);
            if (points.Count > 0 && points[^1].Utilization >= point.Utilization)
                throw item.Error("Invalid value: utilization values must be sorted in increasing order");
            points.Add(point);
        }
        return points.Count > 0 ? points : throw node.Error("Required value: at least one point must be specified");
    }

    private static IReadOnlyList<WeightedResource> Resources(ConfigurationNode node, int most)
    {
        var resources = new List<WeightedResource>();
        foreach (var item in node.Items())
        {
            var fields = item.Fields("name", "weight");
            resources.Add(new WeightedResource(
                fields.TryGetValue("name", out var name) ? name.Text() : throw item.Error("Required value: name"),
                fields.GetValueOrDefault("weight")?.Number(1, most) ?? 1));
        }
        return resources.Count > 0 ? resources : ScoringStrategy.CpuAndMemory;
    }

    private static PluginArguments Spread(PluginArguments arguments, ConfigurationNode args, Dictionary<string, ConfigurationNode> fields)
    {
        var constraints = new List<TopologySpreadConstraint>();
        foreach (var item in fields.GetValueOrDefault("defaultConstraints")?.Items() ?? [])
        {
            var constraint = item.Object<TopologySpreadConstraint>();
            if (constraint.LabelSelector is not null)
                throw item.Error("Forbidden: constraint must not define a selector, as they deduced for each pod");
            if (constraint.MaxSkew <= 0)
                throw item.Error("Invalid value: maxSkew must be greater than zero");
            if (constraint.WhenUnsatisfiable is not ("DoNotSchedule" or "ScheduleAnyway"))
                throw item.Error($"Unsupported value: \"{constraint.WhenUnsatisfiable}\": supported values: \"DoNotSchedule\", \"ScheduleAnyway\"");
            if (constraint.TopologyKey.Length == 0)
                throw item.Error("Required value: topologyKey: can not be empty");
            if (constraints.Exists(c => c.TopologyKey == constraint.TopologyKey && c.WhenUnsatisfiable == constraint.WhenUnsatisfiable))
                throw item.Error($"Duplicate value: \"{{{constraint.TopologyKey}, {constraint.WhenUnsatisfiable}}}\"");
            constraints.Add(constraint);
        }
        var type = fields.GetValueOrDefault("defaultingType")?.OneOf("System", "List") ?? "System";
        if (type == "System" && constraints.Count > 0)
            throw args.Error("Invalid value: when .defaultingType is System, defaultConstraints must be empty");
        return arguments with { DefaultConstraints = type == "List" ? constraints : null };
    }
}
