using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Testing.Tests;

public sealed class HttpsTests
{
    [Fact]
    public async Task Kubeconfig_AnotherClient_WorksInTheSameCluster()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Https = true });
        var access = KubeconfigFile.Parse(cluster.Kubeconfig, "kubeconfig").Resolve();
        using var other = ApiClient.Connect(access);
        await other.For<ConfigMap>().CreateAsync(new() { Metadata = { Name = "from-outside", Namespace = "default" } });

        Assert.Equal(cluster.Address.Port, access.Server.Port);
        Assert.NotNull(await cluster.Client.For<ConfigMap>().FindAsync("default", "from-outside"));
    }

    [Fact]
    public async Task Kubeconfig_VirtualTime_IsBelievedAllTheSame()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Https = true, Time = new VirtualTimeProvider(new(2077, 1, 1, 0, 0, 0, TimeSpan.Zero)) });
        await cluster.Time.AdvanceAsync(TimeSpan.FromHours(1));
        using var other = ApiClient.Connect(KubeconfigFile.Parse(cluster.Kubeconfig, "kubeconfig").Resolve());

        Assert.NotNull(await other.For<Namespace>().GetAsync(null, "default"));
    }

    [Fact]
    public async Task Logs_OfASimulatedPod_ComeThroughTheApiServer()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Https = true, Time = new VirtualTimeProvider(), Nodes = 1 });
        var pod = new Pod { Metadata = { Name = "talker", Namespace = "default" } };
        pod.Metadata.Annotations = new() { ["simulated.cybernetes.io/output"] = "hello\nagain\n" };
        pod.Spec.NodeName = "node-0";
        pod.Spec.Containers = [new() { Name = "main", Image = "busybox" }];
        await cluster.Client.For<Pod>().CreateAsync(pod);
        await cluster.UntilConditionAsync<Pod>("default", "talker", "Ready");
        using var log = await cluster.Client.OpenLogAsync("default", "talker", new());

        Assert.Equal("hello\nagain\n", await log.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Kubeconfig_WithoutHttps_SaysWhatIsMissing()
    {
        await using var cluster = await TestCluster.StartAsync();
        var failure = Assert.Throws<InvalidOperationException>(() => cluster.Kubeconfig);
        Assert.Contains("TestClusterOptions.Https", failure.Message, StringComparison.Ordinal);
    }
}
