using System.Text.RegularExpressions;
using Cybernetes.ApiServer.Admission.Policies;
using Cybernetes.Expressions;
using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>
/// What validating and mutating admission policies and their bindings share, in upstream's words, their expressions included.
/// </summary>
internal static partial class PolicyChecks
{
    private static readonly string[] s_reserved =
    [
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ];

    /// <summary>How tables show the kind of parameters.</summary>
    public static string ParamKindText(ParamKind? kind) => kind is null ? "<unset>" : $"{kind.APIVersion}/{kind.Kind}";

    /// <summary>How tables show which parameters a binding takes.</summary>
    public static string ParamRefText(ParamRef? reference)
    {
        if (reference is null)
            return "<unset>";
        if (reference.Name.Length > 0)
            return reference.Namespace.Length > 0 ? $"{reference.Namespace}/{reference.Name}" : reference.Name;
        return LabelMatcher.TryFor(reference.Selector, out var matcher) is null ? matcher.ToString() : "<invalid>";
    }

    /// <summary>Parameters, what is matched, conditions: the part before the expressions.</summary>
    public static void Head(
        string? failurePolicy, ParamKind? paramKind, MatchResources? constraints, List<MatchCondition>? conditions, FieldPath spec, FieldErrorList errors)
    {
        RuleChecks.FailurePolicy(failurePolicy, true, spec, errors);
        if (paramKind is not null)
            Kind(paramKind, spec.Child("paramKind"), errors);
        var path = spec.Child("matchConstraints");
        if (constraints is null)
            errors.Required(path);
        RuleChecks.Resources(constraints, path, errors);
        if (constraints is not null && constraints.ResourceRules is not { Count: > 0 })
            errors.Required(path.Child("resourceRules"));
        RuleChecks.MatchConditions(conditions, paramKind is not null, spec.Child("matchConditions"), errors);
    }

    /// <summary>Checks a policy's variables.</summary>
    /// <returns>The environment with those that compile; the rest are of any type there, so that one mistake is told once.</returns>
    public static CelEnvironment Variables(List<Variable>? variables, CelEnvironment environment, FieldPath path, FieldErrorList errors)
    {
        if (variables is not { Count: > 0 })
            return environment;
        var types = new Dictionary<string, CelType>(StringComparer.Ordinal);
        environment = PolicyExpressions.WithVariables(environment, types);
        for (var i = 0; i < variables.Count; i++)
        {
            var (variable, at) = (variables[i], path.Index(i));
            if (string.IsNullOrWhiteSpace(variable.Name))
                errors.Required(at.Child("name"), "name is not specified");
            else if (!Identifier().IsMatch(variable.Name) || s_reserved.Contains(variable.Name))
                errors.Invalid(at.Child("name"), variable.Name, "name is not a valid CEL identifier");
            // A variable sees those before it only.
            types[variable.Name] = Expression(variable.Expression, environment, at, errors)?.Type ?? CelType.Dyn;
        }
        return environment;
    }

    /// <summary>Checks the field expression of what stands at the path; without types asked for any result will do.</summary>
    public static CelProgram? Expression(string expression, CelEnvironment environment, FieldPath path, FieldErrorList errors, params CelType[] results)
    {
        if (!string.IsNullOrWhiteSpace(expression))
            return Compile(expression, environment, path.Child("expression"), errors, results);
        errors.Required(path.Child("expression"), "expression is not specified");
        return null;
    }

    /// <summary>Compiles what stands at the path; what is wrong with it becomes an error of that field.</summary>
    public static CelProgram? Compile(string expression, CelEnvironment environment, FieldPath path, FieldErrorList errors, params CelType[] results)
    {
        var compilation = PolicyExpressions.Compile(expression, environment, results);
        if (compilation.Error is not null)
            errors.Invalid(path, expression, compilation.Error);
        return compilation.Program;
    }

    /// <summary>A binding's policy, parameters and narrower match.</summary>
    public static void Binding(string policy, ParamRef? parameters, MatchResources? resources, FieldPath spec, FieldErrorList errors)
    {
        if (policy.Length == 0)
            errors.Required(spec.Child("policyName"));
        else
            FieldChecks.Subdomain(policy, spec, "policyName", errors);
        if (parameters is not null)
            Reference(parameters, spec.Child("paramRef"), errors);
        // The path is upstream's, misspelt as it is.
        RuleChecks.Resources(resources, spec.Child("matchResouces"), errors);
    }

    private static void Kind(ParamKind kind, FieldPath path, FieldErrorList errors)
    {
        var parts = kind.APIVersion.Split('/');
        var (group, version) = parts.Length == 2 ? (parts[0], parts[1]) : ("", parts[0]);
        var at = path.Child("apiVersion");
        if (kind.APIVersion.Length == 0)
            errors.Required(at);
        else if (parts.Length > 2)
            errors.Invalid(at, kind.APIVersion, $"unexpected GroupVersion string: {kind.APIVersion}");
        else
            GroupVersion(kind.APIVersion, group, version, at, errors);
        if (kind.Kind.Length == 0)
            errors.Required(path.Child("kind"));
        else if (Names.Dns1035Label(kind.Kind.ToLowerInvariant()) is { Count: > 0 } reasons)
            errors.Invalid(path.Child("kind"), kind.Kind, "may have mixed case, but should otherwise match: " + string.Join(",", reasons));
    }

    private static void GroupVersion(string whole, string group, string version, FieldPath path, FieldErrorList errors)
    {
        if (group.Length > 0 && Names.Dns1123Subdomain(group) is { Count: > 0 } wrong)
            errors.Invalid(path, group, string.Join(",", wrong));
        if (version.Length == 0)
            errors.Invalid(path, whole, "version must be specified");
        else if (Names.Dns1035Label(version) is { Count: > 0 } reasons)
            errors.Invalid(path, version, string.Join(",", reasons));
    }

    private static void Reference(ParamRef reference, FieldPath path, FieldErrorList errors)
    {
        const string Both = "name and selector are mutually exclusive";
        if (reference.Name.Length > 0)
        {
            errors.InvalidChild(path, "name", reference.Name, Names.PathSegment(reference.Name));
            if (reference.Selector is not null)
                errors.Forbidden(path.Child("name"), Both);
        }
        if (reference.Selector is not null)
        {
            FieldChecks.Selector(reference.Selector, path.Child("selector"), errors);
            if (reference.Name.Length > 0)
                errors.Forbidden(path.Child("selector"), Both);
        }
        if (reference.Name.Length == 0 && reference.Selector is null)
            errors.Required(path, "one of name or selector must be specified");
        if (string.IsNullOrEmpty(reference.ParameterNotFoundAction))
            errors.Required(path.Child("parameterNotFoundAction"));
        else if (reference.ParameterNotFoundAction is not ("Deny" or "Allow"))
            errors.NotSupported(path.Child("parameterNotFoundAction"), reference.ParameterNotFoundAction, "Deny", "Allow");
    }

    [GeneratedRegex("^[_a-zA-Z][_a-zA-Z0-9]*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Identifier();
}
