using System.Text;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Health;

/// <summary>One check of the server's health.</summary>
/// <param name="Name">Name in the paths.</param>
/// <param name="ReadyOnly">True when it says whether the server can serve, not whether it is alive.</param>
/// <param name="RunAsync">What is wrong; null when nothing is.</param>
internal sealed record HealthCheck(string Name, bool ReadyOnly, Func<CancellationToken, ValueTask<string?>> RunAsync);

/// <summary>The checks behind /livez, /readyz and /healthz.</summary>
internal sealed class HealthChecks
{
    private readonly List<HealthCheck> _checks = [];
    private volatile bool _shuttingDown;

    public HealthChecks(RegistryServices services)
    {
        Logger = services.Logger;
        Add(new("ping", false, _ => new((string?)null)));
        Add(new("log", false, _ => new((string?)null)));
        Add(new("etcd", false, async cancellation => (await services.Store.StatusAsync(cancellation)).TryGet(out var status, out var error)
            ? status.Fault?.Message
            : error.Message));
        Add(new("informer-sync", true, async cancellation =>
        {
            var revision = (await services.Store.StatusAsync(cancellation)).TryGet(out var status, out _) ? status.Revision : 0;
            return services.Hub.Revision + 100_000 < revision ? "the watch caches are far behind the store" : null;
        }));
        Add(new("shutdown", true, _ => new(_shuttingDown ? "process is shutting down" : null)));
    }

    public ILogger Logger { get; }

    /// <summary>The checks of one of the three paths.</summary>
    public IEnumerable<HealthCheck> Of(string path)
    {
        lock (_checks)
            return [.. _checks.Where(c => path == "readyz" || !c.ReadyOnly)];
    }

    /// <summary>Adds a check.</summary>
    public void Add(HealthCheck check)
    {
        lock (_checks)
            _checks.Add(check);
    }

    /// <summary>From now on the server is not ready.</summary>
    public void BeginShutdown() => _shuttingDown = true;
}

/// <summary>GET of /livez, /readyz, /healthz: all checks, or one below; <c>?verbose</c> lists them, <c>?exclude=name</c> leaves some out.</summary>
internal sealed class HealthPaths(HealthChecks checks) : IPathHandler
{
    private const string PlainText = "text/plain; charset=utf-8";

    public bool Serves(string path) => RootOf(path) is not null;

    public async Task HandleAsync(ApiRequest request)
    {
        if (request.Info.Verb is not ("get" or "head"))
            throw Failure.MethodNotAllowed();
        var path = request.Info.Path;
        var root = RootOf(path)!;
        var single = path.Length > root.Length + 2 ? path[(root.Length + 2)..] : "";
        request.Http.Response.Headers.XContentTypeOptions = "nosniff";
        if (single.Length > 0)
            await WriteOneAsync(request, root, single);
        else
            await WriteAllAsync(request, root);
    }

    private async Task WriteOneAsync(ApiRequest request, string root, string name)
    {
        var check = checks.Of(root).FirstOrDefault(c => c.Name == name) ?? throw Failure.NoSuchRoute();
        var problem = await check.RunAsync(request.Aborted);
        await Answers.WriteTextAsync(request, problem is null ? 200 : 500, PlainText,
            problem is null ? "ok" : $"internal server error: {problem}\n");
    }

    private async Task WriteAllAsync(ApiRequest request, string root)
    {
        var excluded = request.Http.Request.Query["exclude"].SelectMany(e => (e ?? "").Split(',')).Where(e => e.Length > 0).ToHashSet();
        var text = new StringBuilder();
        var failed = new List<string>();
        foreach (var check in checks.Of(root))
        {
            if (excluded.Remove(check.Name))
            {
                text.Append($"[+]{check.Name} excluded: ok\n");
                continue;
            }
            if (await check.RunAsync(request.Aborted) is not { } problem)
            {
                text.Append($"[+]{check.Name} ok\n");
                continue;
            }
            checks.Logger.LogWarning("{Path} check {Check} failed: {Problem}", root, check.Name, problem);
            text.Append($"[-]{check.Name} failed: reason withheld\n");
            failed.Add(check.Name);
        }
        if (excluded.Count > 0)
            text.Append($"warn: some health checks cannot be excluded: no matches for {string.Join(", ", excluded.Select(JsonText.Quote))}\n");
        if (failed.Count > 0)
            await Answers.WriteTextAsync(request, 500, PlainText, $"{text}{root} check failed\n");
        else
            await Answers.WriteTextAsync(request, 200, PlainText, request.QueryFlag("verbose") ? $"{text}{root} check passed\n" : "ok");
    }

    private static string? RootOf(string path)
    {
        foreach (var root in (ReadOnlySpan<string>)["livez", "readyz", "healthz"])
        {
            if (path.Length > root.Length && path.AsSpan(1).StartsWith(root) && (path.Length == root.Length + 1 || path[root.Length + 1] == '/'))
                return root;
        }
        return null;
    }
}
