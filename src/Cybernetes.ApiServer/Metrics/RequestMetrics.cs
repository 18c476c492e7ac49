using System.Collections.Concurrent;
using System.Globalization;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Foundation.Metrics;

namespace Cybernetes.ApiServer.Metrics;

/// <summary>The metrics of requests, under upstream's names.</summary>
internal sealed class RequestMetrics(MetricRegistry registry)
{
    private static readonly double[] DurationBounds =
        [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

    private readonly Counter _total = registry.Counter(
        "apiserver_request_total", "Requests by verb, resource and status code.",
        "code", "component", "dry_run", "group", "resource", "scope", "subresource", "verb", "version");

    private readonly Histogram _duration = registry.Histogram(
        "apiserver_request_duration_seconds", "How long requests took, in seconds, without watches and streams.", DurationBounds,
        "component", "dry_run", "group", "resource", "scope", "subresource", "verb", "version");

    // The cells of a series are looked up by what makes it, so that a request need not gather and hash nine labels.
    private readonly ConcurrentDictionary<SeriesKey, Series> _series = new();

    private readonly record struct SeriesKey(ServedKind? Target, string Subresource, string Scope, string Verb, int Code, bool DryRun, bool IsTimed);

    private readonly record struct Series(Counter.Cell Total, Histogram.Cell? Duration);

    /// <summary>Counts a request that has been answered.</summary>
    public void Record(ApiRequest request, TimeSpan duration)
    {
        if (request.Info is not { } info)
            return;
        // Only what the server serves becomes a label: a client must not be able to invent time series.
        ServedKind? target = request.Target;
        var subresource = info.Subresource.Length == 0 || target is null ? "" : KnownSubresource(request);
        var scope = target is null ? "" : info.Name.Length > 0 ? "resource" : info.Namespace.Length > 0 ? "namespace" : "cluster";
        var dryRun = request.HasQuery && request.Http.Request.Query.ContainsKey("dryRun");
        var key = new SeriesKey(target, subresource, scope, VerbOf(info), request.Http.Response.StatusCode, dryRun, !info.IsLongRunning);
        if (!_series.TryGetValue(key, out var series))
            _series[key] = series = SeriesOf(key);
        series.Total.Increment();
        series.Duration?.Observe(duration.TotalSeconds);
    }

    private Series SeriesOf(SeriesKey key)
    {
        var (group, version, resource) = key.Target is { } target
            ? (target.Version.Group, target.Version.Version, target.Kind.Plural) : ("", "", "");
        var code = key.Code.ToString(CultureInfo.InvariantCulture);
        var dryRun = key.DryRun ? "All" : "";
        return new(
            _total.CellOf(code, "apiserver", dryRun, group, resource, key.Scope, key.Subresource, key.Verb, version),
            key.IsTimed ? _duration.CellOf("apiserver", dryRun, group, resource, key.Scope, key.Subresource, key.Verb, version) : null);
    }

    private static string KnownSubresource(ApiRequest request)
    {
        var name = request.Info.Subresource;
        return name is "status" or "scale" || request.Target.Subresources.Any(s => s.Name == name) ? name : "";
    }

    private static string VerbOf(RequestInfo info) => info.Verb switch
    {
        "get" when info.IsResource && info.IsLongRunning => "CONNECT",
        "get" => "GET",
        "list" => "LIST",
        "watch" => "WATCH",
        "create" when info.IsLongRunning => "CONNECT",
        "create" or "post" => "POST",
        "update" or "put" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        _ => "other",
    };
}
