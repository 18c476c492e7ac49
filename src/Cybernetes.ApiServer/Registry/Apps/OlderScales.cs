using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V1;
using Cybernetes.Objects.Meta.V1;
using Beta1 = Cybernetes.Objects.Apps.V1beta1;
using Beta2 = Cybernetes.Objects.Apps.V1beta2;
using Extensions = Cybernetes.Objects.Extensions.V1beta1;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>
/// The Scales of the older versions. Their status tells the selector twice: as text, and as a map where the text is made of equalities alone.
/// </summary>
internal static class OlderScales
{
    public static ServedVersion OfExtensions { get; } = new ConvertedVersion<Extensions.Scale, Scale>(
        s => Stored(s.Metadata, s.Spec.Replicas, s.Status.Replicas, s.Status.Selector, s.Status.TargetSelector),
        s => new()
        {
            Metadata = s.Metadata,
            Spec = { Replicas = s.Spec.Replicas },
            Status = { Replicas = s.Status.Replicas, Selector = MapOf(s.Status.Selector), TargetSelector = s.Status.Selector },
        });

    public static ServedVersion OfAppsBeta1 { get; } = new ConvertedVersion<Beta1.Scale, Scale>(
        s => Stored(s.Metadata, s.Spec.Replicas, s.Status.Replicas, s.Status.Selector, s.Status.TargetSelector),
        s => new()
        {
            Metadata = s.Metadata,
            Spec = { Replicas = s.Spec.Replicas },
            Status = { Replicas = s.Status.Replicas, Selector = MapOf(s.Status.Selector), TargetSelector = s.Status.Selector },
        });

    public static ServedVersion OfAppsBeta2 { get; } = new ConvertedVersion<Beta2.Scale, Scale>(
        s => Stored(s.Metadata, s.Spec.Replicas, s.Status.Replicas, s.Status.Selector, s.Status.TargetSelector),
        s => new()
        {
            Metadata = s.Metadata,
            Spec = { Replicas = s.Spec.Replicas },
            Status = { Replicas = s.Status.Replicas, Selector = MapOf(s.Status.Selector), TargetSelector = s.Status.Selector },
        });

    private static Scale Stored(ObjectMeta metadata, int wanted, int observed, Dictionary<string, string>? labels, string selector) => new()
    {
        Metadata = metadata,
        Spec = { Replicas = wanted },
        Status = { Replicas = observed, Selector = selector.Length > 0 ? selector : LabelMatcher.FromSet(labels).ToString() },
    };

    /// <summary>The labels that a selector's text asks for; null when it asks for anything else.</summary>
    private static Dictionary<string, string>? MapOf(string selector)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in selector.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=');
            if (equals <= 0 || part[equals - 1] == '!' || part.AsSpan().ContainsAny(" ()<>"))
                return null;
            labels[part[..equals]] = part[(equals + 1)..].TrimStart('=');
        }
        return labels.Count == 0 ? null : labels;
    }
}
