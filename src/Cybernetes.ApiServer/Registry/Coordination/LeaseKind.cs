using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1;

namespace Cybernetes.ApiServer.Registry.Coordination;

/// <summary>Leases: who leads, and which node is alive.</summary>
internal sealed class LeaseKind : KindDefinition<Lease>
{
    public override bool AllowCreateOnUpdate => true;

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<Lease>> Columns { get; } =
    [
        Column<Lease>.Name,
        Column<Lease>.Text("Holder", "Identity of the holder.", l => l.Spec.HolderIdentity ?? ""),
        Column<Lease>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<Lease>("v1beta1")
        {
            IsOlder = true,
            DeprecationWarning = "coordination.k8s.io/v1beta1 Lease is deprecated in v1.19+, unavailable in v1.22+; use coordination.k8s.io/v1 Lease",
        },
    ];

    protected override void PrepareForCreate(Lease obj, WriteContext context) => DropDisabled(obj, null, context.Gates);

    protected override void PrepareForUpdate(Lease obj, Lease old, WriteContext context) => DropDisabled(obj, old, context.Gates);

    protected override void Validate(Lease obj, FieldErrorList errors)
    {
        var spec = FieldPath.Of("spec");
        if (obj.Spec.LeaseDurationSeconds is <= 0 and var seconds)
            errors.Invalid(spec.Child("leaseDurationSeconds"), seconds, "must be greater than 0");
        if (obj.Spec.LeaseTransitions is < 0 and var transitions)
            errors.Invalid(spec.Child("leaseTransitions"), transitions, "must be greater than or equal to 0");
        if (obj.Spec.Strategy is { } strategy)
            CheckStrategy(strategy, spec.Child("strategy"), errors);
        if (obj.Spec.PreferredHolder is { Length: > 0 } preferred && (obj.Spec.Strategy ?? "").Length == 0)
            errors.Forbidden(spec.Child("preferredHolder"), "may only be specified when `strategy` is defined");
    }

    private static void DropDisabled(Lease obj, Lease? old, FeatureGates gates)
    {
        if (gates.IsEnabled("CoordinatedLeaderElection"))
            return;
        if (old?.Spec.Strategy is null)
            obj.Spec.Strategy = null;
        if (old?.Spec.PreferredHolder is null)
            obj.Spec.PreferredHolder = null;
    }

    private static void CheckStrategy(string strategy, FieldPath path, FieldErrorList errors)
    {
        var slash = strategy.IndexOf('/');
        if (slash < 0)
        {
            if (strategy != "OldestEmulationVersion")
                errors.NotSupported(path, strategy, "OldestEmulationVersion");
            return;
        }
        errors.AddInvalid(path, strategy, Names.QualifiedName(strategy));
    }
}
