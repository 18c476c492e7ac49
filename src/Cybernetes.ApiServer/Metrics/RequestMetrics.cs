using System.Globalization;
using Cybernetes.ApiServer.Pipeline;

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

    /// <summary>Counts a request that has been answered.</summary>
    public void Record(ApiRequest request, TimeSpan duration)
    {
        if (request.Info is not { } info)
            return;
        // Only what the server serves becomes a label: a client must not be able to invent time series.
        var known = request.Target is not null;
        var (group, version) = known ? (info.Group, info.Version) : ("", "");
        var (resource, subresource) = known ? (info.Resource, KnownSubresource(request)) : ("", "");
        var scope = !known ? "" : info.Name.Length > 0 ? "resource" : info.Namespace.Length > 0 ? "namespace" : "cluster";
        var verb = VerbOf(info);
        var dryRun = request.Http.Request.Query.ContainsKey("dryRun") ? "All" : "";
        var code = request.Http.Response.StatusCode.ToString(CultureInfo.InvariantCulture);
        _total.Increment(code, "apiserver", dryRun, group, resource, scope, subresource, verb, version);
        if (!info.IsLongRunning)
            _duration.Observe(duration.TotalSeconds, "apiserver", dryRun, group, resource, scope, subresource, verb, version);
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
