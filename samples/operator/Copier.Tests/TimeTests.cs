using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Testing;

namespace Copier.Tests;

/// <summary>What else a test cluster can do: whole workloads, days in a moment, nodes that die.</summary>
public sealed class TimeTests
{
    [Fact]
    public async Task Deployment_OnSimulatedNodes_BecomesAvailable()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Controllers = ["*"], Scheduler = true, Nodes = 3 });
        var deployment = new Deployment { Metadata = { Name = "web", Namespace = "default" } };
        deployment.Spec.Replicas = 6;
        deployment.Spec.Selector = new() { MatchLabels = new() { ["app"] = "web" } };
        deployment.Spec.Template.Metadata.Labels = new() { ["app"] = "web" };
        deployment.Spec.Template.Spec.Containers = [new() { Name = "web", Image = "nginx" }];
        await cluster.Client.For<Deployment>().CreateAsync(deployment);

        await cluster.UntilConditionAsync<Deployment>("default", "web", "Available");
    }

    [Fact]
    public async Task CronJob_SixHours_RunsSixTimes()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Controllers = ["*"], Scheduler = true, Nodes = 1 });
        var cron = new CronJob { Metadata = { Name = "hourly", Namespace = "default" } };
        cron.Spec.Schedule = "30 * * * *";
        cron.Spec.SuccessfulJobsHistoryLimit = 100;
        cron.Spec.JobTemplate.Spec.Template.Spec.RestartPolicy = "Never";
        cron.Spec.JobTemplate.Spec.Template.Spec.Containers = [new() { Name = "work", Image = "busybox", Command = ["sleep", "60"] }];
        await cluster.Client.For<CronJob>().CreateAsync(cron);
        await cluster.Time.AdvanceAsync(TimeSpan.FromHours(6));

        var jobs = await cluster.UntilAsync<Job>("default", all => all.Count == 6);
        Assert.All(jobs, job => Assert.Equal(1, job.Status.Succeeded));
    }
}
