using Cybernetes.ApiServer.Discovery;
using Cybernetes.ApiServer.Health;
using Cybernetes.ApiServer.Metrics;
using Cybernetes.ApiServer.OpenApi;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Foundation.Metrics;

namespace Cybernetes.ApiServer.Server;

/// <summary>The visible list of what answers paths that are no resources. The first that serves a path answers it.</summary>
internal static class PathHandlers
{
    /// <summary>Paths that <c>/</c> lists beside the groups'.</summary>
    private static readonly string[] s_rootPaths =
        ["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"];

    public static IReadOnlyList<IPathHandler> BuiltIn(
        RegistryServices services, MetricRegistry metrics, HealthChecks health, ApiServerOptions options)
    {
        _ = options;
        return
        [
            new DiscoveryPaths(services, s_rootPaths),
            new OpenApiPaths(services),
            new HealthPaths(health),
            new VersionPath(),
            new MetricsPath(metrics),
        ];
    }
}
