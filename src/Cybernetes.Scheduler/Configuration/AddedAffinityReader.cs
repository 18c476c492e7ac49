using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Configuration;

/// <summary>Reads the affinity that NodeAffinity adds to every pod: a term that no node can be held against refuses the configuration.</summary>
internal static class AddedAffinityReader
{
    public static NodeAffinity Read(ConfigurationNode node)
    {
        var affinity = node.Object<NodeAffinity>();
        if (affinity.RequiredDuringSchedulingIgnoredDuringExecution is { } required)
        {
            var terms = required.NodeSelectorTerms.OrEmpty();
            if (terms.Count == 0)
                throw node.Error("requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term");
            for (var i = 0; i < terms.Count; i++)
                Check(node, terms[i], $"requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[{i}]");
        }
        var preferred = affinity.PreferredDuringSchedulingIgnoredDuringExecution.OrEmpty();
        for (var i = 0; i < preferred.Count; i++)
        {
            var at = $"preferredDuringSchedulingIgnoredDuringExecution[{i}]";
            if (preferred[i].Weight is < 1 or > 100)
                throw node.Error($"{at}.weight: Invalid value: {preferred[i].Weight}: must be in the range 1-100");
            Check(node, preferred[i].Preference, at + ".preference");
        }
        return affinity;
    }

    private static void Check(ConfigurationNode node, NodeSelectorTerm term, string at)
    {
        foreach (var (list, name) in new[] { (term.MatchExpressions, "matchExpressions"), (term.MatchFields, "matchFields") })
        {
            for (var i = 0; i < list.OrEmpty().Count; i++)
            {
                if (Wrong(list![i]) is { } wrong)
                    throw node.Error($"{at}.{name}[{i}].{wrong}");
            }
        }
    }

    private static string? Wrong(NodeSelectorRequirement requirement)
    {
        var values = requirement.Values.OrEmpty();
        return (requirement.Operator, values.Count) switch
        {
            _ when requirement.Key.Length == 0 => "key: Required value",
            ("In" or "NotIn", 0) => "values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
            ("Exists" or "DoesNotExist", > 0) => "values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ("Gt" or "Lt", not 1) => "values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
            ("Gt" or "Lt", _) when !long.TryParse(values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) =>
                $"values[0]: Invalid value: \"{values[0]}\": for 'Gt', 'Lt' operators, the value must be an integer",
            ("In" or "NotIn" or "Exists" or "DoesNotExist" or "Gt" or "Lt", _) => null,
            var (other, _) => $"operator: Unsupported value: \"{other}\": not a valid selector operator",
        };
    }
}
