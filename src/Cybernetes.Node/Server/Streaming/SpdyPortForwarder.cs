using System.Globalization;
using System.Text;
using Cybernetes.Node.Runtime;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>
/// SPDY port-forward (portforward.k8s.io) ended by this server, for runtimes without a streaming server: for each connection the
/// client opens two streams with the same <c>requestid</c>, one for the data and one for an error text.
/// </summary>
internal sealed class SpdyPortForwarder(IDirectStreaming runtime, string sandboxId)
{
    public const string Protocol = "portforward.k8s.io";

    private const int MaxWaitingPairs = 128;

    private readonly Dictionary<string, SpdyStream> _waiting = new(StringComparer.Ordinal);
    private readonly List<Task> _forwards = [];
    private readonly CancellationTokenSource _ending = new();

    /// <summary>Until the client closes.</summary>
    public async Task RunAsync(Stream transport, CancellationToken cancellation)
    {
        await using (var connection = new SpdyConnection(transport, isServer: true, TakeStreamAsync))
            await connection.RunAsync(cancellation).ConfigureAwait(false);
        await _ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_forwards).ConfigureAwait(false);
        _ending.Dispose();
    }

    private Task TakeStreamAsync(SpdyStream stream)
    {
        var type = stream.Headers.GetValueOrDefault("streamtype", "");
        var port = stream.Headers.GetValueOrDefault("port", "");
        if (type is not ("data" or "error")
            || !ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            return stream.ResetAsync(CancellationToken.None);

        // Very old clients send no request id and open the pairs one after the other.
        var request = stream.Headers.GetValueOrDefault("requestid", port);
        if (!_waiting.Remove(request, out var other))
        {
            if (_waiting.Count >= MaxWaitingPairs)
                return stream.ResetAsync(CancellationToken.None);
            _waiting[request] = stream;
            return Task.CompletedTask;
        }

        _forwards.RemoveAll(forward => forward.IsCompleted);
        _forwards.Add(type == "data" ? ForwardAsync(stream, other, number) : ForwardAsync(other, stream, number));
        return Task.CompletedTask;
    }

    private async Task ForwardAsync(SpdyStream data, SpdyStream error, int port)
    {
        await Task.Yield();
        try
        {
            try
            {
                await runtime.ForwardPortAsync(sandboxId, port, data, _ending.Token).ConfigureAwait(false);
            }
            catch (RuntimeCallException e)
            {
                var text = $"error forwarding port {port} to pod {sandboxId}, uid : {e.Description}";
                await error.WriteAsync(Encoding.UTF8.GetBytes(text), _ending.Token).ConfigureAwait(false);
            }

            await data.FinishAsync(_ending.Token).ConfigureAwait(false);
            await error.FinishAsync(_ending.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client closed while something was still on its way.
        }
    }
}
