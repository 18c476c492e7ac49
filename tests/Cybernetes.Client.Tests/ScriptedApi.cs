using System.Net;
using System.Text;
using System.Threading.Channels;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;

namespace Cybernetes.Client.Tests;

/// <summary>An API server that answers each request by the next step of a script, and remembers what it was asked.</summary>
internal sealed class ScriptedApi : HttpMessageHandler
{
    private readonly Queue<Func<HttpRequestMessage, HttpResponseMessage>> _steps = new();
    private readonly Lock _gate = new();
    private readonly List<string> _requests = [];
    private readonly List<string> _bodies = [];

    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_gate)
                return [.. _requests];
        }
    }

    public IReadOnlyList<string> Bodies
    {
        get
        {
            lock (_gate)
                return [.. _bodies];
        }
    }

    public ApiClient Client(TimeProvider time) => new(this, new Uri("http://api.test"), OptionsFor(time));

    public static ApiClientOptions OptionsFor(TimeProvider time) =>
        new() { Time = time, Random = Chance.Seeded(1), CallTimeout = Timeout.InfiniteTimeSpan };

    public ScriptedApi Then(Func<HttpRequestMessage, HttpResponseMessage> step)
    {
        lock (_gate)
            _steps.Enqueue(step);
        return this;
    }

    public ScriptedApi Json(string body, HttpStatusCode code = HttpStatusCode.OK) => Then(_ => Answer(body, code));

    public ScriptedApi Fail(HttpRequestError error) => Then(_ => throw new HttpRequestException(error, "scripted"));

    /// <summary>Answers with a stream that the test feeds.</summary>
    public WatchScript Watch()
    {
        var script = new WatchScript();
        Then(_ =>
        {
            script.Opened.TrySetResult();
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(script.Stream) };
        });
        return script;
    }

    public static HttpResponseMessage Answer(string body, HttpStatusCode code) =>
        new(code) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        Func<HttpRequestMessage, HttpResponseMessage>? step;
        lock (_gate)
        {
            _requests.Add($"{request.Method} {request.RequestUri!.PathAndQuery}");
            _bodies.Add(body);
            _steps.TryDequeue(out step);
        }
        if (step is not null)
            return step(request);
        // The script is at its end: the server hangs, as long as the test runs.
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        throw new UnreachableException();
    }

    private sealed class UnreachableException : Exception;
}

/// <summary>The server's end of a watch.</summary>
internal sealed class WatchScript
{
    private readonly Channel<byte[]> _pieces = Channel.CreateUnbounded<byte[]>();

    public WatchScript() => Stream = new PieceStream(_pieces.Reader);

    public Stream Stream { get; }

    public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WatchScript Send(string text)
    {
        _pieces.Writer.TryWrite(Encoding.UTF8.GetBytes(text));
        return this;
    }

    public WatchScript Event(string type, string body) => Send($$"""{"type":"{{type}}","object":{{body}}}""" + "\n");

    public void End() => _pieces.Writer.TryComplete();

    public void Break() => _pieces.Writer.TryComplete(new IOException("scripted break"));

    private sealed class PieceStream(ChannelReader<byte[]> pieces) : Stream
    {
        private ReadOnlyMemory<byte> _rest;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_rest.IsEmpty)
            {
                if (!await pieces.WaitToReadAsync(cancellationToken) || !pieces.TryRead(out byte[]? piece))
                    return 0;
                _rest = piece;
            }
            int count = Math.Min(buffer.Length, _rest.Length);
            _rest[..count].CopyTo(buffer);
            _rest = _rest[count..];
            return count;
        }

        public override void Flush() => throw new NotSupportedException();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
