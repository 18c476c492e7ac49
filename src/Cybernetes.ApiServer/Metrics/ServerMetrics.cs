using System.Diagnostics;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Foundation.Metrics;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Metrics;

/// <summary>Gauges of the server as a whole.</summary>
internal static class ServerMetrics
{
    public static void Register(MetricRegistry metrics, RegistryServices services, InFlightLimiter inFlight)
    {
        metrics.Gauge("apiserver_current_inflight_requests", "Requests under way, by kind.", ["request_kind"],
            () => [(["mutating"], inFlight.Mutating), (["readOnly"], inFlight.ReadOnly)]);
        metrics.Gauge("apiserver_longrunning_requests", "Watches under way, by resource.", ["resource"],
            () => services.Hub.Caches.Select(c => (new[] { c.Kind.Plural }, (double)c.Watchers)));
        metrics.Gauge("apiserver_resource_objects", "Stored objects, by resource.", ["group", "resource"], () => Counts(services));
        metrics.Gauge("apiserver_watch_cache_resource_version", "The revision up to which the watch caches are.", [],
            () => [([], services.Hub.Revision)]);
        metrics.Gauge("process_resident_memory_bytes", "Memory of the process.", [], () => [([], Environment.WorkingSet)]);
        metrics.Gauge("process_cpu_seconds_total", "CPU time of the process.", [],
            () => [([], Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds)]);
        metrics.Gauge("kubernetes_feature_enabled", "Whether a feature is on, with its stage.", ["name", "stage"], () => services.Gates.All
            .Select(g => (new[] { g.Gate.Name, g.Gate.Stage == "GA" ? "" : g.Gate.Stage.ToUpperInvariant() }, g.IsEnabled ? 1.0 : 0.0)));
        metrics.Gauge("kubernetes_build_info", "The version served.", ["major", "minor", "git_version"],
            () => [(["1", Server.VersionPath.Minor, Server.VersionPath.GitVersion], 1)]);
    }

    private static List<(string[] Labels, double Value)> Counts(RegistryServices services)
    {
        var counts = new List<(string[], double)>();
        foreach (var kind in services.Catalog.Kinds.Where(k => k is not IAnsweredKind))
        {
            var request = new RangeRequest(RegistryServices.RangeOf(kind, "")) { CountOnly = true };
            // The embedded engine answers at once; an engine across the network is not asked for figures.
            var answer = services.Store.RangeAsync(request);
            if (answer.IsCompletedSuccessfully && answer.Result.TryGet(out var range, out _))
                counts.Add(([kind.Group, kind.Plural], range.Count));
        }
        return counts;
    }
}

/// <summary>GET /metrics.</summary>
internal sealed class MetricsPath(MetricRegistry metrics) : IPathHandler
{
    public bool Serves(string path) => path == "/metrics";

    public Task HandleAsync(ApiRequest request) => request.Info.Verb is "get" or "head"
        ? Answers.WriteTextAsync(request, 200, "text/plain; version=0.0.4; charset=utf-8", metrics.Render())
        : throw Failure.MethodNotAllowed();
}
