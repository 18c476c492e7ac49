using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.ApiDiscovery.V2;

namespace Cybernetes.Client.Discovery;

/// <summary>All that a server serves, in two documents (aggregated discovery, KEP-3352).</summary>
internal static class AggregatedGroups
{
    /// <summary>What asks for the aggregated form, and takes the plain one from a server that has no other.</summary>
    public const string Accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

    /// <summary>The paths of the two.</summary>
    public static IReadOnlyList<string> Paths { get; } = ["/api", "/apis"];

    /// <summary>The groups in the server's order, each group's preferred version first; null when the server does not know this form.</summary>
    public static async Task<IReadOnlyList<APIGroupDiscovery>?> ReadAsync(ApiClient client, CancellationToken cancellation)
    {
        var groups = new List<APIGroupDiscovery>();
        foreach (var path in Paths)
        {
            var answer = await client.SendAsync(new ApiCall(HttpMethod.Get, path) { Accept = Accept }, cancellation).ConfigureAwait(false);
            var list = WireBody.Read<KubernetesList<APIGroupDiscovery>>(answer.Body);
            if (list.Kind != "APIGroupDiscoveryList")
                return null;
            groups.AddRange(list.Items);
        }
        return groups;
    }
}
