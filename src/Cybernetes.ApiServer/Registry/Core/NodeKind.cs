using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>Nodes.</summary>
internal sealed class NodeKind : KindDefinition<Node>
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public override string StoragePath => "minions";

    public override IReadOnlyList<string> ShortNames => ["no"];

    public override bool HasStatus => true;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("spec.unschedulable", "false")];

    public override IReadOnlyList<Column<Node>> Columns { get; } =
    [
        Column<Node>.Name,
        Column<Node>.Text("Status", "Whether the node is ready and takes pods.", StatusText),
        Column<Node>.Text("Roles", "Roles that the node's labels name.", Roles),
        Column<Node>.Age,
        Column<Node>.Text("Version", "Version of the node's agent.", n => n.Status.NodeInfo.KubeletVersion),
        Column<Node>.Text("Internal-IP", "Address inside the cluster.", n => Address(n, "InternalIP"), 1),
        Column<Node>.Text("External-IP", "Address outside the cluster.", n => Address(n, "ExternalIP"), 1),
        Column<Node>.Text("OS-Image", "Operating system.", n => OrUnknown(n.Status.NodeInfo.OSImage), 1),
        Column<Node>.Text("Kernel-Version", "Kernel.", n => OrUnknown(n.Status.NodeInfo.KernelVersion), 1),
        Column<Node>.Text("Container-Runtime", "Container runtime.", n => OrUnknown(n.Status.NodeInfo.ContainerRuntimeVersion), 1),
    ];

    protected override void Default(Node obj)
    {
        PodDefaults.RoundUp(obj.Status.Capacity);
        PodDefaults.RoundUp(obj.Status.Allocatable);
        if (obj.Status.Allocatable is null && obj.Status.Capacity is { } capacity)
            obj.Status.Allocatable = new(capacity, StringComparer.Ordinal);
        // podCIDR is the first of podCIDRs; an old client knows the first only.
        if (obj.Spec.PodCIDR.Length > 0 && (obj.Spec.PodCIDRs is not { Count: > 0 } ranges || ranges[0] != obj.Spec.PodCIDR))
            obj.Spec.PodCIDRs = [obj.Spec.PodCIDR];
        else if (obj.Spec.PodCIDR.Length == 0 && obj.Spec.PodCIDRs is { Count: > 0 } given)
            obj.Spec.PodCIDR = given[0];
    }

    protected override void PrepareForUpdate(Node obj, Node old, WriteContext context) => obj.Status = old.Status;

    protected override void PrepareForStatusUpdate(Node obj, Node old, WriteContext context) => obj.Spec = old.Spec;

    private static string StatusText(Node node)
    {
        var ready = node.Status.Conditions.OrEmpty().LastOrDefault(c => c.Type == "Ready");
        var text = ready is null ? "Unknown" : ready.Status == "True" ? "Ready" : "NotReady";
        return node.Spec.Unschedulable ? text + ",SchedulingDisabled" : text;
    }

    private static string Roles(Node node)
    {
        SortedSet<string> roles = new(StringComparer.Ordinal);
        foreach (var (key, value) in node.Metadata.Labels.OrEmpty())
        {
            if (key.StartsWith(RolePrefix, StringComparison.Ordinal) && key.Length > RolePrefix.Length)
                roles.Add(key[RolePrefix.Length..]);
            else if (key == "kubernetes.io/role" && value.Length > 0)
                roles.Add(value);
        }
        return roles.Count == 0 ? "<none>" : string.Join(',', roles);
    }

    private static string Address(Node node, string type) =>
        node.Status.Addresses.OrEmpty().FirstOrDefault(a => a.Type == type)?.Address ?? "<none>";

    private static string OrUnknown(string text) => text.Length == 0 ? "<unknown>" : text;
}
