using System.Net;
using Cybernetes.Client.Discovery;

namespace Cybernetes.Client.Tests;

public sealed class ServerResourcesTests
{
    [Fact]
    public void OncePerStore_CohabitingGroups_KeepsTheFirst()
    {
        ServedResource[] all =
        [
            new("apps", "v1", "deployments", "Deployment", true, []) { StorageVersionHash = "a" },
            new("extensions", "v1beta1", "deployments", "Deployment", true, []) { StorageVersionHash = "a" },
            new("extensions", "v1beta1", "ingresses", "Ingress", true, []) { StorageVersionHash = "b" },
            new("one.example", "v1", "things", "Thing", true, []),
            new("two.example", "v1", "things", "Thing", true, []),
        ];

        Assert.Equal(
            ["apps/v1/deployments", "extensions/v1beta1/ingresses", "one.example/v1/things", "two.example/v1/things"],
            all.OncePerStore().Select(r => r.ToString()));
    }

    [Fact]
    public async Task Resources_OfAggregatedDiscovery_AreReadAgainOnlyWhereANameIsSharedByGroups()
    {
        var api = new ScriptedApi()
            .Json("""
                {"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[{"metadata":{},"versions":[{"version":"v1","resources":[
                {"resource":"pods","responseKind":{"group":"","version":"v1","kind":"Pod"},"scope":"Namespaced","verbs":["get","list"]},
                {"resource":"nodes","responseKind":{"group":"","version":"v1","kind":"Node"},"scope":"Cluster","verbs":["get"]}]}]}]}
                """)
            .Json("""
                {"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[
                {"metadata":{"name":"apps"},"versions":[{"version":"v1","freshness":"Current","resources":[
                {"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},"scope":"Namespaced"}]}]},
                {"metadata":{"name":"extensions"},"versions":[{"version":"v1beta1","resources":[
                {"resource":"deployments","responseKind":{"group":"","version":"","kind":"Deployment"},"scope":"Namespaced"}]}]},
                {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]}
                """)
            .Json(Listing("apps/v1", "hash")).Json(Listing("extensions/v1beta1", "hash"));
        using var client = api.Client(TimeProvider.System);
        var unreadable = new List<string>();

        var resources = await ServerResources.ListAsync(client, unreadable);
        Assert.Equal(["v1/pods", "v1/nodes", "apps/v1/deployments", "extensions/v1beta1/deployments"], resources.Select(r => r.ToString()));
        Assert.Equal([true, false, true, true], resources.Select(r => r.IsNamespaced));
        Assert.Equal(["get", "list"], resources[0].Verbs);
        Assert.Equal(["v1/pods", "v1/nodes", "apps/v1/deployments"], resources.OncePerStore().Select(r => r.ToString()));
        Assert.Equal(["/apis/metrics.k8s.io/v1beta1"], unreadable);

        static string Listing(string version, string hash) =>
            $$"""
            {"kind":"APIResourceList","groupVersion":"{{version}}","resources":[
            {"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["get"],"storageVersionHash":"{{hash}}"},
            {"name":"deployments/status","kind":"Deployment","namespaced":true,"verbs":["get"]}]}
            """;
    }

    [Fact]
    public async Task Resources_OfAServerWithoutAggregatedDiscovery_AreReadVersionByVersion()
    {
        var api = new ScriptedApi()
            .Json("""{"kind":"APIVersions","versions":["v1"]}""")
            .Json("""{"kind":"APIVersions","versions":["v1"]}""")
            .Json("""{"kind":"APIGroupList","apiVersion":"v1","groups":[]}""")
            .Json("""{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","kind":"Pod","namespaced":true,"verbs":["get"]}]}""");
        using var client = api.Client(TimeProvider.System);

        Assert.Equal(["v1/pods"], (await ServerResources.ListAsync(client, new List<string>())).Select(r => r.ToString()));
    }

    [Fact]
    public async Task Changes_OfAServerWithETags_AreToldOnce()
    {
        var asked = new List<string>();
        var tags = new Dictionary<string, string> { ["/api"] = "\"1\"", ["/apis"] = "\"2\"" };
        var api = new ScriptedApi();
        HttpResponseMessage Answer(HttpRequestMessage request)
        {
            var given = string.Join(",", request.Headers.IfNoneMatch);
            var tag = tags[request.RequestUri!.AbsolutePath];
            asked.Add(given);
            var answer = new HttpResponseMessage(given == tag ? HttpStatusCode.NotModified : HttpStatusCode.OK) { Content = new StringContent("{}") };
            answer.Headers.TryAddWithoutValidation("ETag", tag);
            return answer;
        }
        for (var i = 0; i < 8; i++)
            api.Then(Answer);
        using var client = api.Client(TimeProvider.System);
        var changes = new ServedChanges(client);

        Assert.True(await changes.AnyAsync());
        Assert.False(await changes.AnyAsync());
        tags["/apis"] = "\"3\"";
        Assert.True(await changes.AnyAsync());
        changes.Forget();
        Assert.True(await changes.AnyAsync());
        Assert.Equal(["", "", "\"1\"", "\"2\"", "\"1\"", "\"2\"", "", ""], asked);
    }

    [Fact]
    public async Task Changes_OfAServerWithoutETags_AreAlwaysPossible()
    {
        var api = new ScriptedApi().Json("{}").Json("{}").Json("{}").Json("{}");
        using var client = api.Client(TimeProvider.System);
        var changes = new ServedChanges(client);

        Assert.True(await changes.AnyAsync());
        Assert.True(await changes.AnyAsync());
    }
}
