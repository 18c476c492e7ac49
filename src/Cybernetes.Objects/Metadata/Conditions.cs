using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Objects;

/// <summary>Lists of metav1.Condition, one of each type.</summary>
public static class Conditions
{
    public static Condition? Find(List<Condition>? conditions, string type)
    {
        foreach (Condition condition in conditions.OrEmpty())
        {
            if (condition.Type == type) return condition;
        }
        return null;
    }

    public static bool IsTrue(List<Condition>? conditions, string type) => Find(conditions, type)?.Status == "True";

    /// <summary>
    /// Adds or changes the condition of that type. The transition time moves only when the status does: to the condition's own, or to
    /// <paramref name="now"/> where it has none.
    /// </summary>
    /// <returns>True when anything changed.</returns>
    public static bool Set(List<Condition> conditions, Condition condition, DateTimeOffset now)
    {
        Condition? existing = Find(conditions, condition.Type);
        if (existing is null)
        {
            Condition added = condition.DeepClone();
            added.LastTransitionTime ??= now;
            conditions.Add(added);
            return true;
        }
        bool changed = existing.Status != condition.Status;
        if (changed)
        {
            existing.Status = condition.Status;
            existing.LastTransitionTime = condition.LastTransitionTime ?? now;
        }
        changed |= existing.Reason != condition.Reason || existing.Message != condition.Message
            || existing.ObservedGeneration != condition.ObservedGeneration;
        existing.Reason = condition.Reason;
        existing.Message = condition.Message;
        existing.ObservedGeneration = condition.ObservedGeneration;
        return changed;
    }

    /// <summary>Removes the condition of that type; true when there was one.</summary>
    public static bool Remove(List<Condition>? conditions, string type) => conditions?.RemoveAll(condition => condition.Type == type) > 0;
}
