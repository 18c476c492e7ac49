using Cybernetes.Node.Runtime;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>Exec and attach towards the runtime's streaming server, over SPDY with v4.channel.k8s.io, which every CRI runtime
/// speaks.</summary>
internal static class SpdyCommandBackend
{
    private const string Protocol = "v4.channel.k8s.io";

    /// <summary>
    /// Numbered as in the body: 1 upgrade, 2 open the streams, 3 copy both ways, 4 take the status, 5 wait for the last output.
    /// </summary>
    /// <returns>The runtime's JSON v1 Status of how the command ended.</returns>
    /// <exception cref="IOException">The streaming server refused or broke off.</exception>
    public static async Task<byte[]> RunAsync(
        Uri url, CommandOptions options, CommandStreams client, CancellationToken cancellation)
    {
        // 1.
        await using var upgraded = await UpgradedConnection.OpenAsync(
            url,
            "POST",
            [
                new("Connection", "Upgrade"), new("Upgrade", "SPDY/3.1"), new("X-Stream-Protocol-Version", Protocol),
                new("Content-Length", "0"),
            ],
            cancellation).ConfigureAwait(false);
        if (upgraded.StatusCode != 101)
            throw new IOException($"the runtime's streaming server answered {upgraded.StatusCode} instead of upgrading");

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var connection = new SpdyConnection(upgraded.AsStream(), isServer: false);
        var running = connection.RunAsync(ending.Token);
        try
        {
            // 2.
            var error = await OpenAsync(connection, "error", cancellation).ConfigureAwait(false);
            var stdin = options.Stdin ? await OpenAsync(connection, "stdin", cancellation).ConfigureAwait(false) : null;
            var stdout = options.Stdout ? await OpenAsync(connection, "stdout", cancellation).ConfigureAwait(false) : null;
            var hasStderr = options.Stderr && !options.Terminal;
            var stderr = hasStderr ? await OpenAsync(connection, "stderr", cancellation).ConfigureAwait(false) : null;
            var resize = options.Terminal ? await OpenAsync(connection, "resize", cancellation).ConfigureAwait(false) : null;

            // 3.
            var inputs = Task.WhenAll(
                CopyInputAsync(client.Stdin, stdin, ending.Token), SendSizesAsync(client, resize, ending.Token));
            var outputs = Task.WhenAll(
                CopyOutputAsync(stdout, client.Stdout, cancellation), CopyOutputAsync(stderr, client.Stderr, cancellation));

            // 4.
            using var status = new MemoryStream();
            await error.CopyToAsync(status, cancellation).ConfigureAwait(false);

            // 5.
            await outputs.ConfigureAwait(false);
            await ending.CancelAsync().ConfigureAwait(false);
            await inputs.ConfigureAwait(false);
            return status.Length > 0 ? status.ToArray() : throw new IOException("the runtime's stream ended without a status");
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task<SpdyStream> OpenAsync(SpdyConnection connection, string type, CancellationToken cancellation) =>
        connection.OpenStreamAsync([new("streamtype", type)], cancellation);

    private static async Task CopyInputAsync(Stream? from, SpdyStream? to, CancellationToken cancellation)
    {
        if (from is null || to is null)
            return;
        try
        {
            await from.CopyToAsync(to, cancellation).ConfigureAwait(false);
            await to.FinishAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The command ended without reading all of its input.
        }
    }

    private static async Task CopyOutputAsync(SpdyStream? from, Stream? to, CancellationToken cancellation)
    {
        if (from is not null && to is not null)
            await from.CopyToAsync(to, cancellation).ConfigureAwait(false);
    }

    private static async Task SendSizesAsync(CommandStreams client, SpdyStream? to, CancellationToken cancellation)
    {
        if (client.Resizes is null || to is null)
            return;
        try
        {
            await foreach (var size in client.Resizes.ReadAllAsync(cancellation).ConfigureAwait(false))
                await to.WriteAsync(CommandStatus.OfSize(size), cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The command ended.
        }
    }
}
