using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Client.Events;

/// <summary>
/// Notes what happened to an object, for people to read. Never waits and never fails: events are a courtesy, and under pressure
/// they are dropped.
/// Safe for concurrent use.
/// </summary>
public interface IEventRecorder
{
    /// <param name="regarding">The object; see <see cref="ObjectReferences.ReferenceTo"/>.</param>
    /// <param name="type">Normal or Warning.</param>
    /// <param name="reason">Short, in camel case, such as Pulled: tools match on it.</param>
    /// <param name="message">For people.</param>
    /// <param name="action">What was done, such as Binding; only events.k8s.io recorders keep it, and there it must not be
    /// empty.</param>
    /// <param name="related">A second object that took part; only events.k8s.io recorders keep it.</param>
    void Event(
        ObjectReference regarding, string type, string reason, string message, string action = "",
        ObjectReference? related = null);
}

/// <summary>References to objects, and events about them.</summary>
public static class ObjectReferences
{
    /// <summary>The reference that an event about the object carries.</summary>
    public static ObjectReference ReferenceTo<T>(T value)
        where T : class, IKubernetesObject<T> => new()
        {
            APIVersion = T.Facts.APIVersion,
            Kind = T.Facts.Kind,
            Namespace = value.Metadata.Namespace,
            Name = value.Metadata.Name,
            UID = value.Metadata.UID,
            ResourceVersion = value.Metadata.ResourceVersion,
        };

    /// <summary>Records an event about a typed object.</summary>
    public static void Event<T>(
        this IEventRecorder recorder, T about, string type, string reason, string message, string action = "")
        where T : class, IKubernetesObject<T> => recorder.Event(ReferenceTo(about), type, reason, message, action);
}
