using Cybernetes.ApiServer.Admission.Policies;
using Cybernetes.Expressions;
using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>Mutating admission policies. Stored and validated; nothing evaluates them yet.</summary>
internal sealed class MutatingAdmissionPolicyKind : KindDefinition<MutatingAdmissionPolicy>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<string> Categories => ["api-extensions"];

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<MutatingAdmissionPolicy>> Columns { get; } =
    [
        Column<MutatingAdmissionPolicy>.Name,
        Column<MutatingAdmissionPolicy>.Number("Mutations", "How many mutations there are.", p => p.Spec.Mutations.OrEmpty().Count),
        Column<MutatingAdmissionPolicy>.Text("ParamKind", "Kind of the parameters.", p => PolicyChecks.ParamKindText(p.Spec.ParamKind)),
        Column<MutatingAdmissionPolicy>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<MutatingAdmissionPolicy>("v1beta1"),
        new RenamedVersion<MutatingAdmissionPolicy>("v1alpha1")
        {
            DeprecationWarning = "admissionregistration.k8s.io/v1alpha1 MutatingAdmissionPolicy is deprecated in v1.35+, unavailable in v1.38+",
        },
    ];

    protected override void Default(MutatingAdmissionPolicy obj)
    {
        obj.Spec.FailurePolicy ??= "Fail";
        RuleChecks.Default(obj.Spec.MatchConstraints);
    }

    protected override void PrepareForCreate(MutatingAdmissionPolicy obj, WriteContext context) => obj.Metadata.Generation = 1;

    protected override void PrepareForUpdate(MutatingAdmissionPolicy obj, MutatingAdmissionPolicy old, WriteContext context) =>
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));

    protected override void Validate(MutatingAdmissionPolicy obj, FieldErrorList errors)
    {
        var spec = obj.Spec;
        PolicyChecks.Head(spec.FailurePolicy, spec.ParamKind, spec.MatchConstraints, spec.MatchConditions, SpecPath, errors);
        var environment = PolicyExpressions.Environment(spec.ParamKind is not null, patches: true);
        environment = PolicyChecks.Variables(spec.Variables, environment, SpecPath.Child("variables"), errors);
        if (spec.Mutations is not { Count: > 0 })
            errors.Required(SpecPath.Child("mutations"), "mutations must contain at least one item");
        for (var i = 0; i < (spec.Mutations?.Count ?? 0); i++)
            One(spec.Mutations![i], environment, SpecPath.Child("mutations").Index(i), errors);
        if (spec.ReinvocationPolicy.Length == 0)
            errors.Required(SpecPath.Child("reinvocationPolicy"));
        else if (spec.ReinvocationPolicy is not ("Never" or "IfNeeded"))
            errors.NotSupported(SpecPath.Child("reinvocationPolicy"), spec.ReinvocationPolicy, "IfNeeded", "Never");
    }

    private static void One(Mutation mutation, CelEnvironment environment, FieldPath path, FieldErrorList errors)
    {
        switch (mutation.PatchType)
        {
            case "ApplyConfiguration":
                Patch(
                    mutation.ApplyConfiguration?.Expression, mutation.JSONPatch is not null, "applyConfiguration", "jsonPatch", mutation, environment,
                    path, errors);
                return;
            case "JSONPatch":
                Patch(
                    mutation.JSONPatch?.Expression, mutation.ApplyConfiguration is not null, "jsonPatch", "applyConfiguration", mutation, environment,
                    path, errors);
                return;
            case "":
                errors.Required(path.Child("patchType"));
                return;
            default:
                errors.NotSupported(path.Child("patchType"), mutation.PatchType, "ApplyConfiguration", "JSONPatch");
                return;
        }
    }

    private static void Patch(
        string? expression, bool hasOther, string field, string other, Mutation mutation, CelEnvironment environment, FieldPath path,
        FieldErrorList errors)
    {
        if (expression is null)
            errors.Required(path.Child(field), $"must be specified when patchType is {mutation.PatchType}");
        else if (string.IsNullOrWhiteSpace(expression))
            errors.Required(path.Child(field, "expression"));
        else if (field == "jsonPatch")
            PolicyChecks.Compile(expression, environment, path.Child(field, "expression"), errors, CelType.List(PolicyExpressions.PatchStep));
        else
            PolicyChecks.Compile(expression, environment, path.Child(field, "expression"), errors, PolicyExpressions.AppliedObject);
        if (hasOther)
            errors.Invalid(path.Child(other), $"{{{other}}}", $"must not be specified when patchType is {mutation.PatchType}");
    }
}
