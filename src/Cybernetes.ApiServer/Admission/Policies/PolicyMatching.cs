using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Admission.Policies;

/// <summary>Whether a request is one that a policy or a binding is about. Pure.</summary>
internal static class PolicyMatching
{
    /// <summary>Kinds that no policy guards, lest one locks out its own repair.</summary>
    public static bool IsExempt(AdmissionAttributes attributes) =>
        attributes.Kind.Group is "admissionregistration.k8s.io" or "authentication.k8s.io" or "authorization.k8s.io";

    /// <summary>The operation as rules name it.</summary>
    public static string NameOf(AdmissionOperation operation) => operation switch
    {
        AdmissionOperation.Create => "CREATE",
        AdmissionOperation.Update => "UPDATE",
        AdmissionOperation.Delete => "DELETE",
        _ => "CONNECT",
    };

    /// <summary>Rules and selectors; without resource rules all resources are meant.</summary>
    /// <param name="match">What is matched; null matches everything.</param>
    /// <param name="attributes">The request.</param>
    /// <param name="ns">The namespace of a namespaced object; null where there is none.</param>
    public static bool Matches(MatchResources? match, AdmissionAttributes attributes, Namespace? ns)
    {
        if (match is null)
            return true;
        var exact = match.MatchPolicy == "Exact";
        if (!NamespaceFits(match.NamespaceSelector, attributes, ns) || !ObjectFits(match.ObjectSelector, attributes))
            return false;
        if (match.ExcludeResourceRules.OrEmpty().Any(r => Fits(r, attributes, exact)))
            return false;
        return match.ResourceRules is not { Count: > 0 } rules || rules.Any(r => Fits(r, attributes, exact));
    }

    private static bool NamespaceFits(LabelSelector? selector, AdmissionAttributes attributes, Namespace? ns)
    {
        if (IsEmpty(selector))
            return true;
        // A namespace is selected by its own labels; what lies in none is not held against the selector.
        var own = attributes.Kind is { Group: "", Plural: "namespaces" };
        if (!own && !attributes.Kind.Namespaced)
            return true;
        var labels = own ? (attributes.Object ?? attributes.OldObject)?.Metadata.Labels : ns?.Metadata.Labels;
        return LabelMatcher.TryFor(selector, out var matcher) is null && matcher.Matches(labels);
    }

    private static bool ObjectFits(LabelSelector? selector, AdmissionAttributes attributes)
    {
        if (IsEmpty(selector))
            return true;
        if (LabelMatcher.TryFor(selector, out var matcher) is not null)
            return false;
        return (attributes.Object is { } now && matcher.Matches(now.Metadata.Labels))
            || (attributes.OldObject is { } old && matcher.Matches(old.Metadata.Labels));
    }

    private static bool IsEmpty(LabelSelector? selector) =>
        selector is null or { MatchLabels: not { Count: > 0 }, MatchExpressions: not { Count: > 0 } };

    private static bool Fits(NamedRuleWithOperations rule, AdmissionAttributes attributes, bool exact)
    {
        if (!Has(rule.Operations, NameOf(attributes.Operation)) || !ScopeFits(rule.Scope, attributes.Kind.Namespaced))
            return false;
        if (rule.ResourceNames is { Count: > 0 } names && !names.Contains(attributes.Name))
            return false;
        if (!ResourceFits(rule.Resources.OrEmpty(), attributes.Kind.Plural, attributes.Context.Subresource))
            return false;
        // Unless told otherwise a rule about one version is about the kind in every other version, too.
        return exact
            ? Has(rule.APIGroups, attributes.Kind.Group) && Has(rule.APIVersions, attributes.Kind.Version)
            : attributes.Kind.Served.Any(v => Has(rule.APIGroups, v.Group) && Has(rule.APIVersions, v.Version));
    }

    private static bool Has(List<string>? values, string value) => values.OrEmpty().Any(v => v == "*" || v == value);

    private static bool ScopeFits(string? scope, bool namespaced) => scope switch
    {
        "Namespaced" => namespaced,
        "Cluster" => !namespaced,
        _ => true,
    };

    private static bool ResourceFits(IReadOnlyList<string> rules, string resource, string subresource) => rules.Any(rule =>
    {
        var slash = rule.IndexOf('/');
        var (wanted, sub) = slash < 0 ? (rule, "") : (rule[..slash], rule[(slash + 1)..]);
        return (wanted == "*" || wanted == resource) && (sub == subresource || (sub == "*" && slash > 0));
    });
}
