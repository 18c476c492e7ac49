using Cybernetes.Client.Transport;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Testing.Tests;

public sealed class FaultTests
{
    [Fact]
    public async Task Faults_Always_MeetThePartsAndNotTheTest()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Faults = new() { Conflicts = 1 } });
        var map = await cluster.Client.For<ConfigMap>().CreateAsync(new() { Metadata = { Name = "one", Namespace = "default" } });
        await cluster.Client.For<ConfigMap>().UpdateAsync(map);
        var met = new TaskCompletionSource<string>();
        cluster.Run("writer", async (client, stop) =>
        {
            try
            {
                await client.For<ConfigMap>().UpdateAsync(await client.For<ConfigMap>().GetAsync("default", "one", stop), null, stop);
            }
            catch (ApiStatusException failure)
            {
                met.SetResult(failure.Message);
            }
        });

        Assert.Equal("the object has been modified (injected)", await met.Task);
    }

    [Fact]
    public async Task Faults_SameSeed_SameFaults()
    {
        var first = await RunAsync(5);
        Assert.Equal(first, await RunAsync(5));
        Assert.NotEqual(first, await RunAsync(6));

        static async Task<string> RunAsync(int seed)
        {
            await using var cluster = await TestCluster.StartAsync(new() { Seed = seed, Faults = new() { LostAnswers = 0.5 } });
            var outcomes = new char[40];
            var done = new TaskCompletionSource();
            cluster.Run("writer", async (client, stop) =>
            {
                for (var i = 0; i < outcomes.Length; i++)
                {
                    var map = new ConfigMap { Metadata = { Name = $"map-{i}", Namespace = "default" } };
                    outcomes[i] = '.';
                    try
                    {
                        await client.For<ConfigMap>().CreateAsync(map, null, stop);
                    }
                    catch (HttpRequestException)
                    {
                        outcomes[i] = 'x';
                    }
                }
                done.SetResult();
            });
            await done.Task;
            return new string(outcomes);
        }
    }

    [Fact]
    public async Task LeaseLoss_Leaders_StopAndComeBack()
    {
        await using var cluster = await TestCluster.StartAsync(new()
        {
            LeaderElection = true, Controllers = ["deployment-controller", "replicaset-controller"], Scheduler = true, Nodes = 1,
        });
        var before = await cluster.UntilAsync<Lease>("kube-system", "kube-scheduler", l => l.Spec.HolderIdentity == "kube-scheduler-1");
        cluster.Faults = new() { LeaseLoss = 1 };
        await cluster.UntilAsync<Lease>("kube-system", "kube-scheduler", l => l.Spec.HolderIdentity == "injected");
        cluster.Faults = TestFaults.None;
        var after = await cluster.UntilAsync<Lease>(
            "kube-system", "kube-scheduler", l => l.Spec.HolderIdentity is { } holder && holder.StartsWith("kube-scheduler-", StringComparison.Ordinal),
            TimeSpan.FromMinutes(5));

        Assert.True(after.Spec.LeaseTransitions > (before.Spec.LeaseTransitions ?? 0));
    }

    [Fact]
    public async Task CrashNode_LongSilence_MovesItsPods()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Controllers = ["*"], Scheduler = true, Nodes = 2 });
        await cluster.Client.For<Objects.Apps.V1.Deployment>().CreateAsync(Make.Deployment("web", 2));
        var pods = await cluster.UntilAsync<Pod>("default", all => all.Count(p => p.Status.Phase == "Running") == 2);
        var lost = pods[0].Spec.NodeName;
        cluster.CrashNode(lost, TimeSpan.FromHours(1));

        await cluster.UntilConditionAsync<NodeObject>(null, lost, "Ready", "Unknown", TimeSpan.FromMinutes(5));
        await cluster.UntilAsync<Pod>(
            "default", all => all.Count(p => p.Status.Phase == "Running" && p.Spec.NodeName != lost && p.Metadata.DeletionTimestamp is null) == 2,
            TimeSpan.FromMinutes(15));
    }
}
