using Cybernetes.Expressions;
using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Admission.Policies;

/// <summary>A policy with its programs. Immutable and shared between requests.</summary>
internal sealed class CompiledPolicy
{
    private readonly List<(string Text, CelCompilation Program)> _conditions;
    private readonly List<(Validation Validation, CelCompilation Program, CelCompilation? Message)> _validations;
    private readonly List<(string Text, CelCompilation Program)> _annotations;

    public CompiledPolicy(ValidatingAdmissionPolicy policy)
    {
        Policy = policy;
        var spec = policy.Spec;
        var parameters = spec.ParamKind is not null;
        var environment = PolicyExpressions.Environment(parameters);
        var messages = PolicyExpressions.Environment(parameters, authorizer: false);
        _conditions =
        [
            .. spec.MatchConditions.OrEmpty().Select(c => (c.Expression, PolicyExpressions.Compile(c.Expression.Trim(), environment, CelType.Bool))),
        ];
        if (spec.Variables is { Count: > 0 })
        {
            var types = new Dictionary<string, CelType>(StringComparer.Ordinal);
            environment = PolicyExpressions.WithVariables(environment, types);
            foreach (var variable in spec.Variables)
            {
                var compilation = PolicyExpressions.Compile(variable.Expression, environment);
                Variables[variable.Name] = compilation;
                types[variable.Name] = compilation.Program?.Type ?? CelType.Dyn;
            }
            messages = PolicyExpressions.WithVariables(messages, types);
        }
        _validations =
        [
            .. spec.Validations.OrEmpty().Select(v => (
                v, PolicyExpressions.Compile(v.Expression, environment, CelType.Bool),
                string.IsNullOrWhiteSpace(v.MessageExpression)
                    ? (CelCompilation?)null
                    : PolicyExpressions.Compile(v.MessageExpression, messages, CelType.String))),
        ];
        _annotations =
        [
            .. spec.AuditAnnotations.OrEmpty().Select(a =>
                (a.ValueExpression, PolicyExpressions.Compile(a.ValueExpression.Trim(), environment, CelType.String, CelType.Null))),
        ];
    }

    public ValidatingAdmissionPolicy Policy { get; }

    public Dictionary<string, CelCompilation> Variables { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether what cannot be evaluated lets the request through.</summary>
    public bool IgnoresFailures => Policy.Spec.FailurePolicy == "Ignore";

    /// <summary>What the policy says against a request; nothing when it has nothing against it.</summary>
    public List<PolicyDenial> Evaluate(PolicyRequest request, CelValue parameters)
    {
        var denials = new List<PolicyDenial>();
        if (!MeetsConditions(new PolicyEvaluation(this, request, parameters, PolicyEvaluation.ConditionsBudget), denials))
            return denials;
        var evaluation = new PolicyEvaluation(this, request, parameters, PolicyEvaluation.Budget);
        foreach (var (validation, program, message) in _validations)
        {
            switch (evaluation.Run(program, validation.Expression))
            {
                case CelError error:
                    Fail(error.Message, denials);
                    break;
                case CelBool { Value: true }:
                    break;
                default:
                    denials.Add(new(validation.Reason ?? "Invalid", Message(validation, message, evaluation)));
                    break;
            }
        }
        var annotations = new PolicyEvaluation(this, request, parameters, PolicyEvaluation.Budget);
        foreach (var (text, program) in _annotations)
        {
            // There is nowhere to publish a value, but one that cannot be had counts as upstream.
            if (annotations.Run(program, text) is CelError error)
                Fail(error.Message, denials);
        }
        return denials;
    }

    private bool MeetsConditions(PolicyEvaluation evaluation, List<PolicyDenial> denials)
    {
        var errors = new List<string>();
        foreach (var (text, program) in _conditions)
        {
            switch (evaluation.Run(program, text))
            {
                case CelBool { Value: false }:
                    return false;
                case CelError error:
                    errors.Add(error.Message);
                    break;
            }
        }
        if (errors.Count == 0)
            return true;
        Fail(errors.Count == 1 ? errors[0] : $"[{string.Join(", ", errors)}]", denials);
        return false;
    }

    private void Fail(string message, List<PolicyDenial> denials)
    {
        if (!IgnoresFailures)
            denials.Add(new("", message));
    }

    private static string Message(Validation validation, CelCompilation? message, PolicyEvaluation evaluation)
    {
        const int MostMessageBytes = 5 * 1024;
        if (message is { } program && evaluation.Run(program, validation.MessageExpression) is CelString { Value: var text })
        {
            text = text.Trim();
            if (text.Length > 0 && !text.Contains('\n') && System.Text.Encoding.UTF8.GetByteCount(text) <= MostMessageBytes)
                return text;
        }
        return validation.Message.Trim() is { Length: > 0 } fixedMessage ? fixedMessage : $"failed expression: {validation.Expression.Trim()}";
    }
}

/// <summary>What a policy has against a request.</summary>
/// <param name="Reason">Reason of the answer; empty is the default one.</param>
/// <param name="Message">Message of the answer.</param>
/// <param name="IsConfiguration">Whether the policy could not be put to use at all: then the request is denied whatever the binding says.</param>
internal readonly record struct PolicyDenial(string Reason, string Message, bool IsConfiguration = false);
