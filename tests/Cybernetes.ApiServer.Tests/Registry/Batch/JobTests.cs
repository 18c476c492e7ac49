using Cybernetes.ApiServer.Registry.Batch;
using Cybernetes.Objects.Batch.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Batch;

public sealed class JobTests
{
    private const string Template = """ "template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}} """;
    private static readonly JobKind Kind = new();

    [Fact]
    public void Defaults_OfJob_AreUpstreams()
    {
        var job = (Job)KindBench.Created(Kind, Json(Template));
        Assert.Equal((1, 1, 6), (job.Spec.Completions, job.Spec.Parallelism, job.Spec.BackoffLimit));
        Assert.Equal(("NonIndexed", "TerminatingOrFailed", false, false), (job.Spec.CompletionMode, job.Spec.PodReplacementPolicy, job.Spec.Suspend, job.Spec.ManualSelector));
        var labels = job.Spec.Template.Metadata.Labels!;
        Assert.Equal(job.Metadata.UID, labels["batch.kubernetes.io/controller-uid"]);
        Assert.Equal(job.Metadata.UID, labels["controller-uid"]);
        Assert.Equal(("j", "j"), (labels["batch.kubernetes.io/job-name"], labels["job-name"]));
        Assert.Equal("batch.kubernetes.io/controller-uid", Assert.Single(job.Spec.Selector!.MatchLabels!).Key);
        Assert.Equal(labels, job.Metadata.Labels);
    }

    [Fact]
    public void Defaults_OfParallelism_LeaveCompletionsOpen()
    {
        var job = (Job)KindBench.Created(Kind, Json(Template + """, "parallelism":3,"podFailurePolicy":{"rules":[{"action":"Ignore","onPodConditions":[{"type":"DisruptionTarget"}]}]} """));
        Assert.Null(job.Spec.Completions);
        Assert.Equal("Failed", job.Spec.PodReplacementPolicy);
        Assert.Equal("True", job.Spec.PodFailurePolicy!.Rules![0].OnPodConditions![0].Status);
    }

    [Theory]
    [InlineData(""" "parallelism":-1,"backoffLimit":-2 """, "spec.parallelism: Invalid value: -1: must be greater than or equal to 0", "spec.backoffLimit: Invalid value: -2: must be greater than or equal to 0")]
    [InlineData(""" "completionMode":"Indexed","parallelism":2 """, "spec.completions: Required value: when completion mode is Indexed")]
    [InlineData(""" "completionMode":"Random" """, "spec.completionMode: Unsupported value: \"Random\": supported values: \"NonIndexed\", \"Indexed\"")]
    [InlineData(""" "completionMode":"Indexed","completions":3,"parallelism":100001 """, "spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed")]
    [InlineData(""" "completionMode":"Indexed","completions":3,"backoffLimitPerIndex":1,"maxFailedIndexes":4 """, "spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to completions")]
    [InlineData(""" "backoffLimitPerIndex":1 """, "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode")]
    [InlineData(""" "managedBy":"me" """, "spec.managedBy: Invalid value: \"me\": must be a domain-prefixed path (such as \"acme.io/foo\")")]
    [InlineData(""" "podReplacementPolicy":"Never" """, "spec.podReplacementPolicy: Unsupported value: \"Never\": supported values: \"Failed\", \"TerminatingOrFailed\"")]
    [InlineData(""" "podFailurePolicy":{"rules":[{"action":"FailJob"}]} """, "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required")]
    [InlineData(""" "podFailurePolicy":{"rules":[{"action":"FailIndex","onExitCodes":{"operator":"In","containerName":"x","values":[3,0,3]}}]} """, "spec.podFailurePolicy.rules[0].action: Invalid value: \"FailIndex\": requires the backoffLimitPerIndex to be set", "spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: \"x\": must be one of the container or initContainer names in the pod template", "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator", "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3", "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered")]
    [InlineData(""" "successPolicy":{"rules":[{"succeededCount":1}]} """, "spec.successPolicy: Invalid value: {\"rules\":[{\"succeededCount\":1}]}: requires indexed completion mode")]
    [InlineData(""" "completionMode":"Indexed","completions":5,"successPolicy":{"rules":[{},{"succeededIndexes":"0-2,7","succeededCount":9}]} """, "spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified", "spec.successPolicy.rules[1].succeededIndexes: Invalid value: \"0-2,7\": error parsing succeededIndexes: too large index: \"7\"", "spec.successPolicy.rules[1].succeededCount: Invalid value: 9: must be less than or equal to 5 (the number of specified completions)", "spec.successPolicy.rules[1].succeededCount: Invalid value: 9: must be less than or equal to 3 (the number of indexes in the specified succeededIndexes field)")]
    [InlineData(""" "manualSelector":true """, "spec.selector: Required value", "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`")]
    public void Create_Fields_AreExplained(string fields, params string[] expected) =>
        Assert.Equal(expected, KindBench.CreateErrors(Kind, Json($"{Template},{fields}")));

