using System.Text;
using Cybernetes.Controllers.BootstrapTokens;
using Cybernetes.Controllers.ClusterRoles;
using Cybernetes.Controllers.NodeTtl;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Rbac.V1;

namespace Cybernetes.Controllers.Tests.BootstrapTokens;

/// <summary>Tokens by which machines join.</summary>
public sealed class BootstrapTokenTests
{
    internal static Secret Token(string id = "abcdef", string expiration = "", string signing = "true") => new()
    {
        Metadata = { Namespace = "kube-system", Name = "bootstrap-token-" + id },
        Type = BootstrapToken.Type,
        Data = new Dictionary<string, string>
        {
            ["token-id"] = id, ["token-secret"] = "0123456789abcdef", ["usage-bootstrap-signing"] = signing, ["expiration"] = expiration,
        }.Where(d => d.Value.Length > 0).ToDictionary(d => d.Key, d => Encoding.UTF8.GetBytes(d.Value)),
    };

    [Theory]
    [InlineData("", true, false)]
    [InlineData("2026-01-01T00:00:01Z", true, false)]
    [InlineData("2025-12-31T23:59:59Z", true, true)]
    [InlineData("soon", false, false)]
    public void Read_Expiration_Counts(string expiration, bool isToken, bool isExpired)
    {
        var token = BootstrapToken.Read(Token(expiration: expiration));

        Assert.Equal((isToken, isExpired), (token is not null, token?.IsExpired(Make.Start) == true));
    }

    [Fact]
    public void Signed_Tokens_AreThoseForSigningAndNoOthers()
    {
        var data = new Dictionary<string, string> { ["kubeconfig"] = "apiVersion: v1\n", ["jws-kubeconfig-gone00"] = "x", ["other"] = "kept" };

        var signed = BootstrapSignerController.Signed(data, [BootstrapToken.Read(Token())!, BootstrapToken.Read(Token("silent", signing: ""))!]);

        Assert.Equal(["jws-kubeconfig-abcdef", "kubeconfig", "other"], signed.Keys.Order());
        // The header names algorithm and token, the payload is left out, and the signature is the text's under the token's secret.
        Assert.Equal("""{"alg":"HS256","kid":"abcdef"}""", Encoding.UTF8.GetString(Convert.FromBase64String(Padded(signed["jws-kubeconfig-abcdef"].Split('.')[0]))));
        Assert.Equal("", signed["jws-kubeconfig-abcdef"].Split('.')[1]);
    }

    [Theory]
    [InlineData(0, 100, 0)]
    [InlineData(0, 101, 15)]
    [InlineData(1, 95, 15)]
    [InlineData(1, 89, 0)]
    [InlineData(0, 5000, 300)]
    public void NodeTtl_ClusterSize_GivesSeconds(int step, int nodes, int seconds) =>
        Assert.Equal(seconds, NodeTtlController.Seconds(NodeTtlController.Step(step, nodes)));

    [Fact]
    public void AggregatedRole_MatchingRoles_GivesTheirRulesOnce()
    {
        static ClusterRole Role(string name, string label, params string[] resources) => new()
        {
            Metadata = { Name = name, Labels = new() { [label] = "true" } },
            Rules = [.. resources.Select(r => new PolicyRule { Resources = [r], Verbs = ["get"] })],
        };
        var admin = Role("admin", "to-admin", "own");
        admin.AggregationRule = new() { ClusterRoleSelectors = [new() { MatchLabels = new() { ["to-admin"] = "true" } }] };

        var rules = ClusterRoleAggregationController.Rules(admin,
            [Role("z", "to-admin", "pods"), Role("a", "to-admin", "jobs", "pods"), Role("x", "else", "secrets"), admin]);

        Assert.Equal(["jobs", "pods"], rules.Select(r => r.Resources![0]));
    }

    private static string Padded(string text) => text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '=');
}
