using System.Buffers;
using System.Text;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Cycle;

/// <summary>What the plugins need of the pod to place, taken out of it once.</summary>
/// <param name="pod">Not changed.</param>
/// <param name="demand">In the columns' units.</param>
/// <param name="spreadSelector">What the pod's services and owner select, for the default spreading; null where nothing selects it.</param>
internal sealed class PodFacts(Pod pod, PodDemand demand, LabelMatcher? spreadSelector)
{
    private string? _rowKey;

    public Pod Pod { get; } = pod;

    public PodDemand Demand { get; } = demand;

    public LabelMatcher? SpreadSelector { get; } = spreadSelector;

    /// <summary>The facts of a pod over columns.</summary>
    /// <param name="pod">Not changed.</param>
    /// <param name="columns">Give resources their numbers.</param>
    /// <param name="spreadSelector">What its owner selects.</param>
    /// <param name="devices">Know which resources devices stand for; null where there are none.</param>
    public static PodFacts Of(Pod pod, ClusterColumns columns, LabelMatcher? spreadSelector, DeviceInventory? devices)
    {
        var demand = PodDemand.Of(pod.Spec, columns.Resources);
        return new PodFacts(pod, demand, spreadSelector) { DeviceBacked = devices is null ? [] : BackedBy(devices, demand, columns.Resources) };
    }

    /// <summary>The numbers of the extended resources that device classes stand for; nodes need not have them themselves.</summary>
    public IReadOnlyList<int> DeviceBacked { get; init; } = [];

    public PodSpec Spec => Pod.Spec;

    public string Namespace => Pod.Metadata.Namespace;

    public int Priority => Pod.Spec.Priority ?? 0;

    public IReadOnlyList<Toleration> Tolerations { get; } = pod.Spec.Tolerations.OrEmpty();

    public Objects.Core.V1.NodeAffinity? NodeAffinity => Pod.Spec.Affinity?.NodeAffinity;

    /// <summary>What the pod asks of other pods.</summary>
    public AffinityTerms Terms { get; } = AffinityTerms.Of(pod);

    /// <summary>Codes of lacking resources that were met before, by the mask of the demands that lack.</summary>
    public Dictionary<(uint Lacking, bool IsResolvable), ushort> FitCodes { get; } = [];

    /// <summary>Equal for pods to which every single node means the same: what one of them learnt of the nodes holds for the other.</summary>
    public string RowKey => _rowKey ??= MakeRowKey();

    /// <summary>The pod on a node, as the columns take it.</summary>
    public PlacedPod PlacedOn(string nodeName) => new(Pod, nodeName, Demand, Terms);

    private static IReadOnlyList<int> BackedBy(DeviceInventory devices, PodDemand demand, ResourceNames names)
    {
        List<int>? backed = null;
        foreach (var (resource, _) in demand.Requests)
        {
            if (devices.ClassOfResource(names[resource]) is not null)
                (backed ??= []).Add(resource);
        }
        return backed is null ? [] : backed;
    }

    private string MakeRowKey()
    {
        var key = new StringBuilder(96);
        key.Append(Demand.ScoredMilliCpu).Append('/').Append(Demand.ScoredMemoryBytes);
        foreach (var (resource, amount) in Demand.Requests)
            key.Append(';').Append(resource).Append('=').Append(amount);
        foreach (var port in Demand.HostPorts)
            key.Append("|p").Append(port.Protocol).Append(port.Address).Append(':').Append(port.Port);
        if (Spec.NodeName.Length > 0)
            key.Append("|n").Append(Spec.NodeName);
        foreach (var (label, value) in Spec.NodeSelector.OrEmpty().OrderBy(l => l.Key, StringComparer.Ordinal))
            key.Append("|s").Append(label).Append('=').Append(value);
        if (NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is { } required)
            Append(key.Append("|a"), required);
        foreach (var toleration in Tolerations)
            key.Append("|t").Append(toleration.Key).Append(',').Append(toleration.Operator).Append(',').Append(toleration.Value).Append(',')
                .Append(toleration.Effect);
        foreach (var resource in DeviceBacked)
            key.Append("|d").Append(resource);
        return key.ToString();
    }

    private static void Append(StringBuilder key, IJsonWritable value)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
            value.WriteJson(writer);
        key.Append(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
