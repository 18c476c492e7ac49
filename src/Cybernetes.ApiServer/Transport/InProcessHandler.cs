using System.IO.Pipelines;
using System.Net;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.ApiServer.Transport;

/// <summary>
/// The transport of clients in the server's own process: a request enters the same pipeline as one from a socket, under a fixed user.
/// The answer starts as soon as its headers are sent, so watches stream; giving the answer up (dispose) aborts the request.
/// No upgrade (exec, port-forward): those need a connection. Safe for concurrent use; owns nothing.
/// </summary>
internal sealed class InProcessHandler(RequestPipeline pipeline, UserInfo user) : HttpMessageHandler
{
    private readonly InProcessIdentity _identity = new(user);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? Stream.Null : await request.Content.ReadAsStreamAsync(cancellationToken);
        var exchange = new InProcessExchange(request, body, _identity);
        await using var registration = cancellationToken.UnsafeRegister(static e => ((InProcessExchange)e!).Abort(), exchange);
        exchange.Run(pipeline);
        await exchange.HeadersSent.WaitAsync(cancellationToken);
        return exchange.ToResponse(request);
    }
}

/// <summary>One request and its answer, as the features of an <see cref="HttpContext"/>.</summary>
internal sealed class InProcessExchange :
    IHttpResponseFeature, IHttpResponseBodyFeature, IHttpRequestLifetimeFeature, IHttpRequestBodyDetectionFeature
{
    // A reader that stays away holds the writer back at this many bytes.
    private static readonly PipeOptions AnswerPipe = new(
        pauseWriterThreshold: 256 * 1024, resumeWriterThreshold: 128 * 1024, useSynchronizationContext: false);

    private readonly Pipe _pipe = new(AnswerPipe);
    private readonly TaskCompletionSource _headersSent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _aborted = new();
    private readonly DefaultHttpContext _context;
    private readonly List<(Func<object, Task> Callback, object State)> _onStarting = [];
    private readonly List<(Func<object, Task> Callback, object State)> _onCompleted = [];
    private Stream? _stream;

    public InProcessExchange(HttpRequestMessage request, Stream body, InProcessIdentity? identity)
    {
        var uri = request.RequestUri ?? throw new InvalidOperationException("a request without an address");
        var path = uri.IsAbsoluteUri ? uri.AbsolutePath : uri.OriginalString;
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = request.Method.Method, Scheme = "https", Protocol = "HTTP/2", Path = Uri.UnescapeDataString(path),
            QueryString = uri.IsAbsoluteUri ? uri.Query : "", RawTarget = uri.IsAbsoluteUri ? uri.PathAndQuery : path,
            Headers = HeadersOf(request), Body = body,
        });
        features.Set<IHttpResponseFeature>(this);
        features.Set<IHttpResponseBodyFeature>(this);
        features.Set<IHttpRequestLifetimeFeature>(this);
        features.Set<IHttpRequestBodyDetectionFeature>(this);
        if (identity is not null)
            features.Set(identity);
        CanHaveBody = request.Content is not null;
        _context = new(features);
    }

    public Task HeadersSent => _headersSent.Task;

    public bool CanHaveBody { get; }

    public int StatusCode { get; set; } = 200;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    [Obsolete("Use IHttpResponseBodyFeature.Stream instead.")]
    public Stream Body { get; set; } = Stream.Null;

    public bool HasStarted { get; private set; }

    public Stream Stream => _stream ??= new StartingStream(this);

    public PipeWriter Writer => field ??= new StartingWriter(this);

    public CancellationToken RequestAborted
    {
        get => _aborted.Token;
        set => throw new NotSupportedException();
    }

    public void OnStarting(Func<object, Task> callback, object state) => _onStarting.Add((callback, state));

    public void OnCompleted(Func<object, Task> callback, object state) => _onCompleted.Add((callback, state));

    public void Abort() => _aborted.Cancel();

    public void DisableBuffering()
    {
    }

    /// <summary>Runs the pipeline; the answer is read from the pipe while it goes on.</summary>
    public void Run(RequestPipeline pipeline) => _ = RunAsync(pipeline);

    private async Task RunAsync(RequestPipeline pipeline)
    {
        Exception? failure = null;
        try
        {
            await pipeline.HandleAsync(_context);
            await StartAsync();
        }
        catch (Exception e)
        {
            failure = e; // handed to the reader below
        }
        if (failure is not null && !HasStarted)
            _headersSent.TrySetException(new HttpRequestException("the request was aborted", failure));
        await _pipe.Writer.CompleteAsync(failure);
        foreach (var (callback, state) in _onCompleted)
            await callback(state);
    }

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (HasStarted)
            return;
        for (var i = _onStarting.Count - 1; i >= 0; i--)
            await _onStarting[i].Callback(_onStarting[i].State);
        HasStarted = true;
        _headersSent.TrySetResult();
    }

    public Task CompleteAsync() => StartAsync();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public HttpResponseMessage ToResponse(HttpRequestMessage request)
    {
        var response = new HttpResponseMessage((HttpStatusCode)StatusCode)
        {
            RequestMessage = request, Version = HttpVersion.Version20, Content = new StreamContent(new AnswerStream(this)),
        };
        foreach (var (name, values) in Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                response.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        return response;
    }

    private static HeaderDictionary HeadersOf(HttpRequestMessage request)
    {
        var headers = new HeaderDictionary();
        foreach (var (name, values) in request.Headers.NonValidated)
            headers[name] = values.Count == 1 ? values.ToString() : new Microsoft.Extensions.Primitives.StringValues(values.ToArray());
        if (request.Content is { } content)
        {
            foreach (var (name, values) in content.Headers.NonValidated)
                headers[name] = values.ToString();
        }
        return headers;
    }

    /// <summary>The writer given to the pipeline: the first flush sends the headers.</summary>
    private sealed class StartingWriter(InProcessExchange exchange) : PipeWriter
    {
        private readonly PipeWriter _inner = exchange._pipe.Writer;

        public override bool CanGetUnflushedBytes => _inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => _inner.UnflushedBytes;

        public override void Advance(int bytes) => _inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => _inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => _inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
        }

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            await exchange.StartAsync(cancellationToken);
            return await _inner.FlushAsync(cancellationToken);
        }
    }

    /// <summary>The same as a stream.</summary>
    private sealed class StartingStream(InProcessExchange exchange) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => throw new NotSupportedException("write asynchronously");

        public override async Task FlushAsync(CancellationToken cancellationToken) => await exchange.Writer.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("write asynchronously");

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await exchange.Writer.WriteAsync(buffer, cancellationToken);
            await exchange.StartAsync(cancellationToken);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <summary>The reader's side; disposing it early tells the pipeline that no one listens any more.</summary>
    private sealed class AnswerStream(InProcessExchange exchange) : Stream
    {
        private readonly Stream _inner = exchange._pipe.Reader.AsStream();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => _inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _inner.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            _inner.ReadAsync(buffer, offset, count, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                exchange.Abort();
                _inner.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
