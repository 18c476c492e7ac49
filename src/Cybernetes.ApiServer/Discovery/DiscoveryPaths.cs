using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Discovery;

/// <summary>Answers <c>/</c>, <c>/api</c>, <c>/apis</c> and the group and version paths below them: what is served here.</summary>
internal sealed class DiscoveryPaths(RegistryServices services, IReadOnlyList<string> otherPaths) : IPathHandler
{
    private DiscoveryDocuments _documents = new(services.Catalog);

    public bool Serves(string path)
    {
        if (path == "/")
            return true;
        var trimmed = path.TrimEnd('/');
        if (trimmed is "/api" or "/apis")
            return true;
        var slashes = trimmed.AsSpan().Count('/');
        return (trimmed.StartsWith("/api/", StringComparison.Ordinal) && slashes == 2)
            || (trimmed.StartsWith("/apis/", StringComparison.Ordinal) && slashes is 2 or 3);
    }

    public Task HandleAsync(ApiRequest request)
    {
        if (request.Info.Verb is not ("get" or "head" or "list"))
            throw Failure.MethodNotAllowed();
        var documents = Current();
        var path = request.Info.Path.TrimEnd('/');
        if (path.Length == 0)
            return WriteRootAsync(request, documents);
        if (path is "/api" or "/apis" && AskedForAggregated(request) is { } version)
            return WriteAggregatedAsync(request, documents.Aggregated(path, version), version);
        var media = MediaNegotiation.Negotiate(Accept(request), transforms: false);
        if (documents.Plain(path) is not { } document)
            throw Failure.NoSuchRoute();
        return Answers.WriteAsync(request, 200, media, document.Json);
    }

    /// <summary>The documents follow the catalog, which changes when kinds come and go.</summary>
    private DiscoveryDocuments Current()
    {
        if (!ReferenceEquals(_documents.Catalog, services.Catalog))
            _documents = new DiscoveryDocuments(services.Catalog);
        return _documents;
    }

    /// <summary>The version of the first clause that asks for the aggregated form before any that takes the plain one; null when none does.</summary>
    private static string? AskedForAggregated(ApiRequest request)
    {
        foreach (var clause in Accept(request).Split(',', StringSplitOptions.TrimEntries))
        {
            var parts = clause.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] is not ("application/json" or "*/*"))
                continue;
            if (!parts.Contains("as=APIGroupDiscoveryList"))
                return null;
            if (!parts.Contains("g=apidiscovery.k8s.io"))
                continue;
            if (parts.Contains("v=v2"))
                return "v2";
            if (parts.Contains("v=v2beta1"))
                return "v2beta1";
        }
        return null;
    }

    private static Task WriteAggregatedAsync(ApiRequest request, DiscoveryDocument document, string version)
    {
        var headers = request.Http.Response.Headers;
        headers.ETag = document.ETag;
        headers.Vary = "Accept";
        headers.CacheControl = "public";
        if (request.Http.Request.Headers.IfNoneMatch == document.ETag)
        {
            request.Http.Response.StatusCode = 304;
            return Task.CompletedTask;
        }
        return WriteTypedAsync(request, document, $"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
    }

    /// <summary>Clients tell the forms apart by the content type's parameters, so it is written as asked.</summary>
    private static async Task WriteTypedAsync(ApiRequest request, DiscoveryDocument document, string contentType)
    {
        var response = request.Http.Response;
        response.StatusCode = 200;
        response.ContentType = contentType;
        response.ContentLength = document.Json.Length;
        if (!string.Equals(request.Http.Request.Method, "HEAD", StringComparison.Ordinal))
            await response.BodyWriter.WriteAsync(document.Json, request.Aborted);
    }

    private Task WriteRootAsync(ApiRequest request, DiscoveryDocuments documents)
    {
        var paths = new SortedSet<string>(otherPaths, StringComparer.Ordinal) { "/api", "/apis" };
        foreach (var group in documents.Groups)
        {
            if (group.Name.Length > 0)
                paths.Add("/apis/" + group.Name);
            foreach (var version in group.Versions)
                paths.Add((version.Group.Length == 0 ? "/api/" : "/apis/") + version.APIVersion);
        }
        var document = DiscoveryDocument.Of(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("paths");
            foreach (var path in paths)
                writer.WriteStringValue(path);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        return Answers.WriteAsync(request, 200, MediaNegotiation.Negotiate(Accept(request), transforms: false), document.Json);
    }

    private static string Accept(ApiRequest request) => request.Http.Request.Headers.Accept.ToString();
}
