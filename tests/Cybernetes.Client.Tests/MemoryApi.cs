using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Cybernetes.Client.Transport;

namespace Cybernetes.Client.Tests;

/// <summary>
/// The smallest API server that keeps objects with optimistic locking: get, create, update, patch (laid over at the top level).
/// </summary>
internal sealed class MemoryApi : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiting = [];
    private long _revision;

    /// <summary>When set, a request for which it is true is answered with 503.</summary>
    public Func<HttpRequestMessage, bool>? Refuse { get; set; }

    public List<string> Writes { get; } = [];

    public ApiClient Client(TimeProvider time) => new(this, new Uri("http://api.test"), ScriptedApi.OptionsFor(time));

    /// <summary>Ends when that many writes were answered in all.</summary>
    public Task WhenWritten(int count)
    {
        lock (_gate)
        {
            if (Writes.Count >= count)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((count, reached));
            return reached.Task;
        }
    }

    public JsonObject? Find(string path)
    {
        lock (_gate)
            return _objects.GetValueOrDefault(path);
    }

    public IReadOnlyList<JsonObject> All()
    {
        lock (_gate)
            return [.. _objects.Values];
    }

    public void Remove(string path)
    {
        lock (_gate)
            _objects.Remove(path);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        if (Refuse?.Invoke(request) == true)
            return Failure(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable");
        string path = request.RequestUri!.AbsolutePath;
        lock (_gate)
        {
            HttpResponseMessage response = Handle(request.Method, path, body);
            if (request.Method != HttpMethod.Get)
                Writes.Add($"{request.Method} {path}");
            _waiting.RemoveAll(wait => Writes.Count >= wait.Count && wait.Reached.TrySetResult());
            return response;
        }
    }

    private HttpResponseMessage Handle(HttpMethod method, string path, string body)
    {
        JsonObject? sent = body.Length == 0 ? null : JsonNode.Parse(body)!.AsObject();
        if (method == HttpMethod.Post)
        {
            path += "/" + sent!["metadata"]!["name"]!.GetValue<string>();
            return _objects.ContainsKey(path) ? Failure(HttpStatusCode.Conflict, "AlreadyExists") : Keep(path, sent);
        }
        if (!_objects.TryGetValue(path, out JsonObject? present))
            return Failure(HttpStatusCode.NotFound, "NotFound");
        if (method == HttpMethod.Get)
            return ScriptedApi.Answer(present.ToJsonString(), HttpStatusCode.OK);
        if (method == HttpMethod.Put)
        {
            string? version = sent!["metadata"]!["resourceVersion"]?.GetValue<string>();
            bool isStale = version is not null && version != present["metadata"]!["resourceVersion"]!.GetValue<string>();
            return isStale ? Failure(HttpStatusCode.Conflict, "Conflict") : Keep(path, sent);
        }
        foreach ((string name, JsonNode? value) in sent!)
            present[name] = value?.DeepClone();
        return Keep(path, present);
    }

    private HttpResponseMessage Keep(string path, JsonObject value)
    {
        value["metadata"]!["resourceVersion"] = (++_revision).ToString(CultureInfo.InvariantCulture);
        _objects[path] = value;
        return ScriptedApi.Answer(value.ToJsonString(), HttpStatusCode.OK);
    }

    private static HttpResponseMessage Failure(HttpStatusCode code, string reason) => ScriptedApi.Answer(
        $$"""{"kind":"Status","apiVersion":"v1","message":"{{reason}}","reason":"{{reason}}","code":{{(int)code}}}""", code);
}
