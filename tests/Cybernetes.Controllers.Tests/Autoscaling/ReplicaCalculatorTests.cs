using Cybernetes.Controllers.Autoscaling;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.Autoscaling;

public sealed class ReplicaCalculatorTests
{
    private static readonly DateTimeOffset s_now = Make.Start.AddHours(1);

    /// <summary>Pods by words: usage in thousandths, with m for missing, u for unready, p for pending, f for failed, d for going.</summary>
    private static (ReplicaCalculator Calculator, List<PodSample> Samples) Given(string words, int request = 1000)
    {
        var pods = new List<Pod>();
        var samples = new List<PodSample>();
        foreach (var word in words.Split(' '))
        {
            var name = "p" + pods.Count;
            var pod = Make.Pod(name, ready: !word.EndsWith('u'));
            pod.Status.StartTime = Make.Start.AddMinutes(-1);
            pod.Status.Conditions![0].LastTransitionTime = pod.Status.StartTime;
            pod.Spec.Containers![0].Resources = new() { Requests = new() { ["cpu"] = Quantity.FromMilli(request) } };
            pod.Status.Phase = word[^1] switch { 'p' => PodPhase.Pending, 'f' => PodPhase.Failed, _ => PodPhase.Running };
            pod.Metadata.DeletionTimestamp = word.EndsWith('d') ? s_now : null;
            pods.Add(pod);
            if (!word.EndsWith('m'))
                samples.Add(new(name, s_now, TimeSpan.FromSeconds(30), long.Parse(word.TrimEnd('u', 'p', 'f', 'd'))));
        }
        var readiness = new Readiness(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30));
        return (new(pods, pods.Count, new(0.1, 0.1), readiness, s_now), samples);
    }

    [Theory]
    [InlineData("300 500 700", 30, 5)] // 50 % of 30 %
    [InlineData("300 500 700", 50, 3)]
    [InlineData("300 500 700", 46, 3)] // within the tolerance
    [InlineData("100 300 500 250 250", 50, 3)]
    [InlineData("300 500 700u", 30, 3)] // an unready pod uses nothing when pods would come
    [InlineData("300 500u 700u", 30, 3)]
    [InlineData("400 500 700u", 30, 3)]
    [InlineData("400 500 700p", 30, 3)]
    [InlineData("400 500 700f", 30, 3)] // a failed one does not count: 45 % of two
    [InlineData("400 500 700d", 30, 3)]
    [InlineData("100 450 m m", 30, 4)] // missing ones use nothing when pods would come
    [InlineData("100 200 m", 50, 3)] // and all they request when pods would go
    [InlineData("100 200 100 100 m", 50, 3)]
    [InlineData("200 200 200 m", 25, 4)]
    public void ByUtilization_Usage_GivesUpstreamsNumber(string pods, int target, int expected)
    {
        var (calculator, samples) = Given(pods);

        Assert.Equal(expected, calculator.ByUtilization(samples, target, "cpu", null).Replicas);
    }

    [Fact]
    public void ByUtilization_Reported_IsOfThoseMeasured()
    {
        var (calculator, samples) = Given("300 500 700");
        var proposal = calculator.ByUtilization(samples, 30, "cpu", null);

        Assert.Equal((50, 500L), (proposal.Utilization, proposal.AverageMilli));
    }

    [Theory]
    [InlineData("", "no pods returned by selector while calculating replica count")]
    [InlineData("m m", "did not receive metrics for targeted pods (pods might be unready)")]
    [InlineData("100u 100p", "did not receive metrics for targeted pods (pods might be unready)")]
    public void ByUtilization_NothingToGoBy_SaysSo(string pods, string message)
    {
        var (calculator, samples) = pods.Length == 0 ? (new([], 3, new(0.1, 0.1), new(default, default), s_now), []) : Given(pods);

        Assert.Equal(message, Assert.Throws<MetricUnavailableException>(() => calculator.ByUtilization(samples, 30, "cpu", null)).Message);
    }

    [Fact]
    public void ByUtilization_WithoutRequest_NamesTheContainer()
    {
        var (calculator, samples) = Given("300");

        Assert.Equal("missing request for memory in container web of Pod p0",
            Assert.Throws<MetricUnavailableException>(() => calculator.ByUtilization(samples, 30, "memory", null)).Message);
        Assert.Equal("no metrics returned matched known pods",
            Assert.Throws<MetricUnavailableException>(() => calculator.ByUtilization(samples, 30, "cpu", "other")).Message);
    }

    [Fact]
    public void ByUtilization_YoungPod_IsLeftOutUntilAWindowHasPassed()
    {
        var pod = Make.Pod("p0");
        pod.Status.StartTime = s_now.AddSeconds(-40);
        pod.Status.Conditions![0].LastTransitionTime = s_now.AddSeconds(-20);
        pod.Spec.Containers![0].Resources = new() { Requests = new() { ["cpu"] = Quantity.FromMilli(100) } };
        var calculator = new ReplicaCalculator([pod], 1, new(0.1, 0.1), new(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30)), s_now);
        ReplicaProposal At(int seconds) => calculator.ByUtilization([new("p0", s_now.AddSeconds(seconds), TimeSpan.FromSeconds(30), 900)], 50, "cpu", null);

        Assert.Throws<MetricUnavailableException>(() => At(0));
        Assert.Equal(18, At(15).Replicas);
    }

    [Theory]
    [InlineData("2000 1000 3000", 1000, 6)]
    [InlineData("1000 m", 500, 2)]
    [InlineData("100 m", 500, 2)] // the missing one is taken to be at the target
    [InlineData("100 100 m", 500, 2)]
    [InlineData("100 100 100 100 m", 500, 2)]
    public void ByAverage_Usage_GivesUpstreamsNumber(string pods, long target, int expected)
    {
        var (calculator, samples) = Given(pods);

        Assert.Equal(expected, calculator.ByAverage(samples, target, "").Replicas);
    }

    [Theory]
    [InlineData("0 0 0", 20000, 10000, 6)]
    [InlineData("0 0 0u", 20000, 10000, 4)] // of two that are ready
    [InlineData("0 0 0", 10500, 10000, 3)]
    [InlineData("0 0 0", 1000, 10000, 1)]
    public void ByValue_Usage_ScalesWhatIsReady(string pods, long usage, long target, int expected) =>
        Assert.Equal(expected, Given(pods).Calculator.ByValue(usage, target));

    [Theory]
    [InlineData(8600, 2867, 3, 3)]
    [InlineData(8600, 2000, 3, 5)]
    [InlineData(0, 2000, 3, 0)]
    public void ByShare_Usage_IsDividedAmongPods(long usage, long target, int replicas, int expected) =>
        Assert.Equal(expected, Given("0 0 0").Calculator.ByShare(usage, target, replicas));

    [Fact]
    public void ByValue_FromZero_GoesByTheValueAlone() =>
        Assert.Equal(3, new ReplicaCalculator([], 0, new(0.1, 0.1), new(default, default), s_now).ByValue(2500, 1000));
}
