using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.Controllers.Deployments;

/// <summary>The numbers of a rolling update: how many more, how many fewer. Pure.</summary>
internal static class Rollout
{
    public static bool IsRolling(Deployment deployment) => deployment.Spec.Strategy.Type == "RollingUpdate";

    public static int Desired(Deployment deployment) => deployment.Spec.Replicas ?? 1;

    public static int Desired(ReplicaSet set) => set.Spec.Replicas ?? 1;

    /// <summary>Pods above the desired number that may exist; surge rounds up.</summary>
    public static int MaxSurge(Deployment deployment) => IsRolling(deployment) ? Fenceposts(deployment).Surge : 0;

    /// <summary>Pods below the desired number that may be missing; unavailability rounds down.</summary>
    public static int MaxUnavailable(Deployment deployment)
    {
        if (!IsRolling(deployment) || Desired(deployment) == 0)
            return 0;
        return Math.Min(Fenceposts(deployment).Unavailable, Desired(deployment));
    }

    /// <summary>What the new replica set's size should be next.</summary>
    public static int NewReplicas(Deployment deployment, IEnumerable<ReplicaSet> all, ReplicaSet @new)
    {
        if (!IsRolling(deployment))
            return Desired(deployment);
        var total = all.Sum(Desired);
        var most = Desired(deployment) + MaxSurge(deployment);
        if (total >= most)
            return Desired(@new);
        return Desired(@new) + Math.Min(most - total, Desired(deployment) - Desired(@new));
    }

    /// <summary>New sizes of old replica sets, unhealthy pods first, oldest set first, never below the minimum available.</summary>
    public static Dictionary<ReplicaSet, int> ScaleDownOld(
        Deployment deployment, IReadOnlyList<ReplicaSet> all, ReplicaSet @new, IReadOnlyList<ReplicaSet> old)
    {
        var sizes = new Dictionary<ReplicaSet, int>();
        if (old.Sum(Desired) == 0)
            return sizes;
        var minimumAvailable = Desired(deployment) - MaxUnavailable(deployment);
        var newUnavailable = Desired(@new) - @new.Status.AvailableReplicas;
        var budget = all.Sum(Desired) - minimumAvailable - newUnavailable;
        if (budget <= 0)
            return sizes;
        var ordered = old.Where(s => Desired(s) > 0).OrderBy(s => s.Metadata.CreationTimestamp)
            .ThenBy(s => s.Metadata.Name, StringComparer.Ordinal).ToList();
        foreach (var set in ordered)
        {
            // Pods that are not available cost nothing to take away.
            var unhealthy = Math.Min(budget, Desired(set) - set.Status.AvailableReplicas);
            if (unhealthy <= 0)
                continue;
            sizes[set] = Desired(set) - unhealthy;
            budget -= unhealthy;
        }
        var available = all.Sum(s => s.Status.AvailableReplicas);
        var mayGo = available - minimumAvailable;
        foreach (var set in ordered)
        {
            if (mayGo <= 0)
                break;
            var size = sizes.GetValueOrDefault(set, Desired(set));
            var down = Math.Min(size, mayGo);
            if (down == 0)
                continue;
            sizes[set] = size - down;
            mayGo -= down;
        }
        return sizes;
    }

    /// <summary>
    /// Shares a change of the desired number among the active replica sets by their sizes, larger ones first; what rounding leaves goes to the
    /// first. Sizes that an earlier scaling already set (their max-replicas annotation) are taken from there.
    /// </summary>
    public static Dictionary<ReplicaSet, int> Proportional(Deployment deployment, IReadOnlyList<ReplicaSet> all)
    {
        var active = all.Where(s => Desired(s) > 0).ToList();
        var allowed = Desired(deployment) > 0 ? Desired(deployment) + MaxSurge(deployment) : 0;
        var toAdd = allowed - active.Sum(Desired);
        var ordered = toAdd >= 0
            ? active.OrderByDescending(Desired).ThenByDescending(s => s.Metadata.CreationTimestamp)
                .ThenByDescending(s => s.Metadata.Name, StringComparer.Ordinal).ToList()
            : active.OrderByDescending(Desired).ThenBy(s => s.Metadata.CreationTimestamp).ThenBy(s => s.Metadata.Name, StringComparer.Ordinal).ToList();
        var sizes = new Dictionary<ReplicaSet, int>();
        var added = 0;
        foreach (var set in ordered)
        {
            var change = toAdd == added ? 0 : Share(set, deployment, allowed, toAdd, added);
            sizes[set] = Desired(set) + change;
            added += change;
        }
        if (ordered.Count > 0 && toAdd != 0)
            sizes[ordered[0]] = Math.Max(0, sizes[ordered[0]] + toAdd - added);
        return sizes;
    }

    private static int Share(ReplicaSet set, Deployment deployment, int allowed, int toAdd, int added)
    {
        if (Desired(deployment) == 0)
            return -Desired(set);
        var before = Revisions.Number(set.Metadata, Revisions.MaxReplicas);
        if (before == 0)
            before = deployment.Status.Replicas;
        // Nothing tells how large the set's share was: the largest set takes it all.
        if (before == 0)
            return 0;
        var fraction = (int)Math.Round((double)Desired(set) * allowed / before, MidpointRounding.AwayFromZero) - Desired(set);
        var rest = toAdd - added;
        return toAdd > 0 ? Math.Min(fraction, rest) : Math.Max(fraction, rest);
    }

    private static (int Surge, int Unavailable) Fenceposts(Deployment deployment)
    {
        var rolling = deployment.Spec.Strategy.RollingUpdate;
        var surge = (rolling?.MaxSurge ?? 0).Scale(Desired(deployment), roundUp: true);
        var unavailable = (rolling?.MaxUnavailable ?? 0).Scale(Desired(deployment), roundUp: false);
        // Both zero (percentages round so) would stand still for ever.
        return (surge, surge == 0 && unavailable == 0 ? 1 : unavailable);
    }
}
