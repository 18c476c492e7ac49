using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.Coordination.V1;

namespace Cybernetes.ApiServer.Tests.Registry;

public sealed class ApiEnablementTests
{
    [Theory]
    [InlineData("", "v1 v1beta1")]
    [InlineData("api/alpha=true", "v1 v1alpha2 v1beta1")]
    [InlineData("api/all=true", "v1 v1alpha2 v1beta1 v1beta2")]
    [InlineData("api/beta", "v1 v1beta1 v1beta2")]
    [InlineData("api/all=false,v1=true", "")]
    [InlineData("api/all=false,coordination.k8s.io/v1=true", "v1")]
    [InlineData("coordination.k8s.io/v1beta1=false", "v1")]
    [InlineData("coordination.k8s.io/v1beta2/leases=true,coordination.k8s.io/v1=false", "v1beta1 v1beta2")]
    public void CatalogOf_Keys_ChooseTheVersions(string text, string expected)
    {
        Assert.True(ApiEnablement.TryParse(text, out var enablement, out var error), error);
        var catalog = enablement.CatalogOf([new CoreKind(), new ThingKind()], FeatureGates.Default);

        Assert.Equal(expected, string.Join(' ', catalog.Served.Where(s => s.Kind is ThingKind).Select(s => s.Version.Version).Order()));
        Assert.Equal(expected.Length > 0, catalog.Kinds.Any(k => k is ThingKind));
    }

    [Theory]
    [InlineData("api/all=maybe", "invalid value of api/all: maybe, err: strconv.ParseBool: parsing \"maybe\": invalid syntax")]
    [InlineData("api/all=false", "invalid key with only api/all=false")]
    public void TryParse_BadText_IsRefused(string text, string expected)
    {
        Assert.False(ApiEnablement.TryParse(text, out _, out var error));
        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData("nothing.example/v1=true", "unknown api groups nothing.example")]
    [InlineData("coordination.k8s.io/v9=true", "group version coordination.k8s.io/v9 that has not been registered")]
    [InlineData("coordination.k8s.io/v1/others=true", "resource coordination.k8s.io/v1/others that has not been registered")]
    public void CatalogOf_UnknownKey_IsRefused(string text, string expected)
    {
        Assert.True(ApiEnablement.TryParse(text, out var enablement, out _));
        var refused = Assert.Throws<ApiEnablementException>(() => enablement.CatalogOf([new ThingKind()], FeatureGates.Default));
        Assert.Equal(expected, refused.Message);
    }

    [Fact]
    public void CatalogOf_GateOff_IsNotServed()
    {
        Assert.Empty(ApiEnablement.Default.CatalogOf([new GatedKind()], FeatureGates.Default).Kinds);
        Assert.True(FeatureGates.TryParse("GenericWorkload=true", out var gates, out _));
        Assert.Single(ApiEnablement.Default.CatalogOf([new GatedKind()], gates).Kinds);
    }

    [Fact]
    public void Served_OlderVersion_HasNoShortNames()
    {
        var served = ApiEnablement.Default.CatalogOf([new ThingKind()], FeatureGates.Default).Served;

        Assert.Equal(["th"], served.Single(s => s.Version.Version == "v1").ShortNames);
        Assert.Empty(served.Single(s => s.Version.IsOlder).ShortNames);
    }

    private sealed class CoreKind : KindDefinition<Objects.Core.V1.Secret>;

    private sealed class GatedKind : KindDefinition<Lease>
    {
        public override string? FeatureGate => "GenericWorkload";
    }

    internal sealed class ThingKind : KindDefinition<Lease>
    {
        public override IReadOnlyList<string> ShortNames => ["th"];

        protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
            [new Named("v1alpha2"), new Named("v1beta1") { IsOlder = true }, new Named("v1beta2")];
    }

    private sealed class Named(string version) : ServedVersion("coordination.k8s.io", version, "Thing")
    {
        public override Objects.Schema.TypeFacts? Facts => null;

        public override Objects.IKubernetesObject Decode(ref System.Text.Json.Utf8JsonReader reader, Objects.DecodeContext context) =>
            throw new NotSupportedException();

        public override void Encode(Objects.IKubernetesObject stored, System.Text.Json.Utf8JsonWriter writer) => throw new NotSupportedException();
    }
}
