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
}
