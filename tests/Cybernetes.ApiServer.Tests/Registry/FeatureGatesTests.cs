using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Tests.Registry;

public sealed class FeatureGatesTests
{
    [Theory]
    [InlineData("Nothing=true", "unrecognized feature gate: Nothing")]
    [InlineData("DynamicResourceAllocation=false", "cannot set feature gate DynamicResourceAllocation to false, feature is locked to true")]
    [InlineData("GenericWorkload", "missing bool value for GenericWorkload")]
    [InlineData("GenericWorkload=maybe", "invalid value of GenericWorkload=maybe, err: strconv.ParseBool: parsing \"maybe\": invalid syntax")]
    [InlineData("GangScheduling=true", "GangScheduling is enabled, but depends on features that are disabled: [GenericWorkload]")]
    public void TryParse_BadText_SaysWhatUpstreamSays(string text, string expected)
    {
        Assert.False(FeatureGates.TryParse(text, out _, out var error));
        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData("", "GenericWorkload", false)]
    [InlineData("", "DRAAdminAccess", true)]
    [InlineData("GenericWorkload=true,GangScheduling=true", "GangScheduling", true)]
    [InlineData("AllAlpha=true", "GenericWorkload", true)]
    [InlineData("HPAScaleToZero=false,AllAlpha=true", "HPAScaleToZero", false)]
    [InlineData("AllBeta=true", "ClusterTrustBundle", true)]
    [InlineData("AllBeta=true", "GenericWorkload", false)]
    [InlineData("DynamicResourceAllocation=true", "DynamicResourceAllocation", true)]
    public void TryParse_GoodText_SetsTheGates(string text, string gate, bool expected)
    {
        Assert.True(FeatureGates.TryParse(text, out var gates, out var error), error);
        Assert.Equal(expected, gates.IsEnabled(gate));
    }

    [Fact]
    public void Default_EveryGate_HasWhatItNeeds()
    {
        foreach (var (gate, isEnabled) in FeatureGates.Default.All)
        {
            Assert.Contains(gate.Stage, new[] { "Alpha", "Beta", "GA", "Deprecated" });
            foreach (var needed in gate.Needs)
                Assert.True(!isEnabled || FeatureGates.Default.IsEnabled(needed), $"{gate.Name} needs {needed}");
        }
    }

    [Fact]
    public async Task Metrics_Gates_AreTold()
    {
        await using var server = await ServerFixture.StartAsync(o => o with
        {
            FeatureGates = FeatureGates.TryParse("GenericWorkload=true", out var gates, out _) ? gates : FeatureGates.Default,
        });
        var text = (await server.GetAsync("/metrics")).Text;

        Assert.Contains("kubernetes_feature_enabled{name=\"GenericWorkload\",stage=\"ALPHA\"} 1\n", text);
        Assert.Contains("kubernetes_feature_enabled{name=\"DynamicResourceAllocation\",stage=\"\"} 1\n", text);
        Assert.Contains("kubernetes_feature_enabled{name=\"HPAScaleToZero\",stage=\"ALPHA\"} 0\n", text);
    }
}
