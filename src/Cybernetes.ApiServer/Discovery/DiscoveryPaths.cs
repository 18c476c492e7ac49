using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Wire;
using Microsoft.AspNetCore.Http;

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
        if (path is "/api" or "/apis" && AskedForAggregated(request) is var (version, format))
            return WriteAggregatedAsync(request, documents.Aggregated(path, version), version, format);
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

    /// <summary>
    /// The version and format of the first clause that asks for the aggregated form before any that takes the plain one; null when none does.
    /// </summary>
    private static (string Version, MediaFormat Format)? AskedForAggregated(ApiRequest request)
    {
        foreach (var clause in AcceptClause.Parse(Accept(request)))
        {
            if (clause.Type is not ("application/json" or "*/*" or "application/*" or ProtobufEnvelope.ContentType))
                continue;
            var target = clause.Parameter("as");
            if (target.Length == 0)
                return null;
            if (target != "APIGroupDiscoveryList" || clause.Parameter("g") != "apidiscovery.k8s.io" || clause.Parameter("v") is not ("v2" or "v2beta1"))
                continue;
            return (clause.Parameter("v"), clause.Type == ProtobufEnvelope.ContentType ? MediaFormat.Protobuf : MediaFormat.Json);
        }
        return null;
    }

    private static async Task WriteAggregatedAsync(ApiRequest request, DiscoveryDocument document, string version, MediaFormat format)
    {
        var response = request.Http.Response;
        response.Headers.ETag = document.ETag;
        response.Headers.Vary = "Accept";
        response.Headers.CacheControl = "public";
        if (request.Http.Request.Headers.IfNoneMatch == document.ETag)
        {
            response.StatusCode = 304;
            return;
        }
        // Clients tell the forms apart by the content type's parameters, so it is written as asked.
        response.StatusCode = 200;
        response.ContentType = $"{new AcceptedMedia(format).ContentType};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList";
        var bytes = format == MediaFormat.Protobuf ? document.Protobuf : document.Json;
        if (HttpMethods.IsHead(request.Http.Request.Method))
        {
            response.ContentLength = bytes.Length;
            return;
        }
        var body = new AnswerBody(request, bytes.Length);
        body.Write(bytes.Span);
        await body.CompleteAsync();
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
        return Answers.WriteAsync(request, 200, new(MediaFormat.Json), document.Json); // as upstream: the one document that is not agreed on
    }

    private static string Accept(ApiRequest request) => request.Http.Request.Headers.Accept.ToString();
}
