using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>Passes an upgraded connection on to the runtime's streaming server, byte by byte, whatever is spoken in it.</summary>
internal static class UpgradeTunnel
{
    public static async Task RunAsync(HttpContext context, UpgradeRequest upgrade, Uri url)
    {
        var cancellation = context.RequestAborted;
        await using var server = await UpgradedConnection.OpenAsync(
            url, context.Request.Method, upgrade.HeadersToForward(), cancellation).ConfigureAwait(false);
        if (server.StatusCode != StatusCodes.Status101SwitchingProtocols)
        {
            await PassRefusalAsync(context, server, cancellation).ConfigureAwait(false);
            return;
        }

        await using var client = await upgrade.AcceptAsAsync(server).ConfigureAwait(false);
        await PumpAsync(client, server.AsStream(), cancellation).ConfigureAwait(false);
    }

    /// <summary>The client speaks SPDY inside a WebSocket, the server only SPDY.</summary>
    /// <param name="protocol">What is spoken inside SPDY.</param>
    public static async Task RunInWebSocketAsync(
        UpgradeRequest upgrade, string webSocketProtocol, Uri url, string protocol, CancellationToken cancellation)
    {
        await using var server = await UpgradedConnection.OpenAsync(
            url,
            "POST",
            [
                new("Connection", "Upgrade"), new("Upgrade", "SPDY/3.1"), new("X-Stream-Protocol-Version", protocol),
                new("Content-Length", "0"),
            ],
            cancellation).ConfigureAwait(false);
        if (server.StatusCode != StatusCodes.Status101SwitchingProtocols)
            throw new IOException($"the runtime's streaming server answered {server.StatusCode} instead of upgrading");
        var socket = await upgrade.AcceptWebSocketAsync(webSocketProtocol).ConfigureAwait(false);
        await using var client = new WebSocketByteStream(socket);
        await PumpAsync(client, server.AsStream(), cancellation).ConfigureAwait(false);
        await client.CloseAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Copies both ways until one side ends; the other is then cut, as upstream's proxy does.</summary>
    private static async Task PumpAsync(Stream client, Stream server, CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var up = CopyAsync(client, server, ending.Token);
        var down = CopyAsync(server, client, ending.Token);
        await Task.WhenAny(up, down).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(up, down).ConfigureAwait(false);
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellation)
    {
        try
        {
            await from.CopyToAsync(to, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // A cut connection is how these streams end as a rule.
        }
    }

    private static async Task PassRefusalAsync(HttpContext context, UpgradedConnection server, CancellationToken cancellation)
    {
        context.Response.StatusCode = server.StatusCode;
        context.Response.ContentType = server.Header("Content-Type") ?? "text/plain; charset=utf-8";
        if (!long.TryParse(server.Header("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out var length))
            return;
        var body = new byte[Math.Min(length, 64 * 1024)];
        await server.Incoming.ReadExactlyAsync(body, cancellation).ConfigureAwait(false);
        await context.Response.Body.WriteAsync(body, cancellation).ConfigureAwait(false);
    }
}
