using Cybernetes.Objects.Batch.V1;
using Cybernetes.Testing;

namespace Copier.Tests;

/// <summary>What else a test cluster can do: hours in a moment.</summary>
public sealed class TimeTests
{
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
