using Cybernetes.ApiServer.Discovery;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Autoscaling.V1;
using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.Tests.Discovery;

public sealed class DiscoveryOrderTests
{
    [Fact]
    public void Of_OlderVersions_ComeLast()
    {
        var catalog = new KindCatalog([new DeploymentLike(), new AutoscalerLike(), new SecretLike()]);
        var groups = DiscoveryGroup.Of(catalog);

        Assert.Equal(["", "apps", "autoscaling", "extensions"], groups.Select(g => g.Name));
        Assert.Equal(["v1", "v1beta2", "v1beta1"], groups[1].Versions.Select(v => v.Version));
        Assert.Equal(["v2", "v1", "v2beta2", "v2beta1"], groups[2].Versions.Select(v => v.Version));
    }

    [Fact]
    public void Write_OlderVersion_HasNoShortNamesAndTheSameHash()
    {
        var documents = new DiscoveryDocuments(new KindCatalog([new DeploymentLike()]));
        var current = Resource(documents, "/apis/apps/v1");
        var older = Resource(documents, "/apis/extensions/v1beta1");

        Assert.Equal("deploy", current["shortNames"]![0]!.GetValue<string>());
        Assert.Equal("all", current["categories"]![0]!.GetValue<string>());
        Assert.Null(older["shortNames"]);
        Assert.Null(older["categories"]);
        Assert.Equal(current["storageVersionHash"]!.GetValue<string>(), older["storageVersionHash"]!.GetValue<string>());
        Assert.Equal("apps/v1", System.Text.Json.Nodes.JsonNode.Parse(documents.Plain("/apis/apps")!.Json.Span)!["preferredVersion"]!["groupVersion"]!
            .GetValue<string>());
    }

    [Fact]
    public void Aggregated_OlderVersion_HasNoShortNames()
    {
        var documents = new DiscoveryDocuments(new KindCatalog([new DeploymentLike()]));
        var items = System.Text.Json.Nodes.JsonNode.Parse(documents.Aggregated("/apis", "v2").Json.Span)!["items"]!.AsArray();

        Assert.Equal(["apps", "extensions"], items.Select(i => i!["metadata"]!["name"]!.GetValue<string>()));
        Assert.NotNull(items[0]!["versions"]![0]!["resources"]![0]!["shortNames"]);
        Assert.Null(items[1]!["versions"]![0]!["resources"]![0]!["shortNames"]);
    }

    private static System.Text.Json.Nodes.JsonNode Resource(DiscoveryDocuments documents, string path) =>
        System.Text.Json.Nodes.JsonNode.Parse(documents.Plain(path)!.Json.Span)!["resources"]![0]!;

    private sealed class SecretLike : KindDefinition<Objects.Core.V1.Secret>;

    private sealed class DeploymentLike : KindDefinition<Deployment>
    {
        public override IReadOnlyList<string> ShortNames => ["deploy"];

        public override IReadOnlyList<string> Categories => ["all"];

        protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
        [
            new Named("extensions", "v1beta1", "Deployment") { IsOlder = true },
            new Named("apps", "v1beta1", "Deployment") { IsOlder = true },
            new Named("apps", "v1beta2", "Deployment") { IsOlder = true },
        ];
    }

    private sealed class AutoscalerLike : KindDefinition<HorizontalPodAutoscaler>
    {
        protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
        [
            new Named("autoscaling", "v2beta1", "HorizontalPodAutoscaler") { IsOlder = true },
            new Named("autoscaling", "v2beta2", "HorizontalPodAutoscaler") { IsOlder = true },
            new Named("autoscaling", "v2", "HorizontalPodAutoscaler"),
        ];
    }

    private sealed class Named(string group, string version, string kind) : ServedVersion(group, version, kind)
    {
        public override TypeFacts? Facts => null;

        public override IKubernetesObject Decode(ref System.Text.Json.Utf8JsonReader reader, DecodeContext context) => throw new NotSupportedException();

        public override void Encode(IKubernetesObject stored, System.Text.Json.Utf8JsonWriter writer) => throw new NotSupportedException();
    }
}
