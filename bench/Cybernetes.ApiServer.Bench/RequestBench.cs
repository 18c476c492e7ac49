using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Server;
using Cybernetes.Store.Embedded;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.ApiServer.Bench;

/// <summary>Whole requests through the pipeline, without sockets and TLS, over a store in memory: what a request costs beside its transport.</summary>
internal sealed class RequestBench : IAsyncDisposable
{
    private const string Path = "/api/v1/namespaces/default/configmaps";
    private static readonly string s_value = new('x', 900);
    private readonly EmbeddedStore _store;
    private readonly InProcessIdentity _user = new(UserInfo.Authenticated("bench", ["system:masters"]));
    private readonly Exchange _get;
    private readonly Exchange _post;
    private readonly ApiServerHost _host;
    private int _created;

    private RequestBench(ApiServerHost host, EmbeddedStore store)
    {
        _host = host;
        _store = store;
        _get = new Exchange("GET", Path + "/kept", _user);
        _post = new Exchange("POST", Path, _user);
        Send(_post.With(Body("kept")), 201);
        Works =
        [
            ("GET of a ConfigMap of 1 KB", () => Send(_get, 200)),
            ("POST of a ConfigMap of 1 KB, to the store in memory", () => Send(_post.With(Body("c" + _created++.ToString(CultureInfo.InvariantCulture))), 201)),
        ];
    }

    public IReadOnlyList<(string Name, Func<object?> Work)> Works { get; }

    public static async Task<RequestBench> StartAsync()
    {
        var store = EmbeddedStore.OpenInMemory(TimeProvider.System);
        var host = await ApiServerHost.StartAsync(store, new ApiServerOptions { SecurePort = null });
        await host.WaitUntilReadyAsync();
        return new(host, store);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _store.DisposeAsync();
    }

    private static byte[] Body(string name) => Encoding.ASCII.GetBytes(
        $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","namespace":"default"},"data":{"k":"{{{s_value}}}"}}""");

    private object Send(Exchange exchange, int expected)
    {
        var running = _host.Services.Pipeline.HandleAsync(exchange.Begin());
        if (!running.IsCompleted)
            running.GetAwaiter().GetResult();
        if (exchange.Status != expected)
            throw new InvalidOperationException($"the answer is {exchange.Status}");
        return exchange;
    }

    /// <summary>One connection's request and answer, used again and again as a server does.</summary>
    private sealed class Exchange : IHttpRequestLifetimeFeature, IHttpResponseBodyFeature
    {
        private readonly FeatureCollection _features = new();
        private readonly HttpRequestFeature _request;
        private readonly HttpResponseFeature _response = new();
        private readonly DefaultHttpContext _context = new();
        private readonly MemoryStream _body = new();

        public Exchange(string method, string path, InProcessIdentity user)
        {
            _request = new()
            {
                Method = method, Scheme = "https", Protocol = "HTTP/1.1", Path = path, RawTarget = path, Body = _body,
                Headers = new HeaderDictionary { ["Host"] = "127.0.0.1", ["Accept"] = "application/json", ["User-Agent"] = "bench/1.0" },
            };
            _features.Set<IHttpRequestFeature>(_request);
            _features.Set<IHttpResponseFeature>(_response);
            _features.Set<IHttpResponseBodyFeature>(this);
            _features.Set<IHttpRequestLifetimeFeature>(this);
            _features.Set(user);
        }

        public int Status => _response.StatusCode;

        public CancellationToken RequestAborted { get; set; }

        public Stream Stream => Stream.Null;

        public PipeWriter Writer { get; } = PipeWriter.Create(Stream.Null);

        public Exchange With(byte[] body)
        {
            _body.SetLength(0);
            _body.Write(body);
            _request.Headers.ContentLength = body.Length;
            _request.Headers.ContentType = "application/json";
            return this;
        }

        public HttpContext Begin()
        {
            var flushed = Writer.FlushAsync();
            if (!flushed.IsCompletedSuccessfully)
                throw new InvalidOperationException("nothing takes no time");
            _body.Position = 0;
            _response.StatusCode = 200;
            _response.Headers.Clear();
            _context.Initialize(_features);
            return _context;
        }

        public void Abort()
        {
        }

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
    }
}
