using Cybernetes.ApiServer.Health;
using Cybernetes.ApiServer.Metrics;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Server;

/// <summary>The visible list of what answers paths that are no resources. The first that serves a path answers it.</summary>
internal static class PathHandlers
{
    public static IReadOnlyList<IPathHandler> BuiltIn(
        RegistryServices services, MetricRegistry metrics, HealthChecks health, ApiServerOptions options)
    {
        _ = (services, options); // discovery and OpenAPI take them
        return
        [
            new HealthPaths(health),
            new VersionPath(),
            new MetricsPath(metrics),
        ];
    }
}
