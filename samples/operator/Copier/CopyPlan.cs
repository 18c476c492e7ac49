using Cybernetes.Objects.Core.V1;

namespace Copier;

/// <summary>What has to be done so that the copies of one config map are as they should be. Pure: tests need no cluster for it.</summary>
public sealed record CopyPlan(IReadOnlyList<ConfigMap> Create, IReadOnlyList<ConfigMap> Update, IReadOnlyList<ConfigMap> Delete)
{
    /// <param name="source">Null: it is gone, or is not to be copied any more.</param>
    /// <param name="copies">Those that there are.</param>
    /// <param name="namespaces">All of the cluster.</param>
    public static CopyPlan Of(ConfigMap? source, IReadOnlyList<ConfigMap> copies, IReadOnlyList<Namespace> namespaces)
    {
        var wanted = source is null ? [] : namespaces.Where(n => Receives(n, source)).Select(n => n.Metadata.Name).ToHashSet();
        var missing = wanted.Except(copies.Select(c => c.Metadata.Namespace)).Order();
        var stale = copies.Where(c => wanted.Contains(c.Metadata.Namespace) && !SameData(c, source!));
        return new(
            [.. missing.Select(ns => CopyOf(source!, ns))],
            [.. stale.Select(c => Mended(c, source!))],
            [.. copies.Where(c => !wanted.Contains(c.Metadata.Namespace))]);
    }

    private static bool Receives(Namespace ns, ConfigMap source) =>
        ns.Metadata.Name != source.Metadata.Namespace
        && ns.Metadata.DeletionTimestamp is null
        && ns.Metadata.Labels?.GetValueOrDefault(CopierOperator.ReceiveLabel) == "true";

    private static ConfigMap CopyOf(ConfigMap source, string ns)
    {
        var copy = new ConfigMap { Metadata = { Name = source.Metadata.Name, Namespace = ns }, Data = source.Data };
        copy.Metadata.Annotations = new() { [CopierOperator.SourceAnnotation] = $"{source.Metadata.Namespace}/{source.Metadata.Name}" };
        return copy;
    }

    private static ConfigMap Mended(ConfigMap copy, ConfigMap source)
    {
        // What an informer gave is shared with others: change a clone.
        var mended = copy.DeepClone();
        mended.Data = source.Data;
        return mended;
    }

    private static bool SameData(ConfigMap left, ConfigMap right) =>
        (left.Data ?? []).Count == (right.Data ?? []).Count
        && (left.Data ?? []).All(entry => right.Data!.TryGetValue(entry.Key, out var value) && value == entry.Value);
}
