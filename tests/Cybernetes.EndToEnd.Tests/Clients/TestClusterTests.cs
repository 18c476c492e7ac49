using Cybernetes.EndToEnd.Tests.Harness;
using Cybernetes.Testing;

namespace Cybernetes.EndToEnd.Tests.Clients;

/// <summary>kubectl against a cluster that lives in this process.</summary>
public sealed class TestClusterTests
{
    [ClusterTheory]
    [MemberData(nameof(KubectlVersions.Tried), MemberType = typeof(KubectlVersions))]
    public async Task Kubectl_AgainstATestCluster_SeesAndEntersItsPods(string version)
    {
        var home = Machine.CreateScratch("test-cluster-");
        try
        {
            await using var cluster = await TestCluster.StartAsync(new() { Https = true, Controllers = ["*"], Scheduler = true, Nodes = 2 });
            var kubeconfig = Path.Combine(home, "config");
            cluster.WriteKubeconfig(kubeconfig);
            var kubectl = new Kubectl(Machine.Kubectl(version), kubeconfig, home, null, () => cluster.ReportAsync().GetAwaiter().GetResult());
            await kubectl.OkAsync("create", "deployment", "web", "--image=nginx", "--replicas=2");
            await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=180s");
            var pods = (await kubectl.OkAsync("get", "pods", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

            Assert.Equal(2, pods.Length);
            Assert.Equal("", await kubectl.OkAsync("logs", pods[0]));
            Assert.Equal("hello\n", await kubectl.OkAsync("exec", pods[0], "--", "echo", "hello"));
        }
        finally
        {
            Machine.DeleteScratch(home);
        }
    }
}
