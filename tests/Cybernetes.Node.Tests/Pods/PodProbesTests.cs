using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using static Cybernetes.Node.Tests.Pods.PodBuilder;

namespace Cybernetes.Node.Tests.Pods;

/// <summary>Probes as the pod's worker lives with them.</summary>
[Collection(nameof(Quiet))]
public sealed class PodProbesTests
{
    [Fact]
    public async Task Liveness_FailingThreeTimes_RestartsTheContainer()
    {
        await using var bench = new WorkerBench();
        var container = With(Container("app"), one => one.LivenessProbe = HttpProbe(period: 5, failures: 3));
        bench.Api.Put(Pod("web", container));
        await bench.UntilAsync(() => bench.IsReady("web"));

        bench.Http.StatusCode = 500;
        await bench.UntilAsync(() => bench.Events.Count("Killing") > 0, 30);
        bench.Http.StatusCode = 200;
        await bench.UntilAsync(() => bench.Container("web", "app").RestartCount == 1 && bench.IsReady("web"));

        var unhealthy = bench.Events.Count(
            "Warning Unhealthy spec.containers{app} Liveness probe failed: HTTP probe failed with statuscode: 500");
        Assert.InRange(unhealthy, 3, 4);
        Assert.Equal(1, bench.Events.Count(
            "Normal Killing spec.containers{app} Container app failed liveness probe, will be restarted"));
    }

    [Fact]
    public async Task Readiness_Failing_TakesThePodOutAndInAgain()
    {
        await using var bench = new WorkerBench();
        bench.Http.StatusCode = 503;
        var container = With(Container("app"), one => one.ReadinessProbe = HttpProbe(period: 2, failures: 1));
        bench.Api.Put(Pod("web", container));
        await bench.UntilPhaseAsync("web", "Running");
        await bench.AdvanceAsync(10);
        Assert.False(bench.IsReady("web"));
        var condition = bench.Api.Pod("web")!.Status.Conditions!.Find(one => one.Type == "Ready")!;
        Assert.Equal(
            ("ContainersNotReady", "containers with unready status: [app]"), (condition.Reason, condition.Message));

        bench.Http.StatusCode = 200;
        await bench.UntilAsync(() => bench.IsReady("web"), 5);
        bench.Http.StatusCode = 503;
        await bench.UntilAsync(() => !bench.IsReady("web"), 5);

        Assert.Equal(0, bench.Container("web", "app").RestartCount);
    }

    [Fact]
    public async Task Startup_UntilItSucceeds_HoldsTheOthersBack()
    {
        await using var bench = new WorkerBench();
        bench.Http.StatusCode = 500;
        var container = With(Container("app"), one =>
        {
            one.StartupProbe = HttpProbe(period: 1, failures: 30);
            one.LivenessProbe = HttpProbe(period: 1, failures: 1);
        });
        bench.Api.Put(Pod("web", container));
        await bench.UntilPhaseAsync("web", "Running");
        await bench.AdvanceAsync(10);
        Assert.False(bench.Container("web", "app").Started);
        Assert.Equal(0, bench.Events.Count("Liveness"));

        bench.Http.StatusCode = 200;
        await bench.UntilAsync(() => bench.IsReady("web"), 5);

        Assert.Equal(0, bench.Container("web", "app").RestartCount);
    }

    [Fact]
    public async Task InitialDelay_Passes_BeforeTheFirstProbe()
    {
        await using var bench = new WorkerBench();
        var container = With(Container("app"), one =>
        {
            one.ReadinessProbe = HttpProbe(period: 10, failures: 1);
            one.ReadinessProbe.InitialDelaySeconds = 7;
        });
        bench.Api.Put(Pod("web", container));
        await bench.UntilPhaseAsync("web", "Running");

        await bench.AdvanceAsync(5);
        Assert.Empty(bench.Http.Asked);
        await bench.AdvanceAsync(3);
        Assert.NotEmpty(bench.Http.Asked);
    }

    private static Probe HttpProbe(int period, int failures) => new()
    {
        HTTPGet = new HTTPGetAction { Path = "/healthz", Port = IntOrString.FromInt(8080) },
        PeriodSeconds = period,
        FailureThreshold = failures,
        SuccessThreshold = 1,
        TimeoutSeconds = 1,
    };
}
