using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>What a validating admission policy is applied to, with which parameters and consequences. Stored and validated.</summary>
internal sealed class ValidatingAdmissionPolicyBindingKind : KindDefinition<ValidatingAdmissionPolicyBinding>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<string> Categories => ["api-extensions"];

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<ValidatingAdmissionPolicyBinding>> Columns { get; } =
    [
        Column<ValidatingAdmissionPolicyBinding>.Name,
        Column<ValidatingAdmissionPolicyBinding>.Text("PolicyName", "The policy.", b => b.Spec.PolicyName),
        Column<ValidatingAdmissionPolicyBinding>.Text("ParamRef", "The parameters.", b => PolicyChecks.ParamRefText(b.Spec.ParamRef)),
        Column<ValidatingAdmissionPolicyBinding>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<ValidatingAdmissionPolicyBinding>("v1beta1")
        {
            IsOlder = true,
            DeprecationWarning =
                "admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicyBinding is deprecated in v1.31+, unavailable in v1.34+",
        },
        new RenamedVersion<ValidatingAdmissionPolicyBinding>("v1alpha1", DefaultAlpha)
        {
            DeprecationWarning =
                "admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicyBinding is deprecated in v1.29+, unavailable in v1.32+",
        },
    ];

    protected override void Default(ValidatingAdmissionPolicyBinding obj) => RuleChecks.Default(obj.Spec.MatchResources);

    protected override void PrepareForCreate(ValidatingAdmissionPolicyBinding obj, WriteContext context) => obj.Metadata.Generation = 1;

    protected override void PrepareForUpdate(ValidatingAdmissionPolicyBinding obj, ValidatingAdmissionPolicyBinding old, WriteContext context) =>
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));

    protected override void Validate(ValidatingAdmissionPolicyBinding obj, FieldErrorList errors)
    {
        PolicyChecks.Binding(obj.Spec.PolicyName, obj.Spec.ParamRef, obj.Spec.MatchResources, SpecPath, errors);
        var path = SpecPath.Child("validationActions");
        var actions = obj.Spec.ValidationActions.OrEmpty();
        for (var i = 0; i < actions.Count; i++)
        {
            if (actions[i] is not ("Deny" or "Warn" or "Audit"))
                errors.NotSupported(path.Index(i), actions[i], "Audit", "Deny", "Warn");
            if (actions.Take(i).Contains(actions[i]))
                errors.Duplicate(path.Index(i), actions[i]);
        }
        if (actions.Contains("Deny") && actions.Contains("Warn"))
        {
            errors.Invalid(path, actions, "must not contain both Deny and Warn (repeating the same validation failure information in the API response "
                + "and headers serves no purpose)");
        }
        if (actions.Count == 0)
            errors.Required(path, "at least one validation action is required");
    }

    private static void DefaultAlpha(ValidatingAdmissionPolicyBinding obj)
    {
        if (obj.Spec.ParamRef is { } reference)
            reference.ParameterNotFoundAction ??= "Deny";
    }
}
