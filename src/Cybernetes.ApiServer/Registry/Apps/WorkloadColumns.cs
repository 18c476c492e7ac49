using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>Columns that the tables of workloads share.</summary>
internal static class WorkloadColumns
{
    /// <summary>Containers, images and selector, in wide output.</summary>
    /// <param name="template">Spec of the pods.</param>
    /// <param name="selector">The selector.</param>
    /// <param name="everything">How a selector is shown that selects everything.</param>
    public static IEnumerable<Column<T>> Wide<T>(Func<T, PodSpec> template, Func<T, LabelSelector?> selector, string everything)
        where T : class, IKubernetesObject =>
    [
        .. ContainersAndImages(template),
        Column<T>.Text("Selector", "Which pods are counted.", o => SelectorText(selector(o), everything), 1),
    ];

    /// <summary>Containers and images, in wide output or always.</summary>
    public static IEnumerable<Column<T>> ContainersAndImages<T>(Func<T, PodSpec> template, int priority = 1) where T : class, IKubernetesObject =>
    [
        Column<T>.Text("Containers", "Names of the pods' containers.", o => Join(template(o), c => c.Name), priority),
        Column<T>.Text("Images", "Images of the pods' containers.", o => Join(template(o), c => c.Image), priority),
    ];

    /// <summary>A set of labels as clients write it, by key.</summary>
    public static string LabelsText(Dictionary<string, string>? labels) => labels is not { Count: > 0 }
        ? "<none>"
        : string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));

    /// <summary>A selector as clients write it; empty for one that is not valid.</summary>
    public static string SelectorText(LabelSelector? selector, string everything)
    {
        if (LabelMatcher.TryFor(selector, out var matcher) is not null)
            return "";
        var text = matcher.ToString();
        return text.Length == 0 ? everything : text;
    }

    private static string Join(PodSpec spec, Func<Container, string> part) => string.Join(',', spec.Containers.OrEmpty().Select(part));
}
