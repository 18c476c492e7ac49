using Cybernetes.Controllers.Jobs;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.Jobs;

public sealed class JobReconcilerTests
{
    private static readonly DateTimeOffset s_now = Make.Start.AddHours(1);

    internal static Job Job(int? completions = 3, int parallelism = 2, bool indexed = false) => new()
    {
        Metadata = { Name = "sum", Namespace = "default", UID = "j-1" },
        Spec =
        {
            Completions = completions, Parallelism = parallelism, BackoffLimit = 6, CompletionMode = indexed ? "Indexed" : "NonIndexed",
            PodReplacementPolicy = "TerminatingOrFailed", Template = Make.Template("sum:1"),
        },
    };

    /// <summary>A pod by a word: name or index, state (r running, s succeeded, f failed with exit 1, d going), "-" when it is counted already.</summary>
    internal static Pod Pod(Job job, string word, DateTimeOffset? ended = null)
    {
        var indexed = JobPods.IsIndexed(job);
        var name = word.TrimEnd('-')[..^1];
        var pod = JobPods.For(job, JobPods.Template(job), new(indexed ? int.Parse(name) : null, null));
        pod.Metadata.Name = pod.Metadata.UID = "p" + word;
        var state = word.TrimEnd('-')[^1];
        pod.Status.Phase = state switch { 's' => PodPhase.Succeeded, 'f' => PodPhase.Failed, _ => PodPhase.Running };
        if (state is 's' or 'f')
            pod.Status.ContainerStatuses = [new() { Name = "web", State = new() { Terminated = new() { ExitCode = state == 'f' ? 1 : 0, FinishedAt = ended ?? s_now.AddHours(-1) } } }];
        if (state == 'd')
            pod.Metadata.DeletionTimestamp = s_now.AddHours(-1);
        if (word.EndsWith('-'))
            pod.Metadata.Finalizers = null;
        return pod;
    }

