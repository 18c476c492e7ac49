using Cybernetes.ApiServer.Admission.Policies;
using Cybernetes.Expressions;
using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>What webhooks and admission policies are about: rules, selectors, match conditions. Defaults and checks, in upstream's words.</summary>
internal static class RuleChecks
{
    private const int MostMatchConditions = 64;
    private static readonly string[] s_operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

    public static void Default(MatchResources? resources)
    {
        if (resources is null)
            return;
        resources.MatchPolicy ??= "Equivalent";
        resources.NamespaceSelector ??= new();
        resources.ObjectSelector ??= new();
        foreach (var rule in resources.ResourceRules.OrEmpty().Concat(resources.ExcludeResourceRules.OrEmpty()))
            rule.Scope ??= "*";
    }

    public static void FailurePolicy(string? policy, bool isRequired, FieldPath path, FieldErrorList errors)
    {
        if (policy is null && isRequired)
            errors.Required(path.Child("failurePolicy"));
        else if (policy is not (null or "Ignore" or "Fail"))
            errors.NotSupported(path.Child("failurePolicy"), policy, "Fail", "Ignore");
    }

    public static void MatchPolicy(string? policy, bool isRequired, FieldPath path, FieldErrorList errors)
    {
        if (policy is null && isRequired)
            errors.Required(path.Child("matchPolicy"));
        else if (policy is not (null or "Exact" or "Equivalent"))
            errors.NotSupported(path.Child("matchPolicy"), policy, "Equivalent", "Exact");
    }

    public static void Resources(MatchResources? resources, FieldPath path, FieldErrorList errors)
    {
        if (resources is null)
            return;
        MatchPolicy(resources.MatchPolicy, true, path, errors);
        if (resources.NamespaceSelector is null)
            errors.Required(path.Child("namespaceSelector"));
        FieldChecks.Selector(resources.NamespaceSelector, path.Child("namespaceSelector"), errors);
        if (resources.ObjectSelector is null)
            errors.Required(path.Child("objectSelector"));
        FieldChecks.Selector(resources.ObjectSelector, path.Child("objectSelector"), errors);
        NamedRules(resources.ResourceRules, path.Child("resourceRules"), errors);
        NamedRules(resources.ExcludeResourceRules, path.Child("excludeResourceRules"), errors);
    }

    public static void WithOperations(List<string>? operations, Rule rule, FieldPath path, FieldErrorList errors)
    {
        var all = operations.OrEmpty();
        if (all.Count == 0)
            errors.Required(path.Child("operations"));
        if (all.Count > 1 && all.Contains("*"))
            errors.Invalid(path.Child("operations"), all, "if '*' is present, must not specify other operations");
        for (var i = 0; i < all.Count; i++)
        {
            if (!s_operations.Contains(all[i]))
                errors.NotSupported(path.Child("operations").Index(i), all[i], s_operations);
        }
        Wildcards(rule.APIGroups, path.Child("apiGroups"), "API groups", errors);
        Wildcards(rule.APIVersions, path.Child("apiVersions"), "API versions", errors);
        for (var i = 0; i < (rule.APIVersions?.Count ?? 0); i++)
        {
            if (rule.APIVersions![i].Length == 0)
                errors.Required(path.Child("apiVersions").Index(i));
        }
        ResourceNames(rule.Resources.OrEmpty(), path.Child("resources"), errors);
        if (rule.Scope is { } scope and not ("Cluster" or "Namespaced" or "*"))
            errors.NotSupported(path.Child("scope"), scope, "*", "Cluster", "Namespaced");
    }

    /// <param name="conditions">The conditions; may be null.</param>
    /// <param name="parameters">Whether their expressions may name <c>params</c>.</param>
    /// <param name="path">Their path.</param>
    /// <param name="errors">Gets the errors.</param>
    public static void MatchConditions(List<MatchCondition>? conditions, bool parameters, FieldPath path, FieldErrorList errors)
    {
        var all = conditions.OrEmpty();
        if (all.Count > MostMatchConditions)
            errors.TooMany(path, all.Count, MostMatchConditions);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < all.Count; i++)
        {
            var (name, at) = (all[i].Name, path.Index(i));
            if (string.IsNullOrWhiteSpace(all[i].Expression))
                errors.Required(at.Child("expression"));
            else
                PolicyChecks.Compile(all[i].Expression.Trim(), PolicyExpressions.Environment(parameters), at.Child("expression"), errors, CelType.Bool);
            if (name.Length == 0)
                errors.Required(at.Child("name"));
            else
                errors.InvalidChild(at, "name", name, Names.QualifiedName(name));
            if (name.Length > 0 && !names.Add(name))
                errors.Duplicate(at.Child("name"), name);
        }
    }

    public static Rule AsRule(RuleWithOperations rule) =>
        new() { APIGroups = rule.APIGroups, APIVersions = rule.APIVersions, Resources = rule.Resources, Scope = rule.Scope };

    private static Rule AsRule(NamedRuleWithOperations rule) =>
        new() { APIGroups = rule.APIGroups, APIVersions = rule.APIVersions, Resources = rule.Resources, Scope = rule.Scope };

    private static void NamedRules(List<NamedRuleWithOperations>? rules, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (rules?.Count ?? 0); i++)
        {
            var (rule, at) = (rules![i], path.Index(i));
            var names = rule.ResourceNames.OrEmpty();
            for (var n = 0; n < names.Count; n++)
            {
                errors.AddInvalid(at.Child("resourceNames").Index(n), names[n], Names.PathSegment(names[n]));
                if (names.Take(n).Contains(names[n]))
                    errors.Duplicate(at.Child("resourceNames").Index(n), names[n]);
            }
            WithOperations(rule.Operations, AsRule(rule), at, errors);
        }
    }

    private static void Wildcards(List<string>? values, FieldPath path, string what, FieldErrorList errors)
    {
        if (values is not { Count: > 0 })
            errors.Required(path);
        else if (values.Count > 1 && values.Contains("*"))
            errors.Invalid(path, values, $"if '*' is present, must not specify other {what}");
    }

    private static void ResourceNames(IReadOnlyList<string> resources, FieldPath path, FieldErrorList errors)
    {
        if (resources.Count == 0)
            errors.Required(path);
        var (wholeResources, wholeSubresources) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        // As upstream: the last plain name counts, not any.
        var endsPlain = false;
        for (var i = 0; i < resources.Count; i++)
        {
            var resource = resources[i];
            if (resource.Length == 0)
            {
                errors.Required(path.Index(i));
                continue;
            }
            var slash = resource.IndexOf('/');
            if (slash < 0)
            {
                endsPlain = resource != "*";
                continue;
            }
            var (name, sub) = (resource[..slash], resource[(slash + 1)..]);
            if (wholeResources.Contains(name))
                errors.Invalid(path.Index(i), resource, $"if '{name}/*' is present, must not specify {resource}");
            if (wholeSubresources.Contains(sub))
                errors.Invalid(path.Index(i), resource, $"if '*/{sub}' is present, must not specify {resource}");
            if (sub == "*")
                wholeResources.Add(name);
            if (name == "*")
                wholeSubresources.Add(sub);
        }
        if (resources.Count > 1 && resources.Contains("*/*"))
            errors.Invalid(path, resources, "if '*/*' is present, must not specify other resources");
        if (resources.Contains("*") && endsPlain)
            errors.Invalid(path, resources, "if '*' is present, must not specify other resources without subresources");
    }
}
