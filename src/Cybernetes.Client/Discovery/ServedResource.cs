namespace Cybernetes.Client.Discovery;

/// <summary>A resource that a server serves, as discovery tells it.</summary>
public sealed record ServedResource(
    string Group, string Version, string Plural, string Kind, bool IsNamespaced, IReadOnlyList<string> Verbs)
{
    /// <summary>
    /// Equal for resources whose objects are stored as one (Deployments of extensions and of apps); empty when the server does not say.
    /// </summary>
    public string StorageVersionHash { get; init; } = "";

    public string APIVersion => Group.Length == 0 ? Version : Group + "/" + Version;

    /// <summary>The path of the collection (of one namespace, where one is given), or of one object in it.</summary>
    public string PathOf(string? ns, string? name = null, string? subresource = null)
    {
        var path = Group.Length == 0 ? "/api/" + Version : $"/apis/{Group}/{Version}";
        if (IsNamespaced && !string.IsNullOrEmpty(ns))
            path += "/namespaces/" + Uri.EscapeDataString(ns);
        path += "/" + Plural;
        if (name is not null)
            path += "/" + Uri.EscapeDataString(name);
        return subresource is null ? path : path + "/" + subresource;
    }

    public override string ToString() => Group.Length == 0 ? $"{Version}/{Plural}" : $"{Group}/{Version}/{Plural}";
}
