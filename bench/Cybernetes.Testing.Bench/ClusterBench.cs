using System.Diagnostics;
using System.Runtime;
using Cybernetes.Objects.Batch.V1;

namespace Cybernetes.Testing.Bench;

/// <summary>What a test pays for a cluster of its own.</summary>
internal static class ClusterBench
{
    public static async Task RunAsync(int clusters, IReadOnlyList<string> stages)
    {
        if (stages.Contains("start"))
            await StartsAsync(clusters);
        if (stages.Contains("whole"))
            await WholeAsync(clusters);
        IReadOnlyList<string> needed = ["cronjob-controller", "job-controller"];
        if (stages.Contains("day"))
        {
            await DayAsync("a day of cron jobs (48 runs)", needed);
            await DayAsync("the same again", needed);
        }
        if (stages.Contains("whole-day"))
            await DayAsync("a day of cron jobs beside all controllers", ["*"]);
    }

    private static async Task StartsAsync(int clusters)
    {
        var sinceExec = TimeProvider.System.GetUtcNow() - Process.GetCurrentProcess().StartTime.ToUniversalTime();
        Console.WriteLine($"{"process until Main",-48} {sinceExec.TotalMilliseconds,9:N0} ms");
        var before = Cpu;
        var first = await StartAsync(new());
        var used = (Cpu - before).TotalMilliseconds;
        Console.WriteLine($"{"first start, API server alone",-48} {first,9:N1} ms   ({used:N0} ms of processor time; wanted: under 400)");
        var further = new List<double>();
        for (var i = 0; i < clusters; i++)
            further.Add(await StartAsync(new() { Seed = i }));
        Tell("each further, API server alone", further, "under 50");
        var whole = new TestClusterOptions { Controllers = ["*"], Scheduler = true, Nodes = 3 };
        Console.WriteLine($"{"first with controllers, scheduler, 3 nodes",-48} {await StartAsync(whole),9:N1} ms");
        further.Clear();
        for (var i = 0; i < clusters; i++)
            further.Add(await StartAsync(whole with { Seed = i }));
        Tell("each further with controllers, scheduler, nodes", further, "under 50");
    }

    /// <summary>Whole clusters one after another, with what each costs the processor: to be profiled.</summary>
    private static async Task WholeAsync(int clusters)
    {
        var whole = new TestClusterOptions { Controllers = ["*"], Scheduler = true, Nodes = 3 };
        for (var i = 0; i < 10; i++)
            await StartAsync(whole with { Seed = i });
        List<double> starts = [], startsUsed = [], ends = [], endsUsed = [], allocated = [];
        var methods = JitInfo.GetCompiledMethodCount();
        for (var i = 0; i < clusters; i++)
        {
            var (watch, cpu, bytes) = (Stopwatch.StartNew(), Cpu, GC.GetTotalAllocatedBytes());
            var cluster = await TestCluster.StartAsync(whole with { Seed = i });
            starts.Add(watch.Elapsed.TotalMilliseconds);
            startsUsed.Add((Cpu - cpu).TotalMilliseconds);
            allocated.Add((GC.GetTotalAllocatedBytes() - bytes) / 1e6);
            (watch, cpu) = (Stopwatch.StartNew(), Cpu);
            await cluster.DisposeAsync();
            ends.Add(watch.Elapsed.TotalMilliseconds);
            endsUsed.Add((Cpu - cpu).TotalMilliseconds);
        }
        Tell("whole: start", starts, "under 50");
        Tell("whole: start, processor time", startsUsed, "less");
        Tell("whole: end", ends, "little");
        Tell("whole: end, processor time", endsUsed, "little");
        Console.WriteLine($"{"whole: allocated by a start",-48} {allocated.Order().ElementAt(allocated.Count / 2),9:N1} MB");
        Console.WriteLine($"{"methods compiled meanwhile, for each",-48} {(JitInfo.GetCompiledMethodCount() - methods) / (double)clusters,9:N0}");
    }

    private static void Tell(string what, List<double> all, string wanted)
    {
        all.Sort();
        Console.WriteLine($"{what,-48} {all[all.Count / 2],9:N1} ms   (median of {all.Count}, longest {all[^1]:N1}; wanted: {wanted})");
    }

    private static async Task<double> StartAsync(TestClusterOptions options)
    {
        var watch = Stopwatch.StartNew();
        await using var cluster = await TestCluster.StartAsync(options);
        return watch.Elapsed.TotalMilliseconds;
    }

    private static TimeSpan Cpu => Process.GetCurrentProcess().TotalProcessorTime;

    private static async Task DayAsync(string what, IReadOnlyList<string> controllers)
    {
        await using var cluster = await TestCluster.StartAsync(new() { Controllers = controllers, Scheduler = true, Nodes = 1 });
        foreach (var (name, schedule) in new[] { ("hourly", "0 * * * *"), ("half", "30 * * * *") })
        {
            var cron = new CronJob { Metadata = { Name = name, Namespace = "default" } };
            cron.Spec.Schedule = schedule;
            cron.Spec.SuccessfulJobsHistoryLimit = 100;
            cron.Spec.JobTemplate.Spec.Template.Spec.RestartPolicy = "Never";
            cron.Spec.JobTemplate.Spec.Template.Spec.Containers = [new() { Name = "work", Image = "busybox", Command = ["sleep", "30"] }];
            await cluster.Client.For<CronJob>().CreateAsync(cron);
        }
        var (watch, cpu) = (Stopwatch.StartNew(), Cpu);
        await cluster.Time.AdvanceAsync(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(5));
        var (taken, used) = (watch.Elapsed.TotalMilliseconds, (Cpu - cpu).TotalMilliseconds);
        var jobs = (await cluster.Client.For<Job>().ListAllAsync("default")).Items;
        var well = jobs.Count(j => j.Status.Succeeded == 1);
        Console.WriteLine($"{what,-48} {taken,9:N0} ms   ({used:N0} ms of processor time; {well} of {jobs.Count} jobs succeeded; wanted: under 2,000)");
    }
}
