using System.Net;
using System.Text;
using BenchmarkDotNet.Attributes;
using Cybernetes.Client.Transport;
using Cybernetes.Cluster.Serving;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.MicroBench;

/// <summary>Requests through the whole API server in this process, without sockets: list writing, and one write that 50 watchers see.</summary>
public class Serving
{
    private const int Watchers = 50;
    private const int Objects = 500;
    private const string Path = "/api/v1/namespaces/default/configmaps";

    private readonly List<Stream> _watches = [];
    private readonly byte[][] _buffers = [.. Enumerable.Range(0, Watchers).Select(_ => new byte[16 * 1024])];
    private string _folder = "";
    private ControlPlane _plane = null!;
    private ApiClient _client = null!;
    private int _next;

    [GlobalSetup]
    public async Task Start()
    {
        _folder = Directory.CreateTempSubdirectory("micro").FullName;
        _plane = await ControlPlane.StartAsync(
            new() { DataDirectory = _folder, NodeName = "micro", BindAddress = IPAddress.Loopback, SecurePort = 0, Loggers = NullLoggerFactory.Instance },
            CancellationToken.None).ConfigureAwait(false);
        await _plane.WaitUntilReadyAsync(CancellationToken.None).ConfigureAwait(false);
        _client = _plane.ClientAs("micro", "system:masters");
        for (var i = 0; i < Objects; i++)
            await SendAsync(HttpMethod.Post, Path, Body($"object-{i}", 900)).ConfigureAwait(false);
        // The watchers look at one object only, so that the writes of other benchmarks do not reach them.
        for (var i = 0; i < Watchers; i++)
        {
            var call = new ApiCall(HttpMethod.Get, $"{Path}?watch=1&fieldSelector=metadata.name%3Dobject-0");
            var answer = await _client.OpenAsync(call, CancellationToken.None).ConfigureAwait(false);
            _watches.Add(await answer.Content.ReadAsStreamAsync().ConfigureAwait(false));
        }
        await ReadEventsAsync().ConfigureAwait(false);
    }

    [GlobalCleanup]
    public async Task Stop()
    {
        _watches.ForEach(w => w.Dispose());
        _client.Dispose();
        await _plane.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark]
    public Task<int> Get() => SendAsync(HttpMethod.Get, Path + "/object-7");

    [Benchmark]
    public Task<int> ListOf500() => SendAsync(HttpMethod.Get, Path);

    [Benchmark]
    public Task<int> ListByLabel() => SendAsync(HttpMethod.Get, Path + "?labelSelector=app%3Dnone");

    [Benchmark]
    public async Task<int> WriteSeenByFiftyWatchers()
    {
        await SendAsync(HttpMethod.Put, Path + "/object-0", Body("object-0", 900)).ConfigureAwait(false);
        return await ReadEventsAsync().ConfigureAwait(false);
    }

    // One event each; it ends with a line's end.
    private async Task<int> ReadEventsAsync()
    {
        var sum = 0;
        for (var i = 0; i < Watchers; i++)
        {
            int count;
            do
            {
                sum += count = await _watches[i].ReadAsync(_buffers[i]).ConfigureAwait(false);
            }
            while (count > 0 && _buffers[i][count - 1] != '\n');
        }
        return sum;
    }

    private async Task<int> SendAsync(HttpMethod method, string path, byte[]? body = null)
    {
        var answer = await _client.SendAsync(new ApiCall(method, path) { Body = body }).ConfigureAwait(false);
        return answer.Code < 300 ? answer.Body.Length : throw new InvalidOperationException(Encoding.UTF8.GetString(answer.Body.Span));
    }

    private byte[] Body(string name, int filling) => Encoding.UTF8.GetBytes(
        $"{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"{name}\",\"labels\":{{\"app\":\"load\"}}}},"
        + $"\"data\":{{\"number\":\"{_next++}\",\"filling\":\"{new string('x', filling)}\"}}}}");
}
