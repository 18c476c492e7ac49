using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>What a mutating admission policy is applied to, and with which parameters. Stored and validated.</summary>
internal sealed class MutatingAdmissionPolicyBindingKind : KindDefinition<MutatingAdmissionPolicyBinding>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<string> Categories => ["api-extensions"];

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<MutatingAdmissionPolicyBinding>> Columns { get; } =
    [
        Column<MutatingAdmissionPolicyBinding>.Name,
        Column<MutatingAdmissionPolicyBinding>.Text("PolicyName", "The policy.", b => b.Spec.PolicyName),
        Column<MutatingAdmissionPolicyBinding>.Text("ParamRef", "The parameters.", b => PolicyChecks.ParamRefText(b.Spec.ParamRef)),
        Column<MutatingAdmissionPolicyBinding>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<MutatingAdmissionPolicyBinding>("v1beta1"),
        new RenamedVersion<MutatingAdmissionPolicyBinding>("v1alpha1", DefaultAlpha)
        {
            DeprecationWarning = "admissionregistration.k8s.io/v1alpha1 MutatingAdmissionPolicyBinding is deprecated in v1.35+, unavailable in v1.38+",
        },
    ];

    protected override void Default(MutatingAdmissionPolicyBinding obj) => RuleChecks.Default(obj.Spec.MatchResources);

    protected override void PrepareForCreate(MutatingAdmissionPolicyBinding obj, WriteContext context) => obj.Metadata.Generation = 1;

    protected override void PrepareForUpdate(MutatingAdmissionPolicyBinding obj, MutatingAdmissionPolicyBinding old, WriteContext context) =>
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));

    protected override void Validate(MutatingAdmissionPolicyBinding obj, FieldErrorList errors) =>
        PolicyChecks.Binding(obj.Spec.PolicyName, obj.Spec.ParamRef, obj.Spec.MatchResources, SpecPath, errors);

    private static void DefaultAlpha(MutatingAdmissionPolicyBinding obj)
    {
        if (obj.Spec.ParamRef is { } reference)
            reference.ParameterNotFoundAction ??= "Deny";
    }
}
