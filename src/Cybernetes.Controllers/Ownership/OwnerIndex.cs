using Cybernetes.Client.Informers;
using Cybernetes.Objects;

namespace Cybernetes.Controllers.Ownership;

/// <summary>
/// Finds objects by their controller, and by their labels those of a namespace without one, so that a reconcile costs as much as its own objects
/// and not as much as the namespace.
/// </summary>
internal static class OwnerIndex
{
    private const string Name = "controller";

    /// <summary>To be called before the informer starts; again is as good.</summary>
    public static ObjectStore<T> WithOwnerIndex<T>(this ObjectStore<T> store) where T : class, IKubernetesObject<T>
    {
        store.AddIndex(
            Name, static o => OwnerReferences.ControllerOf(o) is { } owner
                ? [owner.UID]
                : LabelIndex.Places(OrphansOf(o.Metadata.Namespace), o.Metadata.Labels));
        return store;
    }

    public static IReadOnlyList<T> OwnedBy<T>(this ObjectStore<T> store, string uid) where T : class, IKubernetesObject<T> =>
        store.ByIndex(Name, uid);

    /// <summary>The objects without a controller that the selector matches.</summary>
    public static IReadOnlyList<T> Orphans<T>(this ObjectStore<T> store, string ns, LabelMatcher selector) where T : class, IKubernetesObject<T> =>
        store.Matching(Name, OrphansOf(ns), selector);

    // A uid never has a slash.
    private static string OrphansOf(string ns) => "orphan/" + ns;
}
