using System.Globalization;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.DaemonSets;

/// <summary>The pods of a daemon set: how one is made for a node, and which node one is for. Pure.</summary>
internal static class DaemonPods
{
    /// <summary>The label by which pods tell their template's revision.</summary>
    public const string HashLabel = "controller-revision-hash";

    private const string GenerationLabel = "pod-template-generation";
    private const string GenerationAnnotation = "deprecated.daemonset.template.generation";
    private const string NodeNameField = "metadata.name";

    /// <summary>Taints of sick nodes, which no daemon lets itself be driven off by.</summary>
    private static readonly (string Key, string Effect)[] s_tolerated =
    [
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];

    /// <summary>The template as this daemon set's pods have it: with the tolerations all daemons have, and the labels of its revision.</summary>
    public static PodTemplateSpec Template(DaemonSet set, string hash)
    {
        var template = set.Spec.Template.DeepClone();
        template.Spec.Tolerations = TolerationsOf(template.Spec);
        var labels = template.Metadata.Labels ??= new(StringComparer.Ordinal);
        if (TemplateGeneration(set) is { } generation)
            labels[GenerationLabel] = generation.ToString(CultureInfo.InvariantCulture);
        if (hash.Length > 0)
            labels[HashLabel] = hash;
        return template;
    }

    /// <summary>The pod of a node; the scheduler places it there since nothing else matches its affinity.</summary>
    /// <param name="template">As <see cref="Template"/> gives it.</param>
    public static Pod For(DaemonSet set, PodTemplateSpec template, string node)
    {
        var pod = PodControl.FromTemplate(set, template);
        var affinity = (pod.Spec.Affinity ??= new()).NodeAffinity ??= new();
        // The user's own terms have been held against the node already; beside ours they would let another node in.
        affinity.RequiredDuringSchedulingIgnoredDuringExecution = new()
        {
            NodeSelectorTerms = [new() { MatchFields = [new() { Key = NodeNameField, Operator = "In", Values = [node] }] }],
        };
        return pod;
    }

    /// <summary>The node that the pod is on, or is meant for; empty when neither is told.</summary>
    public static string NodeOf(Pod pod)
    {
        if (pod.Spec.NodeName.Length > 0)
            return pod.Spec.NodeName;
        var terms = pod.Spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms;
        foreach (var term in terms.OrEmpty())
        {
            foreach (var field in term.MatchFields.OrEmpty())
            {
                if (field is { Key: NodeNameField, Operator: "In", Values: [var only] })
                    return only;
            }
        }
        return "";
    }

    /// <summary>Whether the pod is of the present template.</summary>
    public static bool IsUpdated(DaemonSet set, Pod pod, string hash)
    {
        var labels = pod.Metadata.Labels.OrEmpty();
        if (hash.Length > 0 && labels.GetValueOrDefault(HashLabel) == hash)
            return true;
        return TemplateGeneration(set) is { } generation
            && labels.GetValueOrDefault(GenerationLabel) == generation.ToString(CultureInfo.InvariantCulture);
    }

    public static List<Toleration> TolerationsOf(PodSpec spec)
    {
        var tolerations = spec.Tolerations.OrEmpty().ToList();
        IEnumerable<(string Key, string Effect)> wanted = spec.HostNetwork
            ? [.. s_tolerated, ("node.kubernetes.io/network-unavailable", "NoSchedule")] : s_tolerated;
        foreach (var (key, effect) in wanted)
        {
            var same = tolerations.FindIndex(t => t.Key == key && t.Effect == effect && t.Operator == "Exists" && t.Value.Length == 0);
            var toleration = new Toleration { Key = key, Operator = "Exists", Effect = effect };
            if (same >= 0)
                tolerations[same] = toleration;
            else
                tolerations.Add(toleration);
        }
        return tolerations;
    }

    private static long? TemplateGeneration(DaemonSet set) =>
        set.Metadata.Annotations.OrEmpty().TryGetValue(GenerationAnnotation, out var text)
        && long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var generation) ? generation : null;
}
