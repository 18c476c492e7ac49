using Cybernetes.Client.Informers;
using Cybernetes.Objects;

namespace Cybernetes.Controllers.Ownership;

/// <summary>
/// Finds objects by their controller, and a namespace's objects without one, so that a reconcile costs as much as its own objects and not as
/// much as the namespace.
/// </summary>
internal static class OwnerIndex
{
    private const string Name = "controller";

    /// <summary>To be called before the informer starts; again is as good.</summary>
    public static ObjectStore<T> WithOwnerIndex<T>(this ObjectStore<T> store) where T : class, IKubernetesObject<T>
    {
        store.AddIndex(Name, static o => [Claims.ControllerOf(o.Metadata) is { } owner ? owner.UID : OrphanKey(o.Metadata.Namespace)]);
        return store;
    }

    public static IReadOnlyList<T> OwnedBy<T>(this ObjectStore<T> store, string uid) where T : class, IKubernetesObject<T> =>
        store.ByIndex(Name, uid);

    public static IReadOnlyList<T> Orphans<T>(this ObjectStore<T> store, string ns) where T : class, IKubernetesObject<T> =>
        store.ByIndex(Name, OrphanKey(ns));

    // A uid never has a slash.
    private static string OrphanKey(string ns) => "orphan/" + ns;
}
