using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>An object's names, read off its key: <c>/registry/pods/default/web</c>, <c>/registry/nodes/one</c>.</summary>
internal static class ObjectNames
{
    /// <summary>The name.</summary>
    public static ReadOnlySpan<char> NameOf(string key) => key.AsSpan(key.LastIndexOf('/') + 1);

    /// <summary>The namespace of an object of a namespaced kind; empty for others.</summary>
    public static ReadOnlySpan<char> NamespaceOf(string key, KindDefinition kind)
    {
        if (!kind.Namespaced)
            return [];
        var end = key.LastIndexOf('/');
        var rest = key.AsSpan(0, end);
        return rest[(rest.LastIndexOf('/') + 1)..];
    }
}
