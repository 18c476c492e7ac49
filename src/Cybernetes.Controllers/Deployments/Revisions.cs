using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.Deployments;

/// <summary>The annotations by which a deployment and its replica sets remember revisions; kubectl's rollout history and undo read them.</summary>
internal static class Revisions
{
    public const string Revision = "deployment.kubernetes.io/revision";
    public const string History = "deployment.kubernetes.io/revision-history";
    public const string DesiredReplicas = "deployment.kubernetes.io/desired-replicas";
    public const string MaxReplicas = "deployment.kubernetes.io/max-replicas";
    public const string ChangeCause = "kubernetes.io/change-cause";

    /// <summary>Longest history kept in the annotation, in characters.</summary>
    private const int MaximumHistoryLength = 2000;

    /// <summary>Annotations of a deployment that its replica sets do not take over.</summary>
    private static readonly HashSet<string> s_notCopied = new(StringComparer.Ordinal)
    {
        "kubectl.kubernetes.io/last-applied-configuration", Revision, History, DesiredReplicas, MaxReplicas, Rollback.Annotation,
    };

    public static long Of(ObjectMeta metadata) => Number(metadata, Revision);

    public static long Number(ObjectMeta metadata, string annotation) =>
        metadata.Annotations.OrEmpty().TryGetValue(annotation, out var text)
        && long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>Writes desired and maximal replicas; whether that changed anything.</summary>
    public static bool SetReplicas(ReplicaSet set, int desired, int maximum) =>
        Set(set.Metadata, DesiredReplicas, Text(desired)) | Set(set.Metadata, MaxReplicas, Text(maximum));

    /// <summary>Gives the new replica set its revision and the deployment's own annotations; whether that changed anything.</summary>
    public static bool SetNew(Deployment deployment, ReplicaSet set, long revision, bool exists)
    {
        var changed = false;
        foreach (var (key, value) in deployment.Metadata.Annotations.OrEmpty())
        {
            if (!s_notCopied.Contains(key))
                changed |= Set(set.Metadata, key, value);
        }
        var old = set.Metadata.Annotations.OrEmpty().GetValueOrDefault(Revision, "");
        if (Of(set.Metadata) < revision)
        {
            changed |= Set(set.Metadata, Revision, Text(revision));
            // A template that comes back keeps the numbers it had: an undo makes one more entry.
            if (old.Length > 0)
                AppendHistory(set.Metadata, old);
        }
        if (!exists)
            changed |= SetReplicas(set, deployment.Spec.Replicas ?? 1, (deployment.Spec.Replicas ?? 1) + Rollout.MaxSurge(deployment));
        return changed;
    }

    /// <summary>Gives the deployment the annotations that it had when the set was made; its own bookkeeping stays.</summary>
    public static void Restore(Deployment deployment, ReplicaSet set)
    {
        var annotations = deployment.Metadata.Annotations.OrEmpty().Where(a => s_notCopied.Contains(a.Key))
            .Concat(set.Metadata.Annotations.OrEmpty().Where(a => !s_notCopied.Contains(a.Key)));
        deployment.Metadata.Annotations = new(annotations, StringComparer.Ordinal);
    }

    public static bool Set(ObjectMeta metadata, string key, string value)
    {
        metadata.Annotations ??= new(StringComparer.Ordinal);
        if (metadata.Annotations.TryGetValue(key, out var had) && had == value)
            return false;
        metadata.Annotations[key] = value;
        return true;
    }

    private static void AppendHistory(ObjectMeta metadata, string revision)
    {
        var history = metadata.Annotations.OrEmpty().GetValueOrDefault(History, "");
        var entries = history.Length == 0 ? [] : history.Split(',').ToList();
        entries.Add(revision);
        while (string.Join(',', entries).Length > MaximumHistoryLength)
            entries.RemoveAt(0);
        Set(metadata, History, string.Join(',', entries));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
