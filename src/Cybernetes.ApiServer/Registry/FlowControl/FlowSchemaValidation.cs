using Cybernetes.Objects;
using Cybernetes.Objects.FlowControl.V1;

namespace Cybernetes.ApiServer.Registry.FlowControl;

/// <summary>Checks of flow schemas.</summary>
internal static class FlowSchemaValidation
{
    private const int MostPrecedence = 10000;
    private static readonly FieldPath s_spec = FieldPath.Of("spec");

    private static readonly string[] s_verbs =
        ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "proxy"];

    public static void Validate(FlowSchema schema, FieldErrorList errors)
    {
        var spec = schema.Spec;
        var precedence = s_spec.Child("matchingPrecedence");
        if (spec.MatchingPrecedence <= 0)
            errors.Invalid(precedence, spec.MatchingPrecedence, "must be a positive value");
        if (spec.MatchingPrecedence > MostPrecedence)
            errors.Invalid(precedence, spec.MatchingPrecedence, $"must not be greater than {MostPrecedence}");
        if (spec.MatchingPrecedence == 1 && schema.Metadata.Name != "exempt")
            errors.Invalid(precedence, spec.MatchingPrecedence, "only the schema named 'exempt' may have matchingPrecedence 1");
        if (spec.DistinguisherMethod is { Type: not ("ByUser" or "ByNamespace") } method)
            errors.NotSupported(s_spec.Child("distinguisherMethod", "type"), method.Type, "ByNamespace", "ByUser");
        var level = s_spec.Child("priorityLevelConfiguration", "name");
        if (spec.PriorityLevelConfiguration.Name.Length == 0)
            errors.Required(level, "must reference a priority level");
        else
            errors.AddInvalid(level, spec.PriorityLevelConfiguration.Name, Names.Dns1123Subdomain(spec.PriorityLevelConfiguration.Name));
        for (var i = 0; i < (spec.Rules?.Count ?? 0); i++)
            Rule(spec.Rules![i], s_spec.Child("rules").Index(i), errors);
    }

    private static void Rule(PolicyRulesWithSubjects rule, FieldPath path, FieldErrorList errors)
    {
        if (rule.Subjects is not { Count: > 0 })
            errors.Required(path.Child("subjects"), "subjects must contain at least one value");
        for (var i = 0; i < (rule.Subjects?.Count ?? 0); i++)
            OneSubject(rule.Subjects![i], path.Child("subjects").Index(i), errors);
        if (rule.ResourceRules is not { Count: > 0 } && rule.NonResourceRules is not { Count: > 0 })
            errors.Required(path, "at least one of resourceRules and nonResourceRules has to be non-empty");
        for (var i = 0; i < (rule.ResourceRules?.Count ?? 0); i++)
            Resources(rule.ResourceRules![i], path.Child("resourceRules").Index(i), errors);
        for (var i = 0; i < (rule.NonResourceRules?.Count ?? 0); i++)
            Paths(rule.NonResourceRules![i], path.Child("nonResourceRules").Index(i), errors);
    }

    private static void OneSubject(Subject subject, FieldPath path, FieldErrorList errors)
    {
        if (subject.Kind is not ("User" or "Group" or "ServiceAccount"))
        {
            errors.NotSupported(path.Child("kind"), subject.Kind, "Group", "ServiceAccount", "User");
            return;
        }
        Belongs(subject.ServiceAccount is not null, subject.Kind, "ServiceAccount", "serviceAccount", path, errors);
        Belongs(subject.User is not null, subject.Kind, "User", "user", path, errors);
        Belongs(subject.Group is not null, subject.Kind, "Group", "group", path, errors);
        if (subject is { Kind: "User", User.Name: "" })
            errors.Required(path.Child("user", "name"));
        if (subject is { Kind: "Group", Group.Name: "" })
            errors.Required(path.Child("group", "name"));
        if (subject is { Kind: "ServiceAccount", ServiceAccount: { } account })
            Account(account, path.Child("serviceAccount"), errors);
    }

    private static void Belongs(bool isSet, string kind, string own, string field, FieldPath path, FieldErrorList errors)
    {
        if (kind == own && !isSet)
            errors.Required(path.Child(field), $"{field} is required when subject kind is '{own}'");
        if (kind != own && isSet)
            errors.Forbidden(path.Child(field), $"{field} is forbidden when subject kind is not '{own}'");
    }

    private static void Account(ServiceAccountSubject account, FieldPath path, FieldErrorList errors)
    {
        if (account.Name.Length == 0)
            errors.Required(path.Child("name"));
        else if (account.Name != "*")
            errors.InvalidChild(path, "name", account.Name, Names.Dns1123Subdomain(account.Name));
        if (account.Namespace.Length == 0)
            errors.Required(path.Child("namespace"), "must specify namespace for service account");
        else
            errors.InvalidChild(path, "namespace", account.Namespace, Names.Dns1123Label(account.Namespace));
    }

    private static void Resources(ResourcePolicyRule rule, FieldPath path, FieldErrorList errors)
    {
        Verbs(rule.Verbs.OrEmpty(), path, errors);
        Listed(rule.APIGroups.OrEmpty(), path.Child("apiGroups"), "resource rules must supply at least one api group", "api groups", errors);
        Listed(rule.Resources.OrEmpty(), path.Child("resources"), "resource rules must supply at least one resource", "resources", errors);
        var spaces = rule.Namespaces.OrEmpty();
        if (spaces.Count == 0 && !rule.ClusterScope)
            errors.Required(path.Child("namespaces"), "resource rules that are not cluster scoped must supply at least one namespace");
        else if (spaces.Count > 1 && spaces.Contains("*"))
            errors.Invalid(path.Child("namespaces"), spaces, "if '*' is present, must not specify other namespaces");
        for (var i = 0; i < spaces.Count; i++)
        {
            if (spaces[i] != "*")
                errors.AddInvalid(path.Child("namespaces").Index(i), spaces[i], Names.Dns1123Label(spaces[i]));
        }
    }

    private static void Paths(NonResourcePolicyRule rule, FieldPath path, FieldErrorList errors)
    {
        Verbs(rule.Verbs.OrEmpty(), path, errors);
        var urls = rule.NonResourceURLs.OrEmpty();
        var at = path.Child("nonResourceURLs");
        Listed(urls, at, "nonResourceURLs must contain at least one value", "non-resource URLs", errors);
        for (var i = 0; i < urls.Count; i++)
        {
            if (urls[i] != "*" && UrlProblem(urls[i]) is { } problem)
                errors.Invalid(at.Index(i), urls[i], problem);
        }
    }

    private static string? UrlProblem(string url)
    {
        if (url.Length == 0)
            return "must not be empty";
        if (url[0] != '/')
            return "must start with slash";
        if (url.Contains(' '))
            return "must not contain white-space";
        if (url.Contains("//", StringComparison.Ordinal))
            return "must not contain double slash";
        var star = url.IndexOf('*');
        return star >= 0 && (star != url.Length - 1 || url[^2] != '/') ? "wildcard can only do suffix matching" : null;
    }

    private static void Verbs(IReadOnlyList<string> verbs, FieldPath path, FieldErrorList errors)
    {
        Listed(verbs, path.Child("verbs"), "verbs must contain at least one value", "verbs", errors);
        if (!verbs.Contains("*") && verbs.Any(v => !s_verbs.Contains(v)))
            errors.NotSupported(path.Child("verbs"), verbs, [.. s_verbs.Order(StringComparer.Ordinal)]);
    }

    private static void Listed(IReadOnlyList<string> values, FieldPath path, string none, string what, FieldErrorList errors)
    {
        if (values.Count == 0)
            errors.Required(path, none);
        else if (values.Count > 1 && values.Contains("*"))
            errors.Invalid(path, values, $"if '*' is present, must not specify other {what}");
    }
}