    private static JobReconciler Step(Job job, string pods, bool caughtUp = true, JobBackoff? backoff = null) => new(
        job, [.. pods.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => Pod(job, w))], new HashSet<string>(), caughtUp,
        backoff ?? JobBackoff.None, s_now);

    private static string Text(JobPlan plan) => string.Join(' ',
        plan.Create.Select(c => "+" + c.Index).Concat(plan.Remove.Select(p => "-" + p.Metadata.Name)).Concat(plan.Abort.Select(p => "!" + p.Metadata.Name)));

    /// <summary>The whole step, when all calls succeed: what was done, and the status at its end.</summary>
    private static (string Acts, JobStatus Status, string Events) Run(Job job, string pods, bool caughtUp = true, JobBackoff? backoff = null)
    {
        var step = Step(job, pods, caughtUp, backoff);
        var plan = step.Decide();
        var tracking = step.Track(new(plan.Create.Count, plan.Remove.Count + plan.Abort.Count, plan.Remove.Concat(plan.Abort).Count(PodState.IsReady)));
        var settlement = step.Settle(tracking.Release.Select(p => p.Metadata.UID));
        return (Text(plan), step.Status, string.Join(' ', tracking.Events.Concat(settlement.Events).Select(e => e.Reason)));
    }

    private static string Conditions(JobStatus status) => string.Join(' ', status.Conditions.OrEmpty().Select(c => $"{c.Type}={c.Status}:{c.Reason}"));

    [Theory]
    [InlineData(3, 2, "", "+ +")]
    [InlineData(3, 2, "ar", "+")]
    [InlineData(3, 2, "as", "+ +")]
    [InlineData(3, 2, "as bs", "+")] // not more than are left to complete
    [InlineData(3, 2, "as bs cr", "")]
    [InlineData(3, 1, "ar br", "-par")]
    [InlineData(null, 2, "", "+ +")]
    [InlineData(null, 2, "as br", "")] // one success is enough; who runs runs on
    [InlineData(3, 0, "ar", "-par")]
    [InlineData(1_000_000, 1_000_000, "", "500")]
    public void Decide_Pods_AsManyAsAreWanted(int? completions, int parallelism, string pods, string expected)
    {
        var plan = Step(Job(completions, parallelism), pods).Decide();

        Assert.Equal(expected, expected == "500" ? plan.Create.Count.ToString() : Text(plan));
    }

    /// <summary>The simulator's seed 43: suspended before its first status was written, while its pod ran on to its end.</summary>
    [Fact]
    public void Settle_EndsWhileSuspendedAndNeverTold_HasTheBeginningOfItsPods()
    {
        var job = Job(completions: 1, parallelism: 1);
        job.Spec.Suspend = true;
        var pod = Pod(job, "as");
        pod.Metadata.CreationTimestamp = s_now.AddMinutes(-5);
        var step = new JobReconciler(job, [pod], new HashSet<string>(), isCaughtUp: true, JobBackoff.None, s_now);
        step.Decide();
        step.Settle(step.Track(new(0, 0, 0)).Release.Select(p => p.Metadata.UID));

        Assert.Equal("SuccessCriteriaMet=True:CompletionsReached Complete=True:CompletionsReached", Conditions(step.Status));
        Assert.Equal(s_now.AddMinutes(-5), step.Status.StartTime);
    }

    [Theory]
    [InlineData("", "+0 +1")]
    [InlineData("0r", "+1")]
    [InlineData("0s 1r", "+2")]
    [InlineData("0r 2r", "")]
    [InlineData("1r 1r", "-p1r")] // an index twice
    [InlineData("0s 1s 2s", "")]
    public void Decide_Indexed_FirstIndexesThatAreOpen(string pods, string expected) => Assert.Equal(expected, Text(Step(Job(indexed: true), pods).Decide()));

    [Theory]
    [InlineData("ar br", 1, 0, 1)] // one of two deletions failed, and of which is not known
    [InlineData("ar br", 1, 1, 1)]
    [InlineData("ar br", 2, 2, 0)]
    [InlineData("ar br", 0, 0, 2)]
    public void Track_DeletionsFailedPartly_NotMoreReadyThanActive(string pods, int deleted, int deletedReady, int ready)
    {
        var job = Job();
        var step = new JobReconciler(
            job, [.. pods.Split(' ').Select(w => Pod(job, w).With(p => p.Status.Conditions = [new() { Type = "Ready", Status = "True" }]))],
            new HashSet<string>(), true, JobBackoff.None, s_now);
        step.Decide();

        step.Track(new(0, deleted, deletedReady));

        Assert.Equal((2 - deleted, ready), (step.Status.Active, step.Status.Ready));
    }

    [Fact]
    public void Decide_NotCaughtUpOrBeingDeleted_MakesNothing()
    {
        Assert.Equal("", Text(Step(Job(), "", caughtUp: false).Decide()));
        Assert.Equal("", Text(Step(Job().With(j => j.Metadata.DeletionTimestamp = s_now), "").Decide()));
    }

    [Theory]
    [InlineData("TerminatingOrFailed", "+ +")]
    [InlineData("Failed", "+")]
    public void Decide_TerminatingPods_AreReplacedAtOnceOrWhenGone(string policy, string expected) =>
        Assert.Equal(expected, Text(Step(Job().With(j => j.Spec.PodReplacementPolicy = policy), "ad").Decide()));

    [Fact]
    public void Run_AllSucceeded_CountsAndCompletes()
    {
        var (acts, status, events) = Run(Job(2), "as bs");

        Assert.Equal(("", "SuccessCriteriaMet=True:CompletionsReached Complete=True:CompletionsReached", "Completed"), (acts, Conditions(status), events));
        Assert.Equal((2, 0, 0), (status.Succeeded, status.Failed, status.Active));
        Assert.NotNull(status.CompletionTime);
        Assert.NotNull(status.StartTime);
        Assert.Null(status.UncountedTerminatedPods!.Succeeded);
    }

    [Fact]
    public void Track_EndedPods_AreNamedBeforeTheirFinalizersGo()
    {
        var step = Step(Job(), "as bf cr");
        step.Decide();
        var tracking = step.Track(new(1, 0, 0));

        Assert.True(tracking.Flush);
        Assert.Equal(["pas"], step.Status.UncountedTerminatedPods!.Succeeded);
        Assert.Equal(["pbf"], step.Status.UncountedTerminatedPods.Failed);
        Assert.Equal((0, 0), (step.Status.Succeeded, step.Status.Failed));
        Assert.Equal(["pas", "pbf"], tracking.Release.Select(p => p.Metadata.UID));
        Assert.True(step.Settle(["pas"]).Flush);
        Assert.Equal((1, 0), (step.Status.Succeeded, step.Status.Failed));
        Assert.Equal(["pbf"], step.Status.UncountedTerminatedPods.Failed);
    }

    [Fact]
    public void Track_PodsNamedBeforeACrash_AreCountedOnce()
    {
        var job = Job();
        job.Status = new() { Succeeded = 1, UncountedTerminatedPods = new() { Succeeded = ["pas", "gone"], Failed = ["pbf-"] }, StartTime = Make.Start };
        var (_, status, _) = Run(job, "as bf-");

        Assert.Equal((3, 1), (status.Succeeded, status.Failed));
    }

    [Fact]
    public void Track_ManyPods_NamesFiveHundredAtATime()
    {
        var job = Job(1000, 10);
        var step = Step(job, string.Join(' ', Enumerable.Range(0, 700).Select(i => $"n{i}s")));
        step.Decide();
        var tracking = step.Track(new(0, 0, 0));

        Assert.Equal(500, tracking.Release.Count);
        Assert.Equal(500, step.Status.UncountedTerminatedPods!.Succeeded!.Count);
    }

    [Fact]
    public void Run_BackoffLimit_FailsTheJobAndAbortsItsPods()
    {
        var job = Job().With(j => j.Spec.BackoffLimit = 1);
        var (acts, status, events) = Run(job, "af bf cr");

        Assert.Equal(("!pcr", "FailureTarget=True:BackoffLimitExceeded", ""), (acts, Conditions(status), events));
        Assert.Equal((0, 3, 1), (status.Active, status.Failed, status.Terminating));
        job.Status = status;
        var after = Run(job, "");
        Assert.Equal("FailureTarget=True:BackoffLimitExceeded Failed=True:BackoffLimitExceeded", Conditions(after.Status));
        Assert.Equal(("BackoffLimitExceeded", "Job has reached the specified backoff limit"), (after.Events, after.Status.Conditions![1].Message));
    }

    [Fact]
    public void Run_RestartsOfOneself_CountAgainstTheLimit()
    {
        var job = Job().With(j => j.Spec.Template.Spec.RestartPolicy = "OnFailure").With(j => j.Spec.BackoffLimit = 3);
        var pod = Pod(job, "ar").With(p => p.Status.ContainerStatuses = [new() { RestartCount = 3 }]);
        var step = new JobReconciler(job, [pod], new HashSet<string>(), true, JobBackoff.None, s_now);

        Assert.Equal("!par", Text(step.Decide()));
    }

    [Fact]
    public void Run_Deadline_ComesBackAndThenFails()
    {
        var job = Job().With(j => j.Spec.ActiveDeadlineSeconds = 7200).With(j => j.Status.StartTime = Make.Start);
        var step = Step(job, "ar br");
        step.Decide();

        Assert.Equal(TimeSpan.FromHours(1), step.CheckAfter);
        job.Spec.ActiveDeadlineSeconds = 3600;
        Assert.Equal("FailureTarget=True:DeadlineExceeded", Conditions(Run(job, "ar br").Status));
    }

    [Fact]
    public void Run_SuspendedAndResumed_TakesPodsAwayAndStartsTheClockAnew()
    {
        var job = Job().With(j => j.Spec.Suspend = true).With(j => j.Status.StartTime = Make.Start);
        var (acts, status, events) = Run(job, "ar br");
        Assert.Equal(("-par -pbr", "Suspended=True:JobSuspended", "Suspended", 0), (acts, Conditions(status), events, status.Active));

        (job.Spec.Suspend, job.Status) = (false, status);
        var resumed = Run(job, "");
        Assert.Equal(("+ +", "Suspended=False:JobResumed", "Resumed"), (resumed.Acts, Conditions(resumed.Status), resumed.Events));
        Assert.Equal(s_now, resumed.Status.StartTime);
        Assert.Null(Run(Job().With(j => j.Spec.Suspend = true), "").Status.StartTime);
    }

    [Fact]
    public void Decide_AfterFailures_WaitsLongerEachTime()
    {
        TimeSpan? Wait(int failures)
        {
            var step = Step(Job(), "", backoff: new(failures, s_now.AddSeconds(-4)));
            Assert.Empty(step.Decide().Create);
            return step.CheckAfter;
        }

        Assert.Equal([6, 16, 36, 596], new[] { 1, 2, 3, 30 }.Select(f => (int)Wait(f)!.Value.TotalSeconds));
        Assert.Equal(JobBackoff.None, JobBackoff.None.After([Pod(Job(), "as", s_now)], [Pod(Job(), "bf", s_now.AddSeconds(-5))], s_now));
        Assert.Equal(new JobBackoff(3, s_now), new JobBackoff(2, null).After([], [Pod(Job(), "bf", s_now)], s_now));
    }

    [Fact]
    public void Run_FailurePolicy_FailsIgnoresAndCounts()
    {
        Job With(string action, int code) => Job().With(j => j.Spec.PodFailurePolicy = new()
        {
            Rules = [new() { Action = action, OnExitCodes = new() { Operator = "In", Values = [code] } }],
        });

        var failed = Run(With("FailJob", 1), "af br");
        Assert.Equal("Container web for pod default/paf failed with exit code 1 matching FailJob rule at index 0", failed.Status.Conditions![0].Message);
        Assert.Equal("PodFailurePolicy", failed.Status.Conditions[0].Reason);
        Assert.Equal(0, Run(With("Ignore", 1), "af br cr").Status.Failed);
        Assert.Equal(1, Run(With("Ignore", 2), "af br cr").Status.Failed);
        Assert.Equal(1, Run(With("Count", 1), "af br cr").Status.Failed);
    }

    [Fact]
    public void Run_FailurePolicyOnConditions_Matches()
    {
        var job = Job().With(j => j.Spec.PodFailurePolicy = new()
        {
            Rules = [new() { Action = "Ignore", OnPodConditions = [new() { Type = "DisruptionTarget", Status = "True" }] }],
        });
        var pod = Pod(job, "af").With(p => p.Status.Conditions = [new() { Type = "DisruptionTarget", Status = "True" }]);

        Assert.Equal(new FailureVerdict(null, false, false), FailurePolicy.Match(job, pod));
        job.Spec.PodFailurePolicy!.Rules![0].Action = "FailJob";
        Assert.Equal("Pod default/paf has condition DisruptionTarget matching FailJob rule at index 0", FailurePolicy.Match(job, pod).JobFailure);
    }

    [Fact]
    public void Run_BackoffPerIndex_ReplacesUntilTheIndexIsGivenUp()
    {
        var job = Job(2, 2, indexed: true).With(j => j.Spec.BackoffLimitPerIndex = 1);
        var first = Step(job, "0f 1r");
        var request = Assert.Single(first.Decide().Create);
        Assert.Equal((0, "p0f"), (request.Index, request.Replaced!.Metadata.Name));
        // Its finalizer stays until the successor shows.
        Assert.Empty(first.Track(new(1, 0, 0)).Release);
        var successor = JobPods.For(job, JobPods.Template(job), request);
        Assert.Equal("1", successor.Metadata.Annotations!["batch.kubernetes.io/job-index-failure-count"]);

        successor.Metadata.Name = successor.Metadata.UID = "second";
        successor.Status.Phase = PodPhase.Failed;
        var second = new JobReconciler(job, [Pod(job, "0f"), successor, Pod(job, "1s")], new HashSet<string>(), true, JobBackoff.None, s_now);
        second.Decide();
        second.Settle(second.Track(new(0, 0, 0)).Release.Select(p => p.Metadata.UID));
        Assert.Equal(("0", "1", 2, "Failed"), (second.Status.FailedIndexes, second.Status.CompletedIndexes, second.Status.Failed,
            second.Status.Conditions![^1].Type));
        Assert.Equal("FailedIndexes", second.Status.Conditions[^1].Reason);
    }

    [Fact]
    public void Run_MaxFailedIndexes_EndsTheJobEarly()
    {
        var job = Job(9, 9, indexed: true).With(j => j.Spec.BackoffLimitPerIndex = 0).With(j => j.Spec.MaxFailedIndexes = 1);

        Assert.Equal("", Conditions(Run(job, "0f 1r").Status));
        Assert.Equal("FailureTarget=True:MaxFailedIndexesExceeded", Conditions(Run(job, "0f 1f 2r").Status));
    }

    [Theory]
    [InlineData("0-2", null, "0s 1s 2s", true)]
    [InlineData("0-2", null, "0s 1s 3s", false)]
    [InlineData("0-2", 2, "0s 1s 3s", true)]
    [InlineData(null, 2, "3s 4s", true)]
    [InlineData(null, 3, "3s 4s", false)]
    public void Run_SuccessPolicy_EndsTheJobByItsRule(string? indexes, int? count, string pods, bool met)
    {
        var job = Job(9, 9, indexed: true).With(j => j.Spec.SuccessPolicy = new() { Rules = [new() { SucceededIndexes = indexes, SucceededCount = count }] });
        var (acts, status, _) = Run(job, pods + " 8r");

        Assert.Equal(met, status.Conditions.OrEmpty().Any(c => c is { Type: "SuccessCriteriaMet", Reason: "SuccessPolicy", Message: "Matched rules at index 0" }));
        Assert.Equal(met, acts == "!p8r");
        Assert.Equal(0, status.Failed);
    }

    [Fact]
    public void For_IndexedPod_HasItsIndexEverywhere()
    {
        var job = Job(indexed: true).With(j => j.Metadata.Name = new string('n', 63));
        var pod = JobPods.For(job, JobPods.Template(job), new(12, null));

        Assert.Equal(new string('n', 54) + "-12-", pod.Metadata.GenerateName);
        Assert.Equal("12", pod.Metadata.Labels!["batch.kubernetes.io/job-completion-index"]);
        Assert.Equal(12, JobPods.IndexOf(Job(13, indexed: true), pod));
        Assert.Null(JobPods.IndexOf(Job(12, indexed: true), pod));
        Assert.Equal("metadata.labels['batch.kubernetes.io/job-completion-index']", pod.Spec.Containers![0].Env![0].ValueFrom!.FieldRef!.FieldPath);
        Assert.Contains(JobPods.Finalizer, pod.Metadata.Finalizers!);
    }
}
