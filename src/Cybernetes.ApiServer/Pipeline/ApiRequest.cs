using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Registry;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>One request on its way through the pipeline; each stage fills in what it finds out.</summary>
public sealed class ApiRequest(HttpContext http)
{
    /// <summary>The HTTP side.</summary>
    public HttpContext Http { get; } = http;

    /// <summary>When the request came.</summary>
    public required DateTimeOffset Received { get; init; }

    /// <summary>What is asked for.</summary>
    public RequestInfo Info { get; internal set; } = null!;

    /// <summary>Who asks, after impersonation.</summary>
    public UserInfo User { get; internal set; } = UserInfo.Anonymous;

    /// <summary>Id of the request in audit logs and the <c>Audit-Id</c> header.</summary>
    public string AuditId { get; internal set; } = "";

    /// <summary>The kind asked for, set by routing of resource requests.</summary>
    public ServedKind Target { get; internal set; } = null!;

    /// <summary>The kind asked for.</summary>
    public KindDefinition Kind => Target.Kind;

    /// <summary>The form of the answer, agreed before anything is done: a client that accepts no form of it changes nothing.</summary>
    internal AcceptedMedia Media { get; set; }

    /// <summary>Cancelled when the client is gone.</summary>
    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>Whether there is a query at all.</summary>
    public bool HasQuery { get; } = http.Request.QueryString.HasValue;

    /// <summary>A query parameter, empty when absent.</summary>
    public string Query(string name) => HasQuery && Http.Request.Query.TryGetValue(name, out var values) && values.Count > 0 ? values[0] ?? "" : "";

    /// <summary>A boolean query parameter as Kubernetes reads it: present is true, unless it says false or 0.</summary>
    public bool QueryFlag(string name) =>
        HasQuery && Http.Request.Query.TryGetValue(name, out var values) && values.Count > 0
        && values[0] is not "0" && !string.Equals(values[0], "false", StringComparison.OrdinalIgnoreCase);

    /// <summary>Adds a Warning header (RFC 9111, code 299). Before the answer starts.</summary>
    public void Warn(string text)
    {
        var quoted = text.Replace("\\", "\\\\").Replace("\"", "\\\"").ReplaceLineEndings(" ");
        Http.Response.Headers.Append("Warning", $"299 - \"{quoted}\"");
    }
}

/// <summary>Something that answers paths that are no resources: health, version, metrics, discovery, OpenAPI.</summary>
public interface IPathHandler
{
    /// <summary>Whether it answers this path.</summary>
    bool Serves(string path);

    /// <summary>Answers. Failures are thrown as <see cref="Failures.RequestFailure"/>.</summary>
    Task HandleAsync(ApiRequest request);
}
