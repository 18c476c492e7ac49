using Cybernetes.ApiServer.Registry.Allocation;
using Cybernetes.ApiServer.Streams;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Services;

/// <summary>Services. Their addresses and ports are taken in the transaction that writes them.</summary>
internal sealed class ServiceKind(ServiceAddresses addresses, ProxyConnections? proxies = null) : KindDefinition<Service>
{
    private readonly IReadOnlyList<string> _families = addresses.Families;

    public override string StoragePath => "services/specs";

    public override IReadOnlyList<string> ShortNames => ["svc"];

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

    public override IReadOnlyList<Subresource> Subresources { get; } =
        proxies is null ? [] : [new ProxySubresource("ServiceProxyOptions", proxies, ProxyPlaces.OfServiceAsync)];

    public override bool AllowCreateOnUpdate => true;

    // Upstream answers the deletion of a service with the service.
    public override bool ReturnsDeletedObject => true;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("spec.clusterIP"), new("spec.type")];

    public override IReadOnlyList<Column<Service>> Columns => ServiceColumns.All;

    public override IReadOnlyList<string> NameProblems(string name) => Names.Dns1035Label(name);

    protected override void Default(Service obj) => ServiceDefaults.Apply(obj);

    protected override void PrepareForCreate(Service obj, WriteContext context)
    {
        obj.Status = new ServiceStatus();
        if (obj.Spec.ClusterIP.Length > 0 && obj.Spec.ClusterIPs is not { Count: > 0 })
            obj.Spec.ClusterIPs = [obj.Spec.ClusterIP];
        ServiceFamilies.Fill(obj, null, _families);
    }

    protected override void PrepareForUpdate(Service obj, Service old, WriteContext context)
    {
        obj.Status = old.Status;
        ServiceAddresses.KeepAllocated(obj, old);
        ServiceTransitions.SyncClusterIPs(obj, old);
        ServiceTransitions.DropWhatTheTypeDoesNotHave(obj, old);
        ServiceFamilies.Fill(obj, old, _families);
    }

    protected override void PrepareForStatusUpdate(Service obj, Service old, WriteContext context) => obj.Spec = old.Spec;

    protected override void Validate(Service obj, FieldErrorList errors)
    {
        ServiceValidation.Validate(obj, errors);
        ServiceFamilies.Check(obj, _families, errors);
    }

    protected override void ValidateUpdate(Service obj, Service old, FieldErrorList errors) =>
        ServiceTransitions.Validate(obj, old, errors);

    protected override void ValidateStatusUpdate(Service obj, Service old, FieldErrorList errors) =>
        ServiceStatusValidation.Validate(obj, errors);

    protected override ValueTask PlanAsync(Service? obj, Service? old, WritePlan plan, CancellationToken cancellation) =>
        addresses.PlanAsync(obj, old, plan, cancellation);
}
