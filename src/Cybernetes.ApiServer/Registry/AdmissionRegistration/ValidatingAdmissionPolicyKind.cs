using Cybernetes.ApiServer.Admission.Policies;
using Cybernetes.Expressions;
using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>Validating admission policies. Evaluated by the admission plugin of their name.</summary>
internal sealed class ValidatingAdmissionPolicyKind : KindDefinition<ValidatingAdmissionPolicy>
{
    private const int MostAuditAnnotations = 20;
    private const int MostExpressionBytes = 5 * 1024;
    private const string Nothing = "validations or auditAnnotations must contain at least one item";
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public override IReadOnlyList<string> Categories => ["api-extensions"];

    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["metadata", "spec"];

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<ValidatingAdmissionPolicy>> Columns { get; } =
    [
        Column<ValidatingAdmissionPolicy>.Name,
        Column<ValidatingAdmissionPolicy>.Number("Validations", "How many validations there are.", p => p.Spec.Validations.OrEmpty().Count),
        Column<ValidatingAdmissionPolicy>.Text("ParamKind", "Kind of the parameters.", p => PolicyChecks.ParamKindText(p.Spec.ParamKind)),
        Column<ValidatingAdmissionPolicy>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<ValidatingAdmissionPolicy>("v1beta1")
        {
            IsOlder = true,
            DeprecationWarning = "admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy is deprecated in v1.31+, unavailable in v1.34+",
        },
        new RenamedVersion<ValidatingAdmissionPolicy>("v1alpha1")
        {
            DeprecationWarning = "admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicy is deprecated in v1.29+, unavailable in v1.32+",
        },
    ];

    protected override void Default(ValidatingAdmissionPolicy obj)
    {
        obj.Spec.FailurePolicy ??= "Fail";
        RuleChecks.Default(obj.Spec.MatchConstraints);
    }

    protected override void PrepareForCreate(ValidatingAdmissionPolicy obj, WriteContext context)
    {
        obj.Status = new();
        obj.Metadata.Generation = 1;
    }

    protected override void PrepareForUpdate(ValidatingAdmissionPolicy obj, ValidatingAdmissionPolicy old, WriteContext context)
    {
        obj.Status = old.Status;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void PrepareForStatusUpdate(ValidatingAdmissionPolicy obj, ValidatingAdmissionPolicy old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
    }

    protected override void Validate(ValidatingAdmissionPolicy obj, FieldErrorList errors)
    {
        var spec = obj.Spec;
        PolicyChecks.Head(spec.FailurePolicy, spec.ParamKind, spec.MatchConstraints, spec.MatchConditions, SpecPath, errors);
        var environment = PolicyExpressions.Environment(spec.ParamKind is not null);
        environment = PolicyChecks.Variables(spec.Variables, environment, SpecPath.Child("variables"), errors);
        var messages = PolicyExpressions.Environment(spec.ParamKind is not null, authorizer: false);
        if (environment.Variables.TryGetValue("variables", out var variables))
            messages = messages.With("variables", variables);
        if (spec is { Validations: not { Count: > 0 }, AuditAnnotations: not { Count: > 0 } })
        {
            errors.Required(SpecPath.Child("validations"), Nothing);
            errors.Required(SpecPath.Child("auditAnnotations"), Nothing);
            return;
        }
        for (var i = 0; i < (spec.Validations?.Count ?? 0); i++)
            One(spec.Validations![i], environment, messages, SpecPath.Child("validations").Index(i), errors);
        AuditAnnotations(obj.Metadata.Name, spec.AuditAnnotations.OrEmpty(), environment, SpecPath.Child("auditAnnotations"), errors);
    }

    protected override void ValidateStatusUpdate(ValidatingAdmissionPolicy obj, ValidatingAdmissionPolicy old, FieldErrorList errors)
    {
        var warnings = obj.Status.TypeChecking?.ExpressionWarnings;
        for (var i = 0; i < (warnings?.Count ?? 0); i++)
        {
            var path = StatusPath.Child("typeChecking", "expressionWarnings").Index(i);
            if (warnings![i].Warning.Length == 0)
                errors.Required(path.Child("warning"));
            if (string.IsNullOrWhiteSpace(warnings[i].FieldRef))
                errors.Required(path.Child("fieldRef"));
        }
        ConditionChecks.Conditions(obj.Status.Conditions, StatusPath.Child("conditions"), errors);
    }

    private static void One(Validation validation, CelEnvironment environment, CelEnvironment messages, FieldPath path, FieldErrorList errors)
    {
        PolicyChecks.Expression(validation.Expression, environment, path, errors, CelType.Bool);
        if (validation.MessageExpression.Length > 0 && string.IsNullOrWhiteSpace(validation.MessageExpression))
            errors.Invalid(path.Child("messageExpression"), validation.MessageExpression, "must be non-empty if specified");
        else if (validation.MessageExpression.Length > 0)
            PolicyChecks.Compile(validation.MessageExpression, messages, path.Child("messageExpression"), errors, CelType.String);
        var message = validation.Message.Trim();
        if (validation.Message.Length > 0 && message.Length == 0)
            errors.Invalid(path.Child("message"), validation.Message, "message must be non-empty if specified");
        else if (message.AsSpan().ContainsAny('\n', '\r'))
            errors.Invalid(path.Child("message"), validation.Message, "message must not contain line breaks");
        if (validation.Reason is { } reason and not ("Forbidden" or "Invalid" or "RequestEntityTooLarge" or "Unauthorized"))
            errors.NotSupported(path.Child("reason"), reason, "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized");
    }

    private static void AuditAnnotations(
        string policy, IReadOnlyList<AuditAnnotation> annotations, CelEnvironment environment, FieldPath path, FieldErrorList errors)
    {
        if (annotations.Count > MostAuditAnnotations)
            errors.Invalid(path, annotations.Count, $"must not have more than {MostAuditAnnotations} auditAnnotations");
        for (var i = 0; i < annotations.Count; i++)
        {
            var (annotation, at) = (annotations[i], path.Index(i));
            var key = $"{policy}/{annotation.Key}";
            if (policy.Length == 0)
                errors.Invalid(at.Child("key"), annotation.Key, "requires metadata.name be non-empty");
            else
                errors.InvalidChild(at, "key", key, Names.QualifiedName(key));
            var expression = annotation.ValueExpression.Trim();
            if (expression.Length == 0)
                errors.Required(at.Child("valueExpression"), "valueExpression is not specified");
            else if (System.Text.Encoding.UTF8.GetByteCount(expression) > MostExpressionBytes)
                errors.Required(at.Child("valueExpression"), $"must not exceed {MostExpressionBytes} bytes in length");
            else
                PolicyChecks.Compile(expression, environment, at.Child("valueExpression"), errors, CelType.String, CelType.Null);
            if (annotations.Take(i).Any(a => a.Key == annotation.Key))
                errors.Duplicate(at.Child("key"), annotation.Key);
        }
    }
}
