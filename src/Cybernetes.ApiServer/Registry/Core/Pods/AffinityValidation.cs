using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Affinity to nodes and to other pods.</summary>
internal static class AffinityValidation
{
    private const string Required = "requiredDuringSchedulingIgnoredDuringExecution";
    private const string Preferred = "preferredDuringSchedulingIgnoredDuringExecution";

    public static void Validate(Affinity affinity, FieldPath path, FieldErrorList errors)
    {
        if (affinity.NodeAffinity is { } node)
            ToNodes(node, path.Child("nodeAffinity"), errors);
        if (affinity.PodAffinity is { } pod)
        {
            Terms(
                pod.RequiredDuringSchedulingIgnoredDuringExecution,
                pod.PreferredDuringSchedulingIgnoredDuringExecution,
                path.Child("podAffinity"), errors);
        }
        if (affinity.PodAntiAffinity is { } anti)
        {
            Terms(
                anti.RequiredDuringSchedulingIgnoredDuringExecution,
                anti.PreferredDuringSchedulingIgnoredDuringExecution,
                path.Child("podAntiAffinity"), errors);
        }
    }

    private static void ToNodes(NodeAffinity affinity, FieldPath path, FieldErrorList errors)
    {
        if (affinity.RequiredDuringSchedulingIgnoredDuringExecution is { } required)
            NodeSelector(required, path.Child(Required), errors);
        for (var i = 0; i < (affinity.PreferredDuringSchedulingIgnoredDuringExecution?.Count ?? 0); i++)
        {
            var term = affinity.PreferredDuringSchedulingIgnoredDuringExecution![i];
            var at = path.Child(Preferred).Index(i);
            if (term.Weight is <= 0 or > 100)
                errors.Invalid(at.Child("weight"), term.Weight, "must be in the range 1-100");
            NodeTerm(term.Preference, at.Child("preference"), checkValues: false, errors);
        }
    }

    /// <summary>A selector of nodes: of a pod's affinity, or of a persistent volume's.</summary>
    public static void NodeSelector(NodeSelector selector, FieldPath path, FieldErrorList errors)
    {
        var at = path.Child("nodeSelectorTerms");
        var terms = selector.NodeSelectorTerms;
        if (terms is not { Count: > 0 })
            errors.Required(at, "must have at least one node selector term");
        for (var i = 0; i < (terms?.Count ?? 0); i++)
            NodeTerm(terms![i], at.Index(i), checkValues: true, errors);
    }

    private static void NodeTerm(NodeSelectorTerm term, FieldPath path, bool checkValues, FieldErrorList errors)
    {
        for (var i = 0; i < (term.MatchExpressions?.Count ?? 0); i++)
            Expression(term.MatchExpressions![i], path.Child("matchExpressions").Index(i), checkValues, errors);
        for (var i = 0; i < (term.MatchFields?.Count ?? 0); i++)
            Field(term.MatchFields![i], path.Child("matchFields").Index(i), errors);
    }

