using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Cybernetes.ApiServer.Failures;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>WebSockets (RFC 6455 over HTTP/1.1, RFC 8441 over HTTP/2) without a middleware.</summary>
internal static class WebSocketUpgrade
{
    private const string BearerProtocol = "base64url.bearer.authorization.k8s.io.";
    private const string KeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 section 1.3

    /// <summary>Whether the client asks for a WebSocket.</summary>
    public static bool IsAsked(HttpContext http) =>
        http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" }
        || (http.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase)
            && http.Request.Headers.Connection.ToString().Contains("upgrade", StringComparison.OrdinalIgnoreCase));

    /// <summary>The request's method; HTTP/2's way of asking for a WebSocket stands for a GET.</summary>
    public static string MethodOf(HttpContext http) =>
        http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } ? HttpMethods.Get : http.Request.Method;

    /// <summary>
    /// The token that browsers, which cannot set headers, send as a subprotocol; null when there is none. As upstream, another subprotocol has to
    /// stand beside it, to be agreed on.
    /// </summary>
    public static string? BearerToken(HttpContext http)
    {
        if (!IsAsked(http))
            return null;
        var protocols = Protocols(http);
        var bearer = protocols.FirstOrDefault(p => p.StartsWith(BearerProtocol, StringComparison.Ordinal));
        if (bearer is null || protocols.Count < 2)
            return null;
        var encoded = bearer[BearerProtocol.Length..].Replace('-', '+').Replace('_', '/');
        var bytes = new byte[encoded.Length];
        return Convert.TryFromBase64String(encoded.PadRight((encoded.Length + 3) / 4 * 4, '='), bytes, out var count)
            ? Encoding.UTF8.GetString(bytes, 0, count)
            : null;
    }

    /// <summary>Takes over the connection.</summary>
    /// <exception cref="RequestFailure">400: the handshake is not one, or the transport has no connections to take over.</exception>
    public static async ValueTask<WebSocket> AcceptAsync(ApiRequest request)
    {
        var http = request.Http;
        var protocols = Protocols(http).Where(p => !p.StartsWith(BearerProtocol, StringComparison.Ordinal)).ToList();
        if (protocols.Count > 1)
            throw Failure.BadRequest("missing or bad WebSocket protocol: a watch takes one subprotocol at most");
        var protocol = protocols.FirstOrDefault();
        if (protocol is not null)
            http.Response.Headers.SecWebSocketProtocol = protocol;
        return WebSocket.CreateFromStream(await OpenAsync(http), new WebSocketCreationOptions
        {
            IsServer = true, SubProtocol = protocol, KeepAliveInterval = TimeSpan.FromMinutes(2),
        });
    }

    private static async ValueTask<Stream> OpenAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            http.Response.StatusCode = StatusCodes.Status200OK;
            return await connect.AcceptAsync();
        }
        var key = http.Request.Headers.SecWebSocketKey.ToString();
        if (http.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade || key.Length != 24
            || http.Request.Headers.SecWebSocketVersion != "13")
            throw Failure.BadRequest("websocket: the request is no handshake of version 13");
        http.Response.Headers.SecWebSocketAccept = Accept(key);
        http.Response.Headers.Upgrade = "websocket";
        http.Response.Headers.Connection = "Upgrade";
        return await upgrade.UpgradeAsync();
    }

#pragma warning disable CA5350 // SHA-1 is what the handshake is made of; nothing is kept secret by it
    private static string Accept(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + KeySuffix)));
#pragma warning restore CA5350

    private static List<string> Protocols(HttpContext http) => [.. http.Request.Headers.SecWebSocketProtocol.ToString()
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
