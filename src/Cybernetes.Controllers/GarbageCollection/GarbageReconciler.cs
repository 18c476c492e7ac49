using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.GarbageCollection;

/// <summary>How an owner reference stands: its owner lives, is gone, or waits for its dependents to go first.</summary>
internal enum OwnerState { Alive, Gone, WaitsForDependents }

/// <summary>What to do with one object.</summary>
internal enum GarbageVerdict
{
    /// <summary>Nothing.</summary>
    Keep,

    /// <summary>Take away the references to owners that are gone or going; others keep it.</summary>
    DropReferences,

    /// <summary>Delete it and let its own dependents follow.</summary>
    DeleteBackground,

    /// <summary>Delete it, its own dependents first.</summary>
    DeleteForeground,

    /// <summary>Delete it and let its dependents go.</summary>
    DeleteOrphan,
}

/// <summary>Decides about one object from the state of its owners. Pure; the rules are those of the API's garbage collection.</summary>
internal static class GarbageReconciler
{
    /// <param name="owners">Each owner reference with its state; not empty.</param>
    /// <param name="finalizers">The object's finalizers.</param>
    /// <param name="hasDependents">Whether it has dependents of its own.</param>
    public static GarbageVerdict Judge(
        IReadOnlyList<(OwnerReference Reference, OwnerState State)> owners, IReadOnlyList<string> finalizers, bool hasDependents)
    {
        var alive = owners.Any(o => o.State == OwnerState.Alive);
        var waiting = owners.Any(o => o.State == OwnerState.WaitsForDependents);
        if (alive)
            return owners.All(o => o.State == OwnerState.Alive) ? GarbageVerdict.Keep : GarbageVerdict.DropReferences;
        // An owner in foreground deletion wants the whole tree below it gone before it goes.
        if (waiting && hasDependents)
            return GarbageVerdict.DeleteForeground;
        if (finalizers.Contains("orphan"))
            return GarbageVerdict.DeleteOrphan;
        return finalizers.Contains("foregroundDeletion") ? GarbageVerdict.DeleteForeground : GarbageVerdict.DeleteBackground;
    }
}
