using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Cybernetes.Node.Runtime;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>What the client of an exec or attach asked for.</summary>
internal readonly record struct CommandOptions(bool Stdin, bool Stdout, bool Stderr, bool Terminal);

/// <summary>
/// The client's end of an exec or attach that this server terminates itself (it is not tunnelled): WebSocket v4/v5 channels or
/// SPDY streams.
/// </summary>
internal abstract class CommandSession : IAsyncDisposable
{
    private readonly Channel<TerminalSize> _resizes = Channel.CreateBounded<TerminalSize>(
        new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });

    public abstract CommandStreams Streams { get; }

    /// <summary>Cancelled when the client went away.</summary>
    public abstract CancellationToken ClientGone { get; }

    protected ChannelReader<TerminalSize> Resizes => _resizes.Reader;

    /// <summary>Tells the client how the command ended (a JSON v1 Status) and closes in order.</summary>
    public abstract Task FinishAsync(byte[] statusJson, CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();

    protected void TakeResize(ReadOnlySpan<byte> json)
    {
        try
        {
            if (CommandStatus.ParseSize(json) is { } size)
                _resizes.Writer.TryWrite(size);
        }
        catch (JsonException)
        {
            // A size that cannot be read changes nothing; upstream ends its resize loop the same quiet way.
        }
    }

    protected void EndResizes() => _resizes.Writer.TryComplete();
}

/// <summary>The JSON on the error and resize channels (remotecommand v4).</summary>
internal static class CommandStatus
{
    private static readonly byte[] SuccessJson = """{"metadata":{},"status":"Success"}"""u8.ToArray();

    public static byte[] OfExit(int exitCode)
    {
        if (exitCode == 0)
            return SuccessJson;
        return Write(json =>
        {
            json.WriteString("status", "Failure");
            json.WriteString("message", $"command terminated with non-zero exit code: exit status {exitCode}");
            json.WriteString("reason", "NonZeroExitCode");
            json.WriteStartObject("details");
            json.WriteStartArray("causes");
            json.WriteStartObject();
            json.WriteString("reason", "ExitCode");
            json.WriteString("message", $"{exitCode}");
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    public static byte[] OfFailure(string message) => Write(json =>
    {
        json.WriteString("status", "Failure");
        json.WriteString("message", message);
        json.WriteString("reason", "InternalError");
        json.WriteStartObject("details");
        json.WriteStartArray("causes");
        json.WriteStartObject();
        json.WriteString("message", message);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNumber("code", 500);
    });

    /// <summary>Go's encoding: {"Width":80,"Height":24} and a newline.</summary>
    public static byte[] OfSize(TerminalSize size) =>
        System.Text.Encoding.ASCII.GetBytes($"{{\"Width\":{size.Width},\"Height\":{size.Height}}}\n");

    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static TerminalSize? ParseSize(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        ushort width = 0, height = 0;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            var isWidth = reader.ValueTextEquals("Width"u8);
            var isHeight = reader.ValueTextEquals("Height"u8);
            if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetUInt16(out var value))
                continue;
            width = isWidth ? value : width;
            height = isHeight ? value : height;
        }

        return width > 0 && height > 0 ? new TerminalSize(width, height) : null;
    }

    private static byte[] Write(Action<Utf8JsonWriter> body)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            json.WriteEndObject();
            body(json);
            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }
}
