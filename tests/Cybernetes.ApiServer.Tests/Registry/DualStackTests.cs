using System.Net;
using System.Text.Json.Nodes;
using Cybernetes.ApiServer.Server;

namespace Cybernetes.ApiServer.Tests.Registry;

/// <summary>Services on a cluster whose service range has both address families.</summary>
public sealed class DualStackTests
{
    private const string Path = "/api/v1/namespaces/default/services";

    private static Task<ServerFixture> StartAsync(bool sixFirst = false) => ServerFixture.StartAsync(o => o with
    {
        ServiceClusterIPRange = IPNetwork.Parse(sixFirst ? "fd00:10::/112" : "10.50.0.0/24"),
        SecondaryServiceClusterIPRange = IPNetwork.Parse(sixFirst ? "10.50.0.0/24" : "fd00:10::/112"),
    });

    private static string Text(string spec, string name = "web") =>
        $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{name}}}"},"spec":{"ports":[{"port":80}],"selector":{"a":"b"}{{{spec}}}}}""";

    private static string Families(JsonNode service) => string.Join(',', service["spec"]!["ipFamilies"]!.AsArray().Select(f => (string?)f));

    private static List<string> Addresses(JsonNode service) => [.. service["spec"]!["clusterIPs"]!.AsArray().Select(a => (string)a!)];

    private static string Kinds(IEnumerable<string> addresses) =>
        string.Join(',', addresses.Select(a => a == "None" ? a : a.StartsWith("fd00:10::", StringComparison.Ordinal) ? "6" : a.StartsWith("10.50.0.", StringComparison.Ordinal) ? "4" : "?"));

    [Theory]
    [InlineData(false, "", "SingleStack", "IPv4", "4")]
    [InlineData(true, "", "SingleStack", "IPv6", "6")]
    [InlineData(false, ""","ipFamilies":["IPv6"]""", "SingleStack", "IPv6", "6")]
    [InlineData(false, ""","ipFamilyPolicy":"PreferDualStack" """, "PreferDualStack", "IPv4,IPv6", "4,6")]
    [InlineData(true, ""","ipFamilyPolicy":"PreferDualStack" """, "PreferDualStack", "IPv6,IPv4", "6,4")]
    [InlineData(false, ""","ipFamilyPolicy":"RequireDualStack","ipFamilies":["IPv6"]""", "RequireDualStack", "IPv6,IPv4", "6,4")]
    [InlineData(false, ""","ipFamilyPolicy":"RequireDualStack","clusterIP":"fd00:10::77" """, "RequireDualStack", "IPv6,IPv4", "6,4")]
    [InlineData(false, ""","ipFamilyPolicy":"PreferDualStack","clusterIP":"None" """, "PreferDualStack", "IPv4,IPv6", "None")]
    [InlineData(false, ""","ipFamilyPolicy":"RequireDualStack","type":"NodePort","clusterIP":"10.50.0.9","clusterIPs":["10.50.0.9","fd00:10::9"]""", "RequireDualStack", "IPv4,IPv6", "4,6")]
    public async Task Service_ByPolicyAndFamilies_GetsItsAddresses(bool sixFirst, string spec, string policy, string families, string addresses)
    {
        await using var server = await StartAsync(sixFirst);
        var made = await server.SendAsync("POST", Path, Text(spec));
        Assert.Equal(201, made.Code);
        Assert.Equal((policy, families, addresses), ((string?)made.Json["spec"]!["ipFamilyPolicy"], Families(made.Json), Kinds(Addresses(made.Json))));
        Assert.Equal(Addresses(made.Json)[0], (string?)made.Json["spec"]!["clusterIP"]);
        foreach (var address in Addresses(made.Json).Where(a => a != "None"))
        {
            var kept = await server.GetAsync("/apis/networking.k8s.io/v1/ipaddresses/" + address);
            Assert.Equal((200, "web"), (kept.Code, (string?)kept.Json["spec"]!["parentRef"]!["name"]));
        }
    }

    [Fact]
    public async Task Service_Upgraded_GetsASecondAddressAndGivesItBack()
    {
        await using var server = await StartAsync();
        var first = Addresses((await server.SendAsync("POST", Path, Text(""))).Json).Single();

        var both = await server.SendAsync("PATCH", Path + "/web", """{"spec":{"ipFamilyPolicy":"PreferDualStack"}}""", "application/merge-patch+json");
        Assert.Equal((200, "IPv4,IPv6", "4,6"), (both.Code, Families(both.Json), Kinds(Addresses(both.Json))));
        Assert.Equal(first, Addresses(both.Json)[0]);
        var second = Addresses(both.Json)[1];

        // A whole service that does not mention its addresses keeps them.
        var again = await server.SendAsync("PUT", Path + "/web", Text(""","ipFamilyPolicy":"PreferDualStack","type":"NodePort" """));
        Assert.Equal((200, first + "," + second), (again.Code, string.Join(',', Addresses(again.Json))));

        var single = await server.SendAsync("PATCH", Path + "/web", """{"spec":{"ipFamilyPolicy":"SingleStack"}}""", "application/merge-patch+json");
        Assert.Equal((200, "IPv4", first), (single.Code, Families(single.Json), string.Join(',', Addresses(single.Json))));
        Assert.Equal(404, (await server.GetAsync("/apis/networking.k8s.io/v1/ipaddresses/" + second)).Code);
        Assert.Equal(200, (await server.GetAsync("/apis/networking.k8s.io/v1/ipaddresses/" + first)).Code);
    }

    [Theory]
    [InlineData(""","ipFamilyPolicy":"SingleStack","ipFamilies":["IPv4","IPv6"]""",
        "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified")]
    [InlineData(""","ipFamilyPolicy":"PreferDualStack","clusterIP":"10.50.0.9","clusterIPs":["10.50.0.9","fd99::9"]""",
        "failed to allocate IP fd99::9: provided IP is not in the valid range. The range of valid IPs is fd00:10::/112")]
    public async Task Service_ThatCannotBe_IsRefused(string spec, string message)
    {
        await using var server = await StartAsync();
        var refused = await server.SendAsync("POST", Path, Text(spec));
        Assert.Equal(422, refused.Code);
        Assert.Contains(message, (string?)refused.Json["message"], StringComparison.Ordinal);
        // Nothing of it is taken.
        Assert.Equal(404, (await server.GetAsync("/apis/networking.k8s.io/v1/ipaddresses/10.50.0.9")).Code);
    }

    [Fact]
    public async Task ServiceCidr_OfTheCluster_NamesBothRanges()
    {
        await using var server = await StartAsync();
        var cidr = await server.GetAsync("/apis/networking.k8s.io/v1/servicecidrs/kubernetes");
        Assert.Equal("""["10.50.0.0/24","fd00:10::/112"]""", cidr.At("spec.cidrs"));
        var kubernetes = await server.GetAsync(Path + "/kubernetes");
        Assert.Equal(("SingleStack", "10.50.0.1"), ((string?)kubernetes.Json["spec"]!["ipFamilyPolicy"], string.Join(',', Addresses(kubernetes.Json))));
    }

    [Fact]
    public async Task ServiceCidr_OfAClusterThatHadOneFamily_GetsTheSecond()
    {
        await using var server = await ServerFixture.StartAsync(o => o with { ServiceClusterIPRange = IPNetwork.Parse("10.50.0.0/24") });
        var service = Addresses((await server.SendAsync("POST", Path, Text(""","ipFamilyPolicy":"PreferDualStack" """))).Json).Single();

        await using var later = await ApiServerHost.StartAsync(server.Store, new ApiServerOptions
        {
            SecurePort = null, ServiceClusterIPRange = IPNetwork.Parse("10.50.0.0/24"), SecondaryServiceClusterIPRange = IPNetwork.Parse("fd00:10::/112"),
        });
        await later.WaitUntilReadyAsync();
        Assert.Equal("""["10.50.0.0/24","fd00:10::/112"]""", (await server.GetAsync("/apis/networking.k8s.io/v1/servicecidrs/kubernetes")).At("spec.cidrs"));

        // A service that would take both keeps its one until someone asks for the other.
        using var client = new HttpClient(later.CreateHandler("admin", "system:masters")) { BaseAddress = new Uri("https://in-process") };
        using var label = new StringContent("""{"metadata":{"labels":{"a":"b"}}}""", System.Text.Encoding.UTF8, "application/merge-patch+json");
        using var labelled = await client.PatchAsync(new Uri(Path + "/web", UriKind.Relative), label);
        Assert.Equal(service, Addresses(JsonNode.Parse(await labelled.Content.ReadAsStringAsync())!).Single());
        using var ask = new StringContent("""{"spec":{"ipFamilyPolicy":"RequireDualStack"}}""", System.Text.Encoding.UTF8, "application/merge-patch+json");
        using var asked = await client.PatchAsync(new Uri(Path + "/web", UriKind.Relative), ask);
        Assert.Equal("4,6", Kinds(Addresses(JsonNode.Parse(await asked.Content.ReadAsStringAsync())!)));
    }
}
