using System.Globalization;
using Cybernetes.Controllers.CronJobs;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.Controllers.Tests.CronJobs;

public sealed class CronJobReconcilerTests
{
    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse("2026-01-01T" + text + "Z", CultureInfo.InvariantCulture);

    private static CronJob Cron(string schedule = "0 * * * *", string policy = "Allow") => new()
    {
        Metadata = { Name = "clean", Namespace = "default", UID = "cj", CreationTimestamp = Time("00:30:00") },
        Spec = { Schedule = schedule, ConcurrencyPolicy = policy, SuccessfulJobsHistoryLimit = 2, FailedJobsHistoryLimit = 1 },
    };

    private static Job Job(CronJob cron, string name, string state = "", int started = 0) => new()
    {
        Metadata = { Name = name, Namespace = "default", UID = name, OwnerReferences = [OwnerReferences.ToController(cron)] },
        Status =
        {
            StartTime = Time("00:00:00").AddMinutes(started), CompletionTime = state == "Complete" ? Time("00:01:00").AddMinutes(started) : null,
            Conditions = state.Length == 0 ? null : [new() { Type = state, Status = "True" }],
        },
    };

    private static CronJobPlan Plan(CronJob cron, string now, params Job[] jobs) =>
        CronJobReconciler.Reconcile(cron, jobs, TimeZoneInfo.Utc, Time(now));

    private static string Reasons(CronJobPlan plan) => string.Join(' ', plan.Events.Select(e => e.Reason));

    [Theory]
    [InlineData("00:59:59", "", 1.1)]
    [InlineData("01:00:00", "clean-29453820", 3600.1)]
    [InlineData("03:10:00", "clean-29453940", 3000.1)] // of three missed the last
    public void Reconcile_Schedule_MakesTheLastThatIsDue(string now, string expected, double after)
    {
        var plan = Plan(Cron(), now);

        Assert.Equal(expected, plan.Create?.Metadata.Name ?? "");
        Assert.Equal(after, plan.CheckAfter!.Value.TotalSeconds, 0.001);
    }

