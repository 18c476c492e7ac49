using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.Tests.Registry;

/// <summary>Holds what is served against the facts: no kind of any group and version may be forgotten.</summary>
public sealed class AllKindsTests
{
    // CRDs and metrics have owners of their own; imagepolicy is what a webhook is asked, not a resource of this server. The rest are not
    // collections of their own but subresources (pods/eviction) or were never served by a stored kind.
    private static readonly string[] s_elsewhere =
    [
        "apiextensions.k8s.io/", "metrics.k8s.io/", "imagepolicy.k8s.io/", "admission.k8s.io/", "policy/v1 Eviction", "policy/v1beta1 Eviction",
    ];

    [Fact]
    public async Task EveryResourceOfTheFacts_IsServedWhenAskedFor()
    {
        Assert.True(ApiEnablement.TryParse("api/all=true", out var enablement, out var problem), problem);
        Assert.True(FeatureGates.TryParse("AllAlpha=true,AllBeta=true", out var gates, out problem), problem);
        await using var server = await ServerFixture.StartAsync(o => o with { Enablement = enablement, FeatureGates = gates });
        var missing = new List<string>();
        foreach (var kind in SchemaFacts.Kinds.Where(k => k.Plural is not null).OrderBy(k => $"{k.APIVersion} {k.Kind}", StringComparer.Ordinal))
        {
            var name = $"{kind.APIVersion} {kind.Kind}";
            if (s_elsewhere.Any(e => name.StartsWith(e, StringComparison.Ordinal)))
                continue;
            var path = kind.Group.Length == 0 ? $"/api/{kind.Version}" : $"/apis/{kind.Group}/{kind.Version}";
            var list = await server.GetAsync(path);
            if (!list.Text.Contains($"\"name\":\"{kind.Plural}\"", StringComparison.Ordinal))
                missing.Add(name);
        }
        Assert.Empty(missing);
    }
}