    private static void Expression(NodeSelectorRequirement requirement, FieldPath path, bool checkValues, FieldErrorList errors)
    {
        var count = requirement.Values?.Count ?? 0;
        switch (requirement.Operator)
        {
            case "In" or "NotIn":
                if (count == 0)
                    errors.Required(path.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                break;
            case "Exists" or "DoesNotExist":
                if (count > 0)
                    errors.Forbidden(path.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                break;
            case "Gt" or "Lt":
                if (count != 1)
                    errors.Required(path.Child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
                break;
            default:
                errors.Invalid(path.Child("operator"), requirement.Operator, "not a valid selector operator");
                break;
        }
        errors.InvalidChild(path, "key", requirement.Key, Names.QualifiedName(requirement.Key));
        for (var i = 0; checkValues && i < count; i++)
        {
            foreach (var reason in Names.LabelValue(requirement.Values![i]))
                errors.Invalid(path.Child("values").Index(i), requirement.Values[i], reason);
        }
    }

    private static void Field(NodeSelectorRequirement requirement, FieldPath path, FieldErrorList errors)
    {
        var values = requirement.Values;
        if (requirement.Operator is not ("In" or "NotIn"))
            errors.Invalid(path.Child("operator"), requirement.Operator, "not a valid selector operator");
        else if ((values?.Count ?? 0) != 1)
            errors.Required(path.Child("values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
        if (requirement.Key != "metadata.name")
        {
            errors.Invalid(path.Child("key"), requirement.Key, "not a valid field selector key");
            return;
        }
        for (var i = 0; i < (values?.Count ?? 0); i++)
        {
            foreach (var reason in Names.Dns1123Subdomain(values![i]))
                errors.Invalid(path.Child("values").Index(i), values[i], reason);
        }
    }

    private static void Terms(List<PodAffinityTerm>? required, List<WeightedPodAffinityTerm>? preferred, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (required?.Count ?? 0); i++)
            Term(required![i], path.Child(Required).Index(i), errors);
        for (var i = 0; i < (preferred?.Count ?? 0); i++)
        {
            var at = path.Child(Preferred).Index(i);
            if (preferred![i].Weight is <= 0 or > 100)
                errors.Invalid(at.Child("weight"), preferred[i].Weight, "must be in the range 1-100");
            Term(preferred[i].PodAffinityTerm, at.Child("podAffinityTerm"), errors);
        }
    }

    private static void Term(PodAffinityTerm term, FieldPath path, FieldErrorList errors)
    {
        FieldChecks.Selector(term.LabelSelector, path.Child("labelSelector"), errors);
        FieldChecks.Selector(term.NamespaceSelector, path.Child("namespaceSelector"), errors);
        foreach (var name in term.Namespaces.OrEmpty())
            errors.InvalidChild(path, "namespace", name, Names.Dns1123Label(name));
        LabelKeys(term, path, errors);
        if (term.TopologyKey.Length == 0)
            errors.Required(path.Child("topologyKey"), "can not be empty");
        errors.InvalidChild(path, "topologyKey", term.TopologyKey, Names.QualifiedName(term.TopologyKey));
    }

    private static void LabelKeys(PodAffinityTerm term, FieldPath path, FieldErrorList errors)
    {
        Keys(term.MatchLabelKeys, term.LabelSelector, path, "matchLabelKeys", errors);
        Keys(term.MismatchLabelKeys, term.LabelSelector, path, "mismatchLabelKeys", errors);
        if (term.LabelSelector is { } selector && term.MatchLabelKeys is { Count: > 0 } keys)
            Twice(selector, keys, path, errors);
        for (var i = 0; i < (term.MatchLabelKeys?.Count ?? 0); i++)
        {
            if (term.MismatchLabelKeys?.Contains(term.MatchLabelKeys![i]) == true)
            {
                errors.Invalid(
                    path.Child("matchLabelKeys").Index(i), term.MatchLabelKeys![i], "exists in both matchLabelKeys and mismatchLabelKeys");
            }
        }
    }

    private static void Keys(List<string>? keys, LabelSelector? selector, FieldPath path, string child, FieldErrorList errors)
    {
        if (keys is not { Count: > 0 })
            return;
        if (selector is null)
        {
            errors.Forbidden(path.Child(child), "must not be specified when labelSelector is not set");
            return;
        }
        for (var i = 0; i < keys.Count; i++)
        {
            foreach (var reason in Names.QualifiedName(keys[i]))
                errors.Invalid(path.Child(child).Index(i), keys[i], reason);
        }
    }

    // The strategy has added one expression for each key already, so a key found twice was also written by the client.
    private static void Twice(LabelSelector selector, List<string> keys, FieldPath path, FieldErrorList errors)
    {
        HashSet<string> seen = new(selector.MatchLabels.OrEmpty().Keys, StringComparer.Ordinal);
        foreach (var expression in selector.MatchExpressions.OrEmpty())
        {
            var index = keys.LastIndexOf(expression.Key);
            if (index >= 0 && seen.Contains(expression.Key))
                errors.Invalid(path.Index(index), expression.Key, "exists in both matchLabelKeys and labelSelector");
            seen.Add(expression.Key);
        }
    }
}
