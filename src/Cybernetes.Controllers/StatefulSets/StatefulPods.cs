using System.Globalization;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.StatefulSets;

/// <summary>The pods of a stateful set and their claims: names, identity, volumes. Pure.</summary>
internal static class StatefulPods
{
    /// <summary>The label in which a pod carries the name of its revision.</summary>
    public const string RevisionLabel = "controller-revision-hash";

    /// <summary>The label in which a controller revision carries its hash.</summary>
    public const string HashLabel = "controller.kubernetes.io/hash";

    public const string PodNameLabel = "statefulset.kubernetes.io/pod-name";
    public const string PodIndexLabel = "apps.kubernetes.io/pod-index";

    public static int Start(StatefulSet set) => set.Spec.Ordinals?.Start ?? 0;

    public static int Replicas(StatefulSet set) => set.Spec.Replicas ?? 1;

    /// <summary>Whether the ordinal is among those the set wants now.</summary>
    public static bool IsWanted(StatefulSet set, int ordinal) => ordinal >= Start(set) && ordinal - (long)Start(set) < Replicas(set);

    /// <summary>The number at the end of the pod's name, and -1 when the pod is not one of a set of this name.</summary>
    public static int OrdinalOf(StatefulSet set, string pod)
    {
        var dash = pod.LastIndexOf('-');
        if (dash < 0 || !pod.AsSpan(0, dash).SequenceEqual(set.Metadata.Name))
            return -1;
        return int.TryParse(pod.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal) ? ordinal : -1;
    }

    public static string NameOf(StatefulSet set, int ordinal) => string.Create(CultureInfo.InvariantCulture, $"{set.Metadata.Name}-{ordinal}");

    public static string RevisionOf(Pod pod) => pod.Metadata.Labels.OrEmpty().GetValueOrDefault(RevisionLabel, "");

    /// <summary>The set's pod of an ordinal, of a template.</summary>
    public static Pod For(StatefulSet set, PodTemplateSpec template, string revision, int ordinal)
    {
        var pod = PodControl.FromTemplate(set, template);
        pod.Metadata.GenerateName = "";
        Identify(set, pod, ordinal);
        pod.Metadata.Labels![RevisionLabel] = revision;
        pod.Spec.Hostname = pod.Metadata.Name;
        pod.Spec.Subdomain = set.Spec.ServiceName;
        Mount(set, pod, ordinal);
        return pod;
    }

    /// <summary>Whether the pod has its name's labels and its own claims.</summary>
    public static bool IsIdentified(StatefulSet set, Pod pod, int ordinal)
    {
        var labels = pod.Metadata.Labels.OrEmpty();
        return labels.GetValueOrDefault(PodNameLabel) == pod.Metadata.Name
            && labels.GetValueOrDefault(PodIndexLabel) == ordinal.ToString(CultureInfo.InvariantCulture)
            && set.Spec.VolumeClaimTemplates.OrEmpty().All(claim => pod.Spec.Volumes.OrEmpty().Any(v =>
                v.Name == claim.Metadata.Name && v.PersistentVolumeClaim?.ClaimName == ClaimName(set, claim, ordinal)));
    }

    public static void Identify(StatefulSet set, Pod pod, int ordinal)
    {
        pod.Metadata.Name = NameOf(set, ordinal);
        pod.Metadata.Namespace = set.Metadata.Namespace;
        var labels = pod.Metadata.Labels ??= new(StringComparer.Ordinal);
        labels[PodNameLabel] = pod.Metadata.Name;
        labels[PodIndexLabel] = ordinal.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Gives the pod its claims as volumes; a volume of the template by the same name gives way.</summary>
    public static void Mount(StatefulSet set, Pod pod, int ordinal)
    {
        var claims = set.Spec.VolumeClaimTemplates.OrEmpty();
        if (claims.Count == 0)
            return;
        var names = claims.Select(c => c.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        pod.Spec.Volumes =
        [
            .. claims.Select(c => new Volume
            {
                Name = c.Metadata.Name,
                PersistentVolumeClaim = new() { ClaimName = ClaimName(set, c, ordinal), ReadOnly = false },
            }),
            .. pod.Spec.Volumes.OrEmpty().Where(v => !names.Contains(v.Name)),
        ];
    }

    public static string ClaimName(StatefulSet set, PersistentVolumeClaim template, int ordinal) =>
        string.Create(CultureInfo.InvariantCulture, $"{template.Metadata.Name}-{set.Metadata.Name}-{ordinal}");

    /// <summary>The claims of a pod, as they are to be made.</summary>
    public static List<PersistentVolumeClaim> ClaimsOf(StatefulSet set, int ordinal)
    {
        var claims = new List<PersistentVolumeClaim>();
        foreach (var template in set.Spec.VolumeClaimTemplates.OrEmpty())
        {
            var claim = template.DeepClone();
            claim.Metadata.Name = ClaimName(set, template, ordinal);
            claim.Metadata.Namespace = set.Metadata.Namespace;
            claim.Status = new();
            var labels = claim.Metadata.Labels ??= new(StringComparer.Ordinal);
            foreach (var (key, value) in set.Spec.Selector?.MatchLabels ?? [])
                labels[key] = value;
            claims.Add(claim);
        }
        return claims;
    }

    /// <summary>As <c>status.phase</c> says, the pod is there: one just made has none.</summary>
    public static bool IsCreated(Pod pod) => pod.Status.Phase.Length > 0;

    public static bool IsTerminating(Pod pod) => pod.Metadata.DeletionTimestamp is not null;

    public static bool IsRunningAndReady(Pod pod) => pod.Status.Phase == PodPhase.Running && PodState.IsReady(pod);

    public static bool IsRunningAndAvailable(Pod pod, int minReadySeconds, DateTimeOffset now) =>
        pod.Status.Phase == PodPhase.Running && PodState.IsAvailable(pod, minReadySeconds, now);
}
