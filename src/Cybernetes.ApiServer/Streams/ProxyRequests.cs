using System.Net;
using Cybernetes.ApiServer.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.ApiServer.Streams;

/// <summary>The request that goes on to a proxied place.</summary>
internal static class ProxyRequests
{
    // Of one connection only (RFC 9110 section 7.6.1).
    private static readonly string[] HopByHop =
    [
        "Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding",
        "Upgrade", "Expect",
    ];

    /// <summary>Headers that do not cross a proxy.</summary>
    public static bool IsHopByHop(string name) => HopByHop.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Copies the request.</summary>
    /// <param name="before">The path up to and with /proxy.</param>
    /// <param name="after">What follows, cleaned.</param>
    /// <param name="upgrade">Whether it asks for another protocol (WebSocket, SPDY).</param>
    public static HttpRequestMessage Make(ApiRequest request, ProxyPlace place, string before, string after, bool upgrade)
    {
        var http = request.Http;
        var path = after.Length == 0 ? "/" : after;
        var exact = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        var message = new HttpRequestMessage(
            new HttpMethod(WebSocketUpgrade.MethodOf(http)), new Uri($"{place.Scheme}://{place.Authority}{path}{http.Request.QueryString.Value}", exact))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (!upgrade && (http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true } || http.Request.ContentLength > 0))
            message.Content = new StreamContent(http.Request.Body);
        CopyHeaders(http.Request, message);
        if (upgrade)
        {
            message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            message.Headers.TryAddWithoutValidation("Upgrade", http.Request.Headers.Upgrade.ToString());
        }
        AddForwarded(http, message, before + path);
        return message;
    }

    /// <summary>Without empty, <c>.</c> and <c>..</c> segments; a slash at the end stays.</summary>
    public static string Clean(string path)
    {
        if (path.Length == 0)
            return "";
        var kept = new List<string>();
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (segment == "..")
                kept.RemoveRange(Math.Max(0, kept.Count - 1), Math.Min(1, kept.Count));
            else if (segment != ".")
                kept.Add(segment);
        }
        return "/" + string.Join('/', kept) + (kept.Count > 0 && path.EndsWith('/') ? "/" : "");
    }

    private static void CopyHeaders(HttpRequest from, HttpRequestMessage to)
    {
        foreach (var (name, values) in from.Headers)
        {
            // The credentials are for this server only.
            if (name.StartsWith(':') || IsHopByHop(name) || name.Equals("Authorization", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase))
                continue;
            if (!to.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                to.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
    }

    private static void AddForwarded(HttpContext http, HttpRequestMessage message, string path)
    {
        if (http.Connection.RemoteIpAddress is { } client)
        {
            var written = (client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client).ToString();
            var before = message.Headers.TryGetValues("X-Forwarded-For", out var values) ? string.Join(", ", values) + ", " : "";
            Set("X-Forwarded-For", before + written);
        }
        Set("X-Forwarded-Uri", path);

        void Set(string name, string value)
        {
            message.Headers.Remove(name);
            message.Headers.TryAddWithoutValidation(name, value);
        }
    }
}
