using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Jobs, cron jobs and what becomes of finished ones, against the real API server.</summary>
public sealed class JobTests
{
    private static Job Job(string image, int completions = 1, int parallelism = 1) => new()
    {
        Metadata = { Namespace = "default", Name = "sum" },
        Spec =
        {
            Completions = completions, Parallelism = parallelism,
            Template = new() { Spec = { RestartPolicy = "Never", Containers = [new() { Name = "web", Image = image }] } },
        },
    };

    private static bool Is(Job job, string type) => job.Status.Conditions.OrEmpty().Any(c => c.Type == type && c.Status == "True");

    [Fact]
    public async Task Job_OfSeveralPods_CompletesAndItsPodsAreFree()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Job>().CreateAsync(Job("exit:0", 7, 3));

        var job = (await cluster.UntilAsync<Job>("default", all => all.All(j => Is(j, "Complete"))))[0];
        Assert.Equal((7, 0, 0, 0), (job.Status.Succeeded, job.Status.Failed, job.Status.Active, job.Status.Ready));
        Assert.NotNull(job.Status.CompletionTime);
        var pods = await cluster.UntilAsync<Pod>("default", all => all.All(p => p.Metadata.Finalizers is null));
        Assert.Equal(7, pods.Count);

        await cluster.Client.For<Job>().DeleteAsync("default", "sum", new DeleteOptions { PropagationPolicy = "Background" });
        await cluster.UntilAsync<Pod>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task Job_SuspendedWithNothingToDo_IsCompleteWithoutABeginning()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Job>().CreateAsync(Job("exit:0", 0, 1).With(j => j.Spec.Suspend = true));

        var job = (await cluster.UntilAsync<Job>("default", all => all.All(j => Is(j, "Complete"))))[0];
        Assert.Null(job.Status.StartTime);
    }

    [Fact]
    public async Task Job_Indexed_EachIndexOnce()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Job>().CreateAsync(Job("exit:0", 6, 4).With(j => j.Spec.CompletionMode = "Indexed"));

        var job = (await cluster.UntilAsync<Job>("default", all => all.All(j => Is(j, "Complete"))))[0];
        Assert.Equal(("0-5", 6), (job.Status.CompletedIndexes, job.Status.Succeeded));
        var pods = (await cluster.Client.For<Pod>().ListAllAsync("default")).Items;
        Assert.Equal(["0", "1", "2", "3", "4", "5"], pods.Select(p => p.Metadata.Labels!["batch.kubernetes.io/job-completion-index"]).Order());
    }

    [Fact]
    public async Task Job_ThatFails_EndsAtItsLimitWithItsReason()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Job>().CreateAsync(Job("exit:3", 3, 3).With(j => j.Spec.BackoffLimit = 0));

        var job = (await cluster.UntilAsync<Job>("default", all => all.All(j => Is(j, "Failed"))))[0];
        Assert.Equal("BackoffLimitExceeded", job.Status.Conditions!.Single(c => c.Type == "Failed").Reason);
        Assert.Equal(0, job.Status.Active);
        Assert.InRange(job.Status.Failed, 1, 3);
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e is { Reason: "BackoffLimitExceeded", Type: "Warning" }));
        await cluster.UntilAsync<Pod>("default", all => all.All(p => p.Metadata.Finalizers is null));
    }

    [Fact]
    public async Task Job_SuspendedResumedDeletedOrphaning_FollowsAndLeavesFreePods()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var jobs = cluster.Client.For<Job>();
        await jobs.CreateAsync(Job("run:on", 2, 2).With(j => j.Spec.Suspend = true));
        await cluster.UntilAsync<Job>("default", all => all.All(j => Is(j, "Suspended")));
        Assert.Empty((await cluster.Client.For<Pod>().ListAllAsync("default")).Items);

        await jobs.PatchAsync("default", "sum", ObjectPatch.Merge("""{"spec":{"suspend":false}}"""));
        await cluster.UntilAsync<Job>("default", all => all is [{ Status: { Active: 2, Ready: 2 } }]);
        await jobs.PatchAsync("default", "sum", ObjectPatch.Merge("""{"spec":{"parallelism":1}}"""));
        await cluster.UntilAsync<Job>("default", all => all is [{ Status: { Active: 1, Failed: 0 } }]);

        await jobs.DeleteAsync("default", "sum", new DeleteOptions { PropagationPolicy = "Orphan" });
        await cluster.UntilAsync<Job>("default", all => all.Count == 0);
        await cluster.UntilAsync<Pod>("default", all => all is [{ Metadata: { Finalizers: null, OwnerReferences: null } }]);
    }

    [Fact]
    public async Task Job_OfAnotherController_IsLeftAlone()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Job>().CreateAsync(Job("exit:0").With(j => j.Spec.ManagedBy = "example.com/other").With(j => j.Metadata.Name = "foreign"));
        await cluster.Client.For<Job>().CreateAsync(Job("exit:0"));
        await cluster.UntilAsync<Job>("default", all => all.Any(j => Is(j, "Complete")));

        Assert.All((await cluster.Client.For<Pod>().ListAllAsync("default")).Items, p => Assert.StartsWith("sum-", p.Metadata.Name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Job_WithTimeToLive_GoesWhenItIsOver()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Job>().CreateAsync(Job("exit:0").With(j => j.Spec.TTLSecondsAfterFinished = 0));

        await cluster.UntilAsync<Job>("default", all => all.Count == 0);
        await cluster.UntilAsync<Pod>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task CronJob_Due_MakesJobsAndTellsOfTheirEnd()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<CronJob>().CreateAsync(new CronJob
        {
            Metadata = { Namespace = "default", Name = "tick" },
            Spec = { Schedule = "@every 1s", JobTemplate = new() { Spec = Job("exit:0").Spec } },
        });

        var cron = (await cluster.UntilAsync<CronJob>("default", all => all[0].Status.LastSuccessfulTime is not null))[0];
        Assert.NotNull(cron.Status.LastScheduleTime);
        var job = (await cluster.Client.For<Job>().ListAllAsync("default")).Items[0];
        Assert.Equal("tick", job.Metadata.OwnerReferences![0].Name);
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "SawCompletedJob") && all.Any(e => e.Reason == "SuccessfulCreate"));
    }
}
