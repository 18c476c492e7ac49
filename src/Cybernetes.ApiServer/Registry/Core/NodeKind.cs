using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.ApiServer.Streams;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>Nodes.</summary>
internal sealed class NodeKind(ProxyConnections? proxies = null) : KindDefinition<Node>
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public override string StoragePath => "minions";

    public override IReadOnlyList<string> ShortNames => ["no"];

    public override bool HasStatus => true;

    public override IReadOnlyList<Subresource> Subresources { get; } =
        proxies is null ? [] : [new ProxySubresource("NodeProxyOptions", proxies, ProxyPlaces.OfNodeAsync)];

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

    protected override void Validate(Node obj, FieldErrorList errors)
    {
        if (obj.Spec.Taints is { Count: > 0 } taints)
            SchedulingValidation.Taints(taints, FieldPath.Of("metadata", "taints"), errors);
        Resources(obj, errors);
    }

    protected override void ValidateCreate(Node obj, FieldErrorList errors)
    {
        if (obj.Spec.PodCIDRs is not { Count: > 0 } ranges)
            return;
        var path = FieldPath.Of("spec", "podCIDRs");
        for (var i = 0; i < ranges.Count; i++)
            IpRules.LegacyCidr(ranges[i], path.Index(i), errors);
        if (ranges.Count > 1 && (ranges.Count > 2 || ranges.Count(r => r.Contains(':')) != 1))
            errors.Invalid(path, ranges, "may specify no more than one CIDR for each IP family");
        for (var i = 0; i < ranges.Count; i++)
        {
            if (ranges.IndexOf(ranges[i]) < i)
                errors.Duplicate(path.Index(i), ranges[i]);
        }
    }

    protected override void ValidateUpdate(Node obj, Node old, FieldErrorList errors)
    {
        Addresses(obj, errors);
        if (old.Spec.PodCIDRs is { Count: > 0 } before && !before.SequenceEqual(obj.Spec.PodCIDRs.OrEmpty(), StringComparer.Ordinal))
            errors.Forbidden(FieldPath.Of("spec", "podCIDRs"), "node updates may not change podCIDR except from \"\" to valid");
        if (old.Spec.ProviderID.Length > 0 && old.Spec.ProviderID != obj.Spec.ProviderID)
            errors.Forbidden(FieldPath.Of("spec", "providerID"), "node updates may not change providerID except from \"\" to valid");
        if (obj.Spec.DoNotUseExternalID != old.Spec.DoNotUseExternalID)
            errors.Forbidden(FieldPath.Of("spec", "externalID"), "may not be updated");
    }

    protected override void ValidateStatusUpdate(Node obj, Node old, FieldErrorList errors)
    {
        Addresses(obj, errors);
        Resources(obj, errors);
    }

    private static void Resources(Node node, FieldErrorList errors)
    {
        foreach (var (name, value) in node.Status.Capacity.OrEmpty())
        {
            if (value.Sign < 0 || ResourceFacts.IsInteger(name))
                ResourceValidation.Amount(name, value, FieldPath.Of("status", "capacity").Child(name), errors);
        }
        foreach (var (name, value) in node.Status.Allocatable.OrEmpty())
        {
            if (value.Sign < 0 || ResourceFacts.IsInteger(name))
                ResourceValidation.Amount(name, value, FieldPath.Of("status", "allocatable").Child(name), errors);
        }
    }

    private static void Addresses(Node node, FieldErrorList errors)
    {
        var addresses = node.Status.Addresses.OrEmpty();
        for (var i = 1; i < addresses.Count; i++)
        {
            var twin = addresses.Take(i).Any(a => a.Type == addresses[i].Type && a.Address == addresses[i].Address);
            if (twin)
            {
                errors.Duplicate(FieldPath.Of("status", "addresses").Index(i), FieldChecks.JsonValue.Of(w =>
                {
                    w.WriteStartObject();
                    w.WriteString("Type", addresses[i].Type);
                    w.WriteString("Address", addresses[i].Address);
                    w.WriteEndObject();
                }));
            }
        }
    }

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