    [Fact]
    public void Reconcile_Due_JobIsOfTheTemplate()
    {
        var cron = Cron().With(c => c.Spec.JobTemplate = new()
        {
            Metadata = { Labels = new() { ["a"] = "b" }, Annotations = new() { ["c"] = "d" } }, Spec = { Parallelism = 7 },
        });
        cron.Spec.TimeZone = "Asia/Tokyo";
        var job = Plan(cron, "01:00:30").Create!;

        Assert.Equal(("b", "d", 7), (job.Metadata.Labels!["a"], job.Metadata.Annotations!["c"], job.Spec.Parallelism));
        Assert.Equal("2026-01-01T10:00:00+09:00", job.Metadata.Annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]);
        Assert.Equal("cj", OwnerReferences.ControllerOf(job)!.UID);
        Assert.Single(cron.Spec.JobTemplate.Metadata.Annotations!);
    }

    [Fact]
    public void Reconcile_TimeZone_DecidesTheHour()
    {
        var cron = Cron("0 9 * * *").With(c => c.Spec.TimeZone = "Asia/Tokyo");

        Assert.Null(Plan(cron, "09:00:00").Create); // 00:00 UTC was before it was made
        cron.Metadata.CreationTimestamp = Time("00:00:00").AddHours(-1);
        Assert.NotNull(Plan(cron, "00:00:00").Create);
    }

    [Theory]
    [InlineData("Allow", true, "")]
    [InlineData("Forbid", false, "JobAlreadyActive")]
    [InlineData("Replace", true, "")]
    public void Reconcile_WhileOneRuns_GoesByThePolicy(string policy, bool made, string reasons)
    {
        var cron = Cron(policy: policy).With(c => c.Status.Active = [new() { Name = "clean-1", UID = "clean-1" }]);
        var plan = Plan(cron, "01:00:00", Job(cron, "clean-1"));

        Assert.Equal((made, reasons), (plan.Create is not null, Reasons(plan)));
        Assert.Equal(policy == "Replace" ? 1 : 0, plan.Replace.Count);
    }

    [Fact]
    public void Reconcile_AfterACrash_DoesNotMakeTheSameAgain()
    {
        Assert.Null(Plan(Cron().With(c => c.Status.LastScheduleTime = Time("01:00:00")), "01:30:00").Create);
        var named = Cron().With(c => c.Status.Active = [new() { Name = "clean-29453820", UID = "x" }]);
        Assert.Null(Plan(named, "01:30:00").Create);
        Assert.Equal(["clean-29453820"], Plan(named, "01:30:00").Missing);
    }

    [Fact]
    public void Reconcile_StartingDeadline_LetsLateOnesGo()
    {
        var cron = Cron().With(c => c.Spec.StartingDeadlineSeconds = 600);

        Assert.NotNull(Plan(cron, "01:09:00").Create);
        Assert.Null(Plan(cron, "01:11:00").Create);
        Assert.Equal(2940.1, Plan(cron, "01:11:00").CheckAfter!.Value.TotalSeconds, 0.001);
    }

    [Fact]
    public void Reconcile_ManyMissed_SaysSoAndMakesTheLast()
    {
        var cron = Cron("* * * * *").With(c => c.Metadata.CreationTimestamp = Time("00:00:00").AddYears(-5));
        var plan = Plan(cron, "01:00:30");

        Assert.Equal("TooManyMissedTimes", Reasons(plan));
        Assert.Equal("clean-29453820", plan.Create!.Metadata.Name);
    }

    [Theory]
    [InlineData("0 * * * *", "Nowhere/City", "UnknownTimeZone")]
    [InlineData("0 * * *", null, "UnparseableSchedule")]
    [InlineData("TZ=UTC 0 * * * *", null, "UnsupportedSchedule")]
    public void Reconcile_BadSpec_IsTold(string schedule, string? zone, string reason) =>
        Assert.Equal(reason, Reasons(Plan(Cron(schedule).With(c => c.Spec.TimeZone = zone), "00:31:00")));

    [Fact]
    public void Reconcile_Suspended_OnlyLooksAtItsJobs()
    {
        var cron = Cron().With(c => c.Spec.Suspend = true).With(c => c.Status.Active = [new() { Name = "a", UID = "a" }]);
        var plan = Plan(cron, "05:00:00", Job(cron, "a", "Complete"));

        Assert.Null(plan.Create);
        Assert.Null(plan.Status.Active);
        Assert.Equal(Time("00:01:00"), plan.Status.LastSuccessfulTime);
        Assert.Equal("Saw completed job: a, condition: Complete", Assert.Single(plan.Events).Message);
    }

    [Fact]
    public void Reconcile_UnknownRunningJob_IsTold()
    {
        var cron = Cron();

        Assert.Equal("UnexpectedJob", Reasons(Plan(cron, "00:31:00", Job(cron, "a"))));
    }

    [Fact]
    public void Reconcile_History_OldestBeyondTheLimitsGo()
    {
        var cron = Cron();
        var plan = Plan(
            cron, "00:31:00", Job(cron, "c3", "Complete", 3), Job(cron, "c1", "Complete", 1), Job(cron, "c2", "Complete", 2),
            Job(cron, "f2", "Failed", 5), Job(cron, "f1", "Failed", 4));

        Assert.Equal(["c1", "f1"], plan.Delete.Select(j => j.Metadata.Name));
        cron.Spec.SuccessfulJobsHistoryLimit = cron.Spec.FailedJobsHistoryLimit = null;
        Assert.Empty(Plan(cron, "00:31:00", Job(cron, "c1", "Complete")).Delete);
    }

    [Fact]
    public void LastDue_OfRandomSchedules_AgreesWithWalkingThroughThem()
    {
        var random = new Random(5);
        string Field(int low, int high) => random.Next(3) switch
        {
            0 => "*",
            1 => $"*/{random.Next(2, 9)}",
            _ => $"{low}-{random.Next(low, high + 1)}",
        };
        for (var round = 0; round < 300; round++)
        {
            var text = random.Next(8) == 0 ? $"@every {random.Next(1, 4000)}s" : $"{Field(0, 59)} {Field(0, 23)} {Field(1, 31)} * {Field(0, 6)}";
            Assert.Null(CronSchedule.TryParse(text, out var schedule));
            var earliest = Time("00:00:00").AddSeconds(random.Next(0, 86400));
            var now = earliest.AddSeconds(random.Next(0, 3 * 86400));
            DateTimeOffset? walked = null;
            for (var next = schedule!.Next(earliest, TimeZoneInfo.Utc); next <= now; next = schedule.Next(next.Value, TimeZoneInfo.Utc))
                walked = next;

            Assert.Equal(walked, CronJobReconciler.LastDue(schedule, TimeZoneInfo.Utc, earliest, now).Due);
        }
    }
}
