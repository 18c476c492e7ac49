using Cybernetes.Client.Transport;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Extenders;
using Cybernetes.Scheduler.Plugins.Binding;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Cybernetes.Scheduler.Plugins.GangScheduling;
using Cybernetes.Scheduler.Plugins.ImageLocality;
using Cybernetes.Scheduler.Plugins.InterPodAffinity;
using Cybernetes.Scheduler.Plugins.NodeAffinity;
using Cybernetes.Scheduler.Plugins.NodeDeclaredFeatures;
using Cybernetes.Scheduler.Plugins.NodeName;
using Cybernetes.Scheduler.Plugins.NodePorts;
using Cybernetes.Scheduler.Plugins.NodeResources;
using Cybernetes.Scheduler.Plugins.NodeUnschedulable;
using Cybernetes.Scheduler.Plugins.PodTopologySpread;
using Cybernetes.Scheduler.Plugins.QueueSort;
using Cybernetes.Scheduler.Plugins.SchedulingGates;
using Cybernetes.Scheduler.Plugins.TaintToleration;
using Cybernetes.Scheduler.Plugins.Volumes;
using Cybernetes.Scheduler.Preemption;

namespace Cybernetes.Scheduler.Configuration;

/// <summary>What plugins are made from.</summary>
/// <param name="Volumes">The storage objects.</param>
/// <param name="BudgetsOf">The disruption budgets of a namespace.</param>
/// <param name="Client">The API server; null where nothing is bound, as in tests of decisions.</param>
/// <param name="Groups">The pod groups; null where pods are looked at alone.</param>
/// <param name="Devices">Devices and claims to them; null where there are none.</param>
internal sealed record PluginServices(
    IVolumeObjects Volumes, Func<string, IReadOnlyList<PodDisruptionBudget>> BudgetsOf, ApiClient? Client, IPodGroups? Groups = null,
    DeviceServices? Devices = null);

/// <summary>Makes the profiles of a configuration: the visible list of the plugins that exist.</summary>
internal static class ProfileBuilder
{
    public static IReadOnlyList<SchedulingProfile> Build(SchedulerConfiguration configuration, PluginServices services)
    {
        var extenders = configuration.Extenders.Select(e => new HttpExtender(e)).ToList();
        var ignored = configuration.Extenders.SelectMany(e => e.IgnoredByScheduler).ToList();
        return [.. configuration.Profiles.Select(p => Build(
            p with { Arguments = p.Arguments with { FitIgnored = [.. p.Arguments.FitIgnored, .. ignored] } }, configuration.Version, services, extenders))];
    }

    private static SchedulingProfile Build(
        ProfileConfiguration profile, string version, PluginServices services, IReadOnlyList<HttpExtender> extenders)
    {
        var made = new Dictionary<string, IPlugin>(StringComparer.Ordinal);
        List<(IPlugin Plugin, int Weight)> At(string point)
        {
            var plugins = new List<(IPlugin, int)>();
            foreach (var (name, weight) in PluginCatalog.PluginsAt(profile, point, version))
            {
                if (!made.TryGetValue(name, out var plugin))
                    made[name] = plugin = Make(name, profile.Arguments, services);
                plugins.Add((plugin, weight));
            }
            return plugins;
        }
        IReadOnlyList<T> Of<T>(string point) => [.. At(point).Select(p => p.Plugin).OfType<T>()];
        var scores = At("score");
        return new SchedulingProfile
        {
            SchedulerName = profile.SchedulerName,
            PreEnqueues = Of<IPreEnqueuePlugin>("preEnqueue"),
            QueueSort = Of<IQueueSortPlugin>("queueSort").FirstOrDefault() ?? PrioritySort.Instance,
            PreFilters = Of<IPreFilterPlugin>("preFilter"),
            FactsFilters = Of<INodeFactsFilter>("filter"),
            RoomFilters = Of<INodeRoomFilter>("filter"),
            ClusterFilters = Of<IClusterFilter>("filter"),
            PostFilters = Of<IPostFilterPlugin>("postFilter"),
            RoomScores = [.. scores.Where(s => s.Plugin is INodeRoomScore).Select(s => ((INodeRoomScore)s.Plugin, s.Weight))],
            ClusterScores = [.. scores.Where(s => s.Plugin is IClusterScore).Select(s => ((IClusterScore)s.Plugin, s.Weight))],
            Reserves = Of<IReservePlugin>("reserve"),
            Permits = Of<IPermitPlugin>("permit"),
            PreBinds = Of<IPreBindPlugin>("preBind"),
            Binds = [.. extenders.Where(e => e.Binds), .. Of<IBindPlugin>("bind")],
            PostBinds = Of<IPostBindPlugin>("postBind"),
            Extenders = extenders,
        };
    }

    private static IPlugin Make(string name, PluginArguments arguments, PluginServices services) => name switch
    {
        "SchedulingGates" => new SchedulingGatesPlugin(),
        "PrioritySort" => PrioritySort.Instance,
        "NodeUnschedulable" => new NodeUnschedulableFilter(),
        "NodeName" => new NodeNameFilter(),
        "TaintToleration" => new TaintTolerationPlugin(),
        "NodeAffinity" => new NodeAffinityPlugin(arguments.AddedAffinity),
        "NodePorts" => new NodePortsFilter(),
        "NodeResourcesFit" => new NodeResourcesFitFilter(
            arguments.FitStrategy, arguments.FitIgnored, services.Devices is { } known ? r => known.Inventory.ClassOfResource(r) is not null : null),
        "VolumeRestrictions" => new VolumeRestrictionsFilter(services.Volumes),
        "NodeVolumeLimits" => new NodeVolumeLimitsFilter(services.Volumes),
        "VolumeBinding" => new VolumeBindingPlugin(services.Volumes, new VolumeBindings(services.Client, services.Volumes, arguments.BindTimeout)),
        "VolumeZone" => new VolumeZoneFilter(services.Volumes),
        "PodTopologySpread" => new PodTopologySpreadPlugin(arguments.DefaultConstraints),
        "InterPodAffinity" => new InterPodAffinityPlugin(arguments.HardPodAffinityWeight, arguments.IgnorePreferredTermsOfExistingPods),
        "DynamicResources" => new DynamicResourcesPlugin(
            services.Devices ?? DeviceServices.None, arguments.DeviceFilterTimeout, arguments.DeviceBindingTimeout),
        "DefaultPreemption" => new DefaultPreemption(services.BudgetsOf, arguments.MinCandidateNodesPercentage, arguments.MinCandidateNodesAbsolute),
        "NodeResourcesBalancedAllocation" => new BalancedAllocationScore(arguments.BalancedResources),
        "ImageLocality" => new ImageLocalityScore(),
        "DefaultBinder" => new DefaultBinder(services.Client),
        "NodeDeclaredFeatures" => new NodeDeclaredFeaturesFilter(),
        "GangScheduling" => new GangSchedulingPlugin(services.Groups),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such plugin"),
    };
}
