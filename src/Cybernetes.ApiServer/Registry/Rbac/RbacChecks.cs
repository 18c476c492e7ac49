using Cybernetes.Objects;
using Cybernetes.Objects.Rbac.V1;

namespace Cybernetes.ApiServer.Registry.Rbac;

/// <summary>Rules, references and subjects: what roles and bindings of namespaces and of the cluster share.</summary>
internal static class RbacChecks
{
    public const string Group = "rbac.authorization.k8s.io";

    /// <summary>Upstream's form of the Warning of an older version.</summary>
    public static string Older(string version, string kind) =>
        $"{Group}/{version} {kind} is deprecated in v1.17+, unavailable in v1.22+; use {Group}/v1 {kind}";

    public static void Rules(IReadOnlyList<PolicyRule> rules, bool namespaced, FieldErrorList errors)
    {
        for (var i = 0; i < rules.Count; i++)
            Rule(rules[i], namespaced, FieldPath.Of("rules").Index(i), errors);
    }

    public static void Reference(RoleRef reference, FieldErrorList errors, params string[] kinds)
    {
        var path = FieldPath.Of("roleRef");
        if (reference.APIGroup != Group)
            errors.NotSupported(path.Child("apiGroup"), reference.APIGroup, Group);
        if (!kinds.Contains(reference.Kind))
            errors.NotSupported(path.Child("kind"), reference.Kind, kinds);
        if (reference.Name.Length == 0)
            errors.Required(path.Child("name"));
        else
            errors.InvalidChild(path, "name", reference.Name, Names.PathSegment(reference.Name));
    }

    public static void ReferenceStays(RoleRef reference, RoleRef old, FieldErrorList errors)
    {
        if (!reference.SemanticEquals(old))
            errors.Invalid(FieldPath.Of("roleRef"), GoNamedJson.Of(reference, "rbac/v1.RoleRef"), "cannot change roleRef");
    }

    public static void Subjects(IReadOnlyList<Subject> subjects, bool namespaced, FieldErrorList errors)
    {
        for (var i = 0; i < subjects.Count; i++)
            OneSubject(subjects[i], namespaced, FieldPath.Of("subjects").Index(i), errors);
    }

    /// <summary>Groups that nobody had to write.</summary>
    public static void Default(RoleRef reference, List<Subject>? subjects)
    {
        if (reference.APIGroup.Length == 0)
            reference.APIGroup = Group;
        foreach (var subject in subjects.OrEmpty())
        {
            if (subject is { APIGroup.Length: 0, Kind: "User" or "Group" })
                subject.APIGroup = Group;
        }
    }

    private static void Rule(PolicyRule rule, bool namespaced, FieldPath path, FieldErrorList errors)
    {
        if (rule.Verbs is not { Count: > 0 })
            errors.Required(path.Child("verbs"), "verbs must contain at least one value");
        if (rule.NonResourceURLs is { Count: > 0 } urls)
        {
            if (namespaced)
                errors.Invalid(path.Child("nonResourceURLs"), urls, "namespaced rules cannot apply to non-resource URLs");
            if (rule.APIGroups is { Count: > 0 } || rule.Resources is { Count: > 0 } || rule.ResourceNames is { Count: > 0 })
                errors.Invalid(path.Child("nonResourceURLs"), urls, "rules cannot apply to both regular resources and non-resource URLs");
            return;
        }
        if (rule.APIGroups is not { Count: > 0 })
            errors.Required(path.Child("apiGroups"), "resource rules must supply at least one api group");
        if (rule.Resources is not { Count: > 0 })
            errors.Required(path.Child("resources"), "resource rules must supply at least one resource");
    }

    private static void OneSubject(Subject subject, bool namespaced, FieldPath path, FieldErrorList errors)
    {
        if (subject.Name.Length == 0)
            errors.Required(path.Child("name"));
        switch (subject.Kind)
        {
            case "ServiceAccount":
                if (subject.Name.Length > 0)
                    FieldChecks.Subdomain(subject.Name, path, "name", errors);
                if (subject.APIGroup.Length > 0)
                    errors.NotSupported(path.Child("apiGroup"), subject.APIGroup, "");
                if (!namespaced && subject.Namespace.Length == 0)
                    errors.Required(path.Child("namespace"));
                break;
            case "User" or "Group":
                if (subject.Name.Length == 0)
                    errors.Invalid(path.Child("name"), "", $"{subject.Kind.ToLowerInvariant()} name cannot be empty");
                if (subject.APIGroup != Group)
                    errors.NotSupported(path.Child("apiGroup"), subject.APIGroup, Group);
                break;
            default:
                errors.NotSupported(path.Child("kind"), subject.Kind, "ServiceAccount", "User", "Group");
                break;
        }
    }
}
