using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>A client's wish to leave HTTP for SPDY/3.1 or WebSocket (RFC 6455), and the ways to grant it.</summary>
internal sealed class UpgradeRequest
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);

    private readonly HttpContext _context;
    private readonly IHttpUpgradeFeature _feature;

    private UpgradeRequest(HttpContext context, IHttpUpgradeFeature feature, bool isSpdy, IReadOnlyList<string> protocols)
    {
        _context = context;
        _feature = feature;
        IsSpdy = isSpdy;
        Protocols = protocols;
    }

    /// <summary>SPDY/3.1; else WebSocket.</summary>
    public bool IsSpdy { get; }

    /// <summary>What the client offers to speak inside, in its order of preference.</summary>
    public IReadOnlyList<string> Protocols { get; }

    /// <exception cref="KubeletRequestException">The request asks for no upgrade, or for another.</exception>
    public static UpgradeRequest Of(HttpContext context)
    {
        var headers = context.Request.Headers;
        var kind = headers.Upgrade.ToString();
        var isSpdy = kind.Equals("SPDY/3.1", StringComparison.OrdinalIgnoreCase);
        var isWebSocket = kind.Equals("websocket", StringComparison.OrdinalIgnoreCase);
        var feature = context.Features.Get<IHttpUpgradeFeature>();
        if (feature is not { IsUpgradableRequest: true } || !(isSpdy || isWebSocket))
        {
            throw new KubeletRequestException(
                StatusCodes.Status400BadRequest,
                "unable to upgrade: missing upgrade headers in request: Upgrade request required");
        }

        var offered = isSpdy ? headers["X-Stream-Protocol-Version"] : headers.SecWebSocketProtocol;
        const StringSplitOptions Clean = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var protocols = offered.SelectMany(values => (values ?? "").Split(',', Clean)).ToArray();
        return new UpgradeRequest(context, feature, isSpdy, protocols);
    }

    /// <summary>A WebSocket client that speaks this inside.</summary>
    public bool Offers(string protocol) => !IsSpdy && Protocols.Contains(protocol);

    public string? FirstOffered(IReadOnlyList<string> known) => Protocols.FirstOrDefault(known.Contains);

    public async Task<Stream> AcceptSpdyAsync(string protocol)
    {
        var headers = _context.Response.Headers;
        headers.Upgrade = "SPDY/3.1";
        headers["X-Stream-Protocol-Version"] = protocol;
        return await _feature.UpgradeAsync().ConfigureAwait(false);
    }

    public async Task<WebSocket> AcceptWebSocketAsync(string protocol)
    {
        var key = _context.Request.Headers.SecWebSocketKey.ToString();
        if (_context.Request.Headers.SecWebSocketVersion != "13" || key.Length == 0)
            throw new KubeletRequestException(StatusCodes.Status400BadRequest, "unable to upgrade: bad WebSocket handshake");
        var headers = _context.Response.Headers;
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = AcceptKey(key);
        headers.SecWebSocketProtocol = protocol;
        var transport = await _feature.UpgradeAsync().ConfigureAwait(false);

        // .NET would refuse the slash in "SPDY/3.1+portforward.k8s.io"; it only keeps the name, the header above is what counts.
        var creation = new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = KeepAlive };
        return WebSocket.CreateFromStream(transport, creation);
    }

    /// <summary>Grants what a server further on has granted, with that server's headers.</summary>
    public Task<Stream> AcceptAsAsync(UpgradedConnection granted)
    {
        foreach (var (name, value) in granted.Headers)
        {
            // The server in between says these for its own connection.
            if (name.ToLowerInvariant() is not ("connection" or "date"))
                _context.Response.Headers.Append(name, value);
        }

        return _feature.UpgradeAsync();
    }

    /// <summary>The client's upgrade headers, to be sent on.</summary>
    public IEnumerable<KeyValuePair<string, string>> HeadersToForward()
    {
        yield return new("Connection", "Upgrade");
        yield return new("Upgrade", _context.Request.Headers.Upgrade.ToString());
        foreach (var (name, values) in _context.Request.Headers)
        {
            var isWanted = name.StartsWith("Sec-WebSocket-", StringComparison.OrdinalIgnoreCase)
                || name.Equals("X-Stream-Protocol-Version", StringComparison.OrdinalIgnoreCase);
            foreach (var value in isWanted ? values : default)
                yield return new(name, value ?? "");
        }

        if (HttpMethods.IsPost(_context.Request.Method))
            yield return new("Content-Length", "0");
    }

    private static string AcceptKey(string key)
    {
        // RFC 6455, 4.2.2: SHA-1 here proves that the server understood the handshake; it protects nothing.
        var bytes = Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        return Convert.ToBase64String(SHA1.HashData(bytes));
    }
}
