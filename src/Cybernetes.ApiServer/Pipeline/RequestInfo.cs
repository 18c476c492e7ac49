namespace Cybernetes.ApiServer.Pipeline;

/// <summary>
/// What a request asks for, read off its method, path and query. Source: Kubernetes API concepts, "Resource URIs".
/// <c>/api/v1/namespaces/{ns}/{resource}/{name}/{subresource}/…</c>, the same under <c>/apis/{group}/{version}</c>; any other path is
/// no resource request.
/// </summary>
public sealed class RequestInfo
{
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

    /// <summary>Reads the facts off a request.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Decoded path.</param>
    /// <param name="watchAsked">Whether the query says <c>watch=true</c> (or <c>watch</c>, <c>watch=1</c>).</param>
    /// <param name="nameFromSelector">The name that a <c>metadata.name=x</c> field selector of a collection request pins, or empty.</param>
    public static RequestInfo Read(string method, string path, bool watchAsked, string nameFromSelector)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var start = parts.Length switch
        {
            > 2 when parts[0] == "api" => 2,
            > 3 when parts[0] == "apis" => 3,
            _ => 0,
        };
        if (start == 0)
            return new() { Path = path, Verb = method.ToLowerInvariant() };

        var group = start == 2 ? "" : parts[1];
        var version = parts[start - 1];
        var rest = parts.AsSpan(start);
        var verb = VerbOf(method);
        var deprecatedWatch = rest.Length > 1 && rest[0] == "watch";
        if (deprecatedWatch)
            rest = rest[1..];

        var ns = "";
        if (rest.Length > 1 && rest[0] == "namespaces")
        {
            ns = rest[1];
            if (rest.Length > 2 && rest[2] is not ("status" or "finalize"))
                rest = rest[2..];
        }

        var resource = rest[0];
        var name = rest.Length > 1 ? rest[1] : "";
        var subresource = rest.Length > 2 ? rest[2] : "";
        if (name.Length == 0 && verb == "get")
            verb = watchAsked || deprecatedWatch ? "watch" : "list";
        else if (verb == "get" && (deprecatedWatch || (watchAsked && subresource.Length == 0)))
            verb = "watch";
        else if (name.Length == 0 && verb == "delete")
            verb = "deletecollection";
        if (name.Length == 0 && verb is "list" or "watch" or "deletecollection" && nameFromSelector.Length > 0)
            name = nameFromSelector;

        return new()
        {
            IsResource = true, Path = path, Verb = verb, Group = group, Version = version, Namespace = ns, Resource = resource,
            Name = name, Subresource = subresource, Rest = rest.Length > 3 ? string.Join('/', rest[3..].ToArray()) : "",
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
