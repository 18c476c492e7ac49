using Cybernetes.Node.Runtime;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>
/// SPDY exec and attach ended by this server, for runtimes without a streaming server of their own: the client opens a stream for
/// each of error, stdin, stdout, stderr and resize, named by the header <c>streamtype</c>.
/// </summary>
internal sealed class SpdyCommandSession : CommandSession
{
    public static readonly string[] Protocols =
        ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"];

    /// <summary>How long the client has to open its streams: upstream's stream creation timeout.</summary>
    private static readonly TimeSpan StreamsDeadline = TimeSpan.FromSeconds(30);

    private readonly SpdyConnection _connection;
    private readonly Dictionary<string, SpdyStream> _streams = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gone = new();
    private readonly bool _statusIsJson;
    private readonly int _expected;
    private readonly Task _running;
    private CommandStreams? _commandStreams;

    private SpdyCommandSession(Stream transport, CommandOptions options, string protocol)
    {
        _statusIsJson = protocol == Protocols[0];
        var hasResize = options.Terminal && protocol is "v4.channel.k8s.io" or "v3.channel.k8s.io";
        var hasStderr = options.Stderr && !options.Terminal;
        _expected = 1 + Convert.ToInt32(options.Stdin) + Convert.ToInt32(options.Stdout) + Convert.ToInt32(hasStderr)
            + Convert.ToInt32(hasResize);
        _connection = new SpdyConnection(transport, isServer: true, TakeStreamAsync);
        _running = RunAsync();
    }

    public override CommandStreams Streams =>
        _commandStreams ?? throw new InvalidOperationException("the streams are not open yet");

    public override CancellationToken ClientGone => _gone.Token;

    /// <summary>Waits until the client has opened the streams it asked for.</summary>
    /// <exception cref="IOException">It did not, in time or at all.</exception>
    public static async Task<SpdyCommandSession> StartAsync(
        Stream transport, CommandOptions options, string protocol, TimeProvider time, CancellationToken cancellation)
    {
        var session = new SpdyCommandSession(transport, options, protocol);
        try
        {
            await session._complete.Task.WaitAsync(StreamsDeadline, time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw new IOException("timed out waiting for client to create streams", e);
        }

        session.MakeStreams(options);
        return session;
    }

    public override async Task FinishAsync(byte[] statusJson, CancellationToken cancellation)
    {
        try
        {
            // Before v4 the error stream holds plain text, and nothing for success.
            var error = _streams["error"];
            if (_statusIsJson)
                await error.WriteAsync(statusJson, cancellation).ConfigureAwait(false);
            else if (!statusJson.AsSpan().SequenceEqual(CommandStatus.OfExit(0)))
                await error.WriteAsync(PlainText(statusJson), cancellation).ConfigureAwait(false);
            foreach (var stream in _streams.Values)
                await stream.FinishAsync(cancellation).ConfigureAwait(false);
            await _connection.GoAwayAsync(cancellation).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The client went first: there is nobody left to tell.
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _gone.Dispose();
    }

    private static byte[] PlainText(byte[] statusJson)
    {
        using var status = System.Text.Json.JsonDocument.Parse(statusJson);
        return System.Text.Encoding.UTF8.GetBytes(status.RootElement.GetProperty("message").GetString() ?? "");
    }

    private async Task RunAsync()
    {
        await _connection.RunAsync(CancellationToken.None).ConfigureAwait(false);
        _complete.TrySetException(new IOException("the client went away before it created its streams"));
        _ = _complete.Task.Exception;
        EndResizes();
        await _gone.CancelAsync().ConfigureAwait(false);
    }

    private Task TakeStreamAsync(SpdyStream stream)
    {
        var type = stream.Headers.GetValueOrDefault("streamtype", "");
        if (type is not ("error" or "stdin" or "stdout" or "stderr" or "resize") || !_streams.TryAdd(type, stream))
            return stream.ResetAsync(CancellationToken.None);
        if (type == "resize")
            _ = ReadResizesAsync(stream);
        if (_streams.Count == _expected)
            _complete.TrySetResult();
        return Task.CompletedTask;
    }

    private void MakeStreams(CommandOptions options) => _commandStreams = new CommandStreams(
        _streams.GetValueOrDefault("stdin"),
        _streams.GetValueOrDefault("stdout"),
        _streams.GetValueOrDefault("stderr"),
        options.Terminal ? Resizes : null);

    private async Task ReadResizesAsync(SpdyStream stream)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        try
        {
            while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
                TakeResize(System.Text.Encoding.UTF8.GetBytes(line));
        }
        catch (InvalidDataException)
        {
            // The connection broke the protocol and is ending.
        }
    }
}
