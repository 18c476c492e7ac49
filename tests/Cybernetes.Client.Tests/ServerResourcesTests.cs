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
