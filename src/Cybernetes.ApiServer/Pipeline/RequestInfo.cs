using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>
/// What a request asks for, read off its method, path and query. Source: Kubernetes API concepts, "Resource URIs".
/// <c>/api/v1/namespaces/{ns}/{resource}/{name}/{subresource}/…</c>, the same under <c>/apis/{group}/{version}</c>; any other path is
/// no resource request.
/// </summary>
public sealed class RequestInfo
{
    // /apis/{group}/{version}/watch/namespaces/{ns}/{resource}/{name}/{subresource}/ has nine; what follows stays in one piece.
    private const int MaxParts = 12;


    /// <summary>True when the path names a resource of a group and version.</summary>
    public bool IsResource { get; private init; }

    /// <summary>The decoded path.</summary>
    public required string Path { get; init; }

    /// <summary>get, list, watch, create, update, patch, delete, deletecollection; for other paths the method in lower case.</summary>
    public required string Verb { get; init; }

    /// <summary>API group, empty for the core group.</summary>
    public string Group { get; private init; } = "";

    /// <summary>API version such as <c>v1</c>.</summary>
    public string Version { get; private init; } = "";

    /// <summary>Namespace, empty at cluster scope. For a namespace object it is its own name.</summary>
    public string Namespace { get; private init; } = "";

    /// <summary>Plural resource name.</summary>
    public string Resource { get; private init; } = "";

    /// <summary>Subresource such as <c>status</c>, empty for the object itself.</summary>
    public string Subresource { get; private init; } = "";

    /// <summary>Object name, empty for the collection.</summary>
    public string Name { get; private init; } = "";

    /// <summary>What follows the subresource, without a leading slash: <c>proxy</c> paths.</summary>
    public string Rest { get; private init; } = "";

    /// <summary>True for requests that may stay open as long as the client likes.</summary>
    public bool IsLongRunning { get; private init; }

    /// <summary>The kind that the path names, where it is served.</summary>
    internal ServedKind? Target { get; private init; }

    /// <summary>Reads the facts off a request.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Decoded path.</param>
    /// <param name="watchAsked">Whether the query says <c>watch=true</c> (or <c>watch</c>, <c>watch=1</c>).</param>
    /// <param name="nameFromSelector">The name that a <c>metadata.name=x</c> field selector of a collection request pins, or empty.</param>
    /// <param name="catalog">What is served: the words of its kinds are not made again for each request.</param>
    public static RequestInfo Read(string method, string path, bool watchAsked, string nameFromSelector, KindCatalog catalog)
    {
        var text = path.AsSpan();
        Span<Range> places = stackalloc Range[MaxParts];
        var count = text.Split(places, '/', StringSplitOptions.RemoveEmptyEntries);
        var start = count switch
        {
            > 2 when text[places[0]] is "api" => 2,
            > 3 when text[places[0]] is "apis" => 3,
            _ => 0,
        };
        if (start == 0)
            return new() { Path = path, Verb = method.ToLowerInvariant() };

        var rest = places[start..count];
        var verb = VerbOf(method);
        var deprecatedWatch = rest.Length > 1 && text[rest[0]] is "watch";
        if (deprecatedWatch)
            rest = rest[1..];

        var ns = "";
        if (rest.Length > 1 && text[rest[0]] is "namespaces")
        {
            ns = text[rest[1]].ToString();
            if (rest.Length > 2 && text[rest[2]] is not ("status" or "finalize"))
                rest = rest[2..];
        }

        ReadOnlySpan<char> group = start == 2 ? "" : text[places[1]];
        var version = text[places[start - 1]];
        var resource = text[rest[0]];
        var target = catalog.Find(group, version, resource);
        var name = rest.Length > 1 ? text[rest[1]].ToString() : "";
        var subresource = rest.Length > 2 ? text[rest[2]].ToString() : "";
        verb = name.Length == 0 && verb == "delete" ? "deletecollection"
            : verb != "get" ? verb
            : deprecatedWatch || (watchAsked && (name.Length == 0 || subresource.Length == 0)) ? "watch"
            : name.Length == 0 ? "list" : verb;
        if (name.Length == 0 && verb is "list" or "watch" or "deletecollection" && nameFromSelector.Length > 0)
            name = nameFromSelector;

        return new()
        {
            IsResource = true, Path = path, Verb = verb, Target = target, Namespace = ns, Name = name, Subresource = subresource,
            Group = target?.Version.Group ?? group.ToString(), Version = target?.Version.Version ?? version.ToString(),
            Resource = target?.Kind.Plural ?? resource.ToString(),
            Rest = rest.Length > 3 ? string.Join('/', path[rest[3].Start..].Split('/', StringSplitOptions.RemoveEmptyEntries)) : "",
            IsLongRunning = verb == "watch" || subresource is "exec" or "attach" or "portforward" or "proxy" or "log",
        };
    }

    private static string VerbOf(string method) => method switch
    {
        "GET" or "HEAD" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => method.ToLowerInvariant(),
    };
}
