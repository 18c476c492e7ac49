using Cybernetes.Objects;

namespace Cybernetes.Client.Informers;

/// <summary>What tells objects of one kind apart. The namespace is empty for kinds without one.</summary>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    /// <summary>The key of an object with a name.</summary>
    public static ObjectKey Of(IKubernetesObject value) => new(value.Metadata.Namespace, value.Metadata.Name);

    /// <summary><c>NAMESPACE/NAME</c>, or <c>NAME</c>, as logs and upstream's work queues have it.</summary>
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";

    /// <summary>The reverse of <see cref="ToString"/>.</summary>
    public static ObjectKey Parse(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? new ObjectKey("", text) : new ObjectKey(text[..slash], text[(slash + 1)..]);
    }
}
