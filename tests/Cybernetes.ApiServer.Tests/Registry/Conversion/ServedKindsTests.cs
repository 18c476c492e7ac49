using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.Tests.Registry.Conversion;

/// <summary>Every kind that the facts know as a resource is served, or stands here with a reason.</summary>
public sealed class ServedKindsTests
{
    private static readonly Dictionary<string, string> s_left = new(StringComparer.Ordinal)
    {
        ["metrics.k8s.io/v1beta1 NodeMetrics"] = "served by the metrics API, a server of its own",
        ["metrics.k8s.io/v1beta1 PodMetrics"] = "served by the metrics API, a server of its own",
        ["apiextensions.k8s.io/v1 CustomResourceDefinition"] = "comes with custom resources",
        ["apiextensions.k8s.io/v1beta1 CustomResourceDefinition"] = "comes with custom resources",
        ["imagepolicy.k8s.io/v1alpha1 ImageReview"] = "sent to an image policy webhook, never asked of the server",
        ["policy/v1 Eviction"] = "the body of pods/eviction",
        ["policy/v1beta1 Eviction"] = "the body of pods/eviction",
    };

    [Fact]
    public async Task ResourcesOfTheFacts_All_AreServedOrExplained()
    {
        await using var server = await EverythingServer.StartAsync();
        var catalog = server.Host.Services.Catalog;
        var missing = SchemaFacts.Kinds.Where(k => k.Plural is not null && catalog.FindKind(k.Group, k.Version, k.Kind) is null)
            .Select(k => $"{k.APIVersion} {k.Kind}").Where(k => !s_left.ContainsKey(k)).Order(StringComparer.Ordinal).ToList();

        Assert.True(missing.Count == 0, "neither served nor explained:\n" + string.Join('\n', missing));
    }

    [Fact]
    public async Task ExplainedKinds_ThatAreServed_AreNoGaps()
    {
        await using var server = await EverythingServer.StartAsync();
        var served = server.Host.Services.Catalog.Served.Select(s => $"{s.Version.APIVersion} {s.Version.Kind}").Where(s_left.ContainsKey);

        Assert.Empty(served);
    }
}
