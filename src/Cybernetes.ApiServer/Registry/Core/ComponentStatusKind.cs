using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>
/// How scheduler, controllers and store are, as people ask for with <c>kubectl get cs</c>. Nothing is stored. Upstream asks the components'
/// health ports on its own machine; here the lease by which a component leads says whether it lives, wherever it runs.
/// </summary>
internal sealed class ComponentStatusKind : KindDefinition<ComponentStatus>, IComputedObjects
{
    private const string LeaseNamespace = "kube-system";

    public override string Singular => "componentstatus";

    public override IReadOnlyList<string> ShortNames => ["cs"];

    public override KindVerbs Verbs => KindVerbs.Get | KindVerbs.List;

    public override IReadOnlyList<Column<ComponentStatus>> Columns { get; } =
    [
        Column<ComponentStatus>.Name,
        Column<ComponentStatus>.Text("Status", "Healthy, Unhealthy or Unknown.", Status),
        Column<ComponentStatus>.Text("Message", "What the component said.", c => Healthy(c)?.Message ?? ""),
        Column<ComponentStatus>.Text("Error", "Why it could not be asked.", c => Healthy(c)?.Error ?? ""),
    ];

    protected override string Deprecation => "v1 ComponentStatus is deprecated in v1.19+";

    internal override IComputedObjects Computed => this;

    public async ValueTask<IReadOnlyList<IKubernetesObject>> ListAsync(RegistryServices services, CancellationToken cancellation)
    {
        var store = (await services.Store.StatusAsync(cancellation)).TryGet(out var status, out var error) ? status.Fault?.Message : error.Message;
        return
        [
            Of("controller-manager", await LeaderProblemAsync("kube-controller-manager", services, cancellation)),
            Of("etcd-0", store),
            Of("scheduler", await LeaderProblemAsync("kube-scheduler", services, cancellation)),
        ];
    }

    private static async ValueTask<string?> LeaderProblemAsync(string name, RegistryServices services, CancellationToken cancellation)
    {
        var lease = await services.FindAsync<Lease>("coordination.k8s.io", "leases", LeaseNamespace, name, cancellation);
        if (lease?.Spec is not { HolderIdentity.Length: > 0, RenewTime: { } renewed } spec)
            return $"no holder of the lease {LeaseNamespace}/{name}";
        var late = services.Time.GetUtcNow() - renewed.AddSeconds(spec.LeaseDurationSeconds ?? 0);
        return late > TimeSpan.Zero ? $"the lease {LeaseNamespace}/{name} of {spec.HolderIdentity} was not renewed in time" : null;
    }

    private static ComponentStatus Of(string name, string? problem) => new()
    {
        Metadata = { Name = name },
        Conditions = [new() { Type = "Healthy", Status = problem is null ? "True" : "False", Message = problem ?? "ok" }],
    };

    private static ComponentCondition? Healthy(ComponentStatus component) => component.Conditions.OrEmpty().LastOrDefault(c => c.Type == "Healthy");

    private static string Status(ComponentStatus component) => Healthy(component)?.Status switch
    {
        "True" => "Healthy",
        "False" => "Unhealthy",
        _ => "Unknown",
    };
}