    [Theory]
    [InlineData("", "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"")]
    [InlineData("Sometimes", "spec.template.spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"", "spec.template.spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"OnFailure\", \"Never\"")]
    public void Create_RestartPolicy_IsExplained(string policy, params string[] expected) => Assert.Equal(
        expected, KindBench.CreateErrors(Kind, Json(Template.Replace("Never", policy, StringComparison.Ordinal))));

    [Fact]
    public void Create_ForeignUid_IsExplained()
    {
        var errors = KindBench.CreateErrors(Kind, Json("""  "template":{"metadata":{"labels":{"controller-uid":"x"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}} """));
        var error = Assert.Single(errors);
        Assert.StartsWith("spec.template.metadata.labels[controller-uid]: Invalid value: {", error, StringComparison.Ordinal);
        Assert.Contains(": must be '", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Update_Template_MovesOnlyWhileSuspended()
    {
        var job = (Job)KindBench.Created(Kind, Json(Template + ",\"suspend\":true"));
        var after = KindBench.Json(job).Replace("\"containers\"", "\"nodeSelector\":{\"a\":\"b\"},\"containers\"", StringComparison.Ordinal);
        Assert.Empty(KindBench.UpdateErrors(Kind, KindBench.Json(job), after));
        var running = KindBench.Json(job).Replace("\"suspend\":true", "\"suspend\":false", StringComparison.Ordinal);
        var error = Assert.Single(KindBench.UpdateErrors(Kind, running, after));
        Assert.StartsWith("spec.template: Invalid value: {", error, StringComparison.Ordinal);
        Assert.EndsWith(": field is immutable", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "completions":4,"parallelism":4 """)]
    [InlineData(""" "completions":4,"parallelism":2 """, "spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism")]
    public void Update_Completions_GoWithParallelism(string fields, params string[] expected)
    {
        var job = KindBench.Json(KindBench.Created(Kind, Json(Template + """, "completionMode":"Indexed","completions":2,"parallelism":2 """)));
        var after = job.Replace("\"parallelism\":2,\"completions\":2", fields, StringComparison.Ordinal);
        Assert.NotEqual(job, after);
        Assert.Equal(expected, KindBench.UpdateErrors(Kind, job, after));
    }

    [Theory]
    [InlineData(""" "uncountedTerminatedPods":{"succeeded":["a",""],"failed":["a"]} """, "status.uncountedTerminatedPods.succeeded[1]: Invalid value: \"\": must not be empty", "status.uncountedTerminatedPods.failed[0]: Duplicate value: \"a\"")]
    [InlineData(""" "conditions":[{"type":"Failed","status":"True"}],"startTime":"2026-01-01T00:00:00Z" """, "status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition")]
    [InlineData(""" "completionTime":"2026-01-01T00:00:00Z" """, "status.completionTime: Invalid value: \"2026-01-01T00:00:00Z\": cannot set completionTime when there is no Complete=True condition")]
    [InlineData(""" "active":1,"ready":2,"completedIndexes":"1" """, "status.completedIndexes: Invalid value: \"1\": error parsing completedIndexes: too large index: \"1\"", "status.completedIndexes: Invalid value: \"1\": cannot set non-empty completedIndexes when non-indexed completion mode", "status.ready: Invalid value: 2: cannot set more ready pods than active")]
    public void Status_OfJob_IsChecked(string status, params string[] expected) => Assert.Equal(
        expected, KindBench.StatusErrors(Kind, Json(Template), $$"""{"metadata":{"name":"j"},"status":{ {{status}} } }"""));

    [Theory]
    [InlineData("True")]
    [InlineData("False", "status.startTime: Required value: startTime cannot be removed for unsuspended job")]
    public void Status_StartTime_MovesOnlyWhereTheJobIsResumed(string wasSuspended, params string[] expected)
    {
        var before = $$"""
            {"metadata":{"name":"j"},"spec":{ {{Template}} },"status":{"startTime":"2026-01-01T00:00:00Z","conditions":[{"type":"Suspended","status":"{{wasSuspended}}"}]} }
            """;
        const string after = """{"metadata":{"name":"j"},"status":{"startTime":"2026-01-01T00:05:00Z","conditions":[{"type":"Suspended","status":"False"}]}}""";
        Assert.Equal(expected, KindBench.StatusErrors(Kind, before, after));
    }

    [Theory]
    [InlineData("""{"succeeded":1,"startTime":"2026-01-02T03:03:05Z"}""", "j | Running | 1/2 | 60s")]
    [InlineData("""{"succeeded":2,"startTime":"2026-01-02T03:00:05Z","completionTime":"2026-01-02T03:02:35Z","conditions":[{"type":"Complete","status":"True"}]}""", "j | Complete | 2/2 | 2m30s")]
    public void Row_OfJob_IsUpstreams(string status, string expected) => Assert.Equal(
        expected + " | 3h | c | i | a=b",
        KindBench.Row(Kind, $$"""{"metadata":{"name":"j","creationTimestamp":"2026-01-02T00:04:05Z"},"spec":{"completions":2,"selector":{"matchLabels":{"a":"b"} },"template":{"spec":{"containers":[{"name":"c","image":"i"}]} } },"status":{{status}} }"""));

    [Theory]
    [InlineData(""" "schedule":"" """, "spec.schedule: Required value")]
    [InlineData(""" "schedule":"1 2 3" """, "spec.schedule: Invalid value: \"1 2 3\": expected exactly 5 fields, found 3: [1 2 3]")]
    [InlineData(""" "schedule":"TZ=UTC 0 * * * *" """, "spec.schedule: Invalid value: \"TZ=UTC 0 * * * *\": cannot use TZ or CRON_TZ in schedule, use timeZone field instead")]
    [InlineData(""" "schedule":"@daily","timeZone":"" """, "spec.timeZone: Invalid value: \"\": timeZone must be nil or non-empty string")]
    [InlineData(""" "schedule":"@daily","timeZone":"Mars/Base" """, "spec.timeZone: Invalid value: \"Mars/Base\": unknown time zone Mars/Base")]
    [InlineData(""" "schedule":"@daily","concurrencyPolicy":"Maybe" """, "spec.concurrencyPolicy: Unsupported value: \"Maybe\": supported values: \"Allow\", \"Forbid\", \"Replace\"")]
    [InlineData(""" "schedule":"@daily","timeZone":"Europe/Berlin","startingDeadlineSeconds":-1 """, "spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0")]
    public void CronJob_Fields_AreExplained(string fields, params string[] expected) => Assert.Equal(
        expected, KindBench.CreateErrors(new CronJobKind(), $$"""{"metadata":{"name":"c"},"spec":{"jobTemplate":{"spec":{ {{Template}} } }, {{fields}} } }"""));

    [Fact]
    public void CronJob_DefaultsAndRow_AreUpstreams()
    {
        var json = $$"""{"metadata":{"name":"c"},"spec":{"schedule":"*/5 * * * *","jobTemplate":{"spec":{ {{Template}} } } } }""";
        var cron = (CronJob)KindBench.Created(new CronJobKind(), json);
        Assert.Equal(("Allow", false, 3, 1), (cron.Spec.ConcurrencyPolicy, cron.Spec.Suspend, cron.Spec.SuccessfulJobsHistoryLimit, cron.Spec.FailedJobsHistoryLimit));
        Assert.Null(cron.Spec.JobTemplate.Spec.Parallelism);
        Assert.Equal("c | */5 * * * * | <none> | False | 0 | <none> | <unknown> | c | i | <none>", KindBench.Row(new CronJobKind(), KindBench.Json(cron)));
    }

    private static string Json(string spec) => $$"""{"metadata":{"name":"j","namespace":"default","uid":"11111111-2222-3333-4444-555555555555"},"spec":{ {{spec}} } }""";
}
