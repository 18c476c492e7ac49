using Cybernetes.Controllers.Autoscaling;
using Cybernetes.Objects.Autoscaling.V2;

namespace Cybernetes.Controllers.Tests.Autoscaling;

public sealed class ScaleRulesTests
{
    private static readonly DateTimeOffset s_now = Make.Start;
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(5);

    private static HorizontalPodAutoscaler Autoscaler(int least = 1, int most = 100, HorizontalPodAutoscalerBehavior? behavior = null) =>
        new() { Spec = { MinReplicas = least, MaxReplicas = most, Behavior = behavior } };

    private static List<ScalePoint> Points(string text) =>
    [
        .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => w.Split('@'))
            .Select(w => new ScalePoint(s_now.AddSeconds(-int.Parse(w[1])), int.Parse(w[0]))),
    ];

    private static RuledScale Apply(HorizontalPodAutoscaler autoscaler, int current, int wanted, string past = "", string ups = "", string downs = "") =>
        ScaleRules.Apply(autoscaler, current, wanted, new(Points(past), Points(ups), Points(downs)), s_window, s_now);

    [Theory]
    [InlineData(3, 5, "", 5, "DesiredWithinRange", "ReadyForNewScale")]
    [InlineData(3, 9, "", 6, "ScaleUpLimit", "ReadyForNewScale")] // at most twice as many
    [InlineData(1, 9, "", 4, "ScaleUpLimit", "ReadyForNewScale")] // or four
    [InlineData(60, 500, "", 100, "TooManyReplicas", "ReadyForNewScale")]
    [InlineData(5, 0, "", 1, "TooFewReplicas", "ReadyForNewScale")]
    [InlineData(5, 2, "4@100 3@200", 4, "DesiredWithinRange", "ScaleDownStabilized")]
    [InlineData(5, 2, "4@400", 2, "DesiredWithinRange", "ReadyForNewScale")] // too long ago
    public void Apply_WithoutBehavior_IsTheClassicWay(int current, int wanted, string past, int expected, string limit, string able)
    {
        var ruled = Apply(Autoscaler(), current, wanted, past);

        Assert.Equal((expected, limit, able), (ruled.Replicas, ruled.LimitReason, ruled.AbleReason));
        Assert.Equal(limit != "DesiredWithinRange", ruled.IsLimited);
    }

    private static HorizontalPodAutoscalerBehavior Behavior(string up, string down, int upWindow = 0, int? downWindow = 0)
    {
        HPAScalingRules Rules(string text, int? window)
        {
            var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return new()
            {
                StabilizationWindowSeconds = window,
                SelectPolicy = words.FirstOrDefault(w => w is "Max" or "Min" or "Disabled") ?? "Max",
                Policies =
                [
                    .. words.Where(w => w.Contains('/')).Select(w => w.Split('/')).Select(w => new HPAScalingPolicy
                    {
                        Type = w[0].EndsWith('%') ? "Percent" : "Pods", Value = int.Parse(w[0].TrimEnd('%')), PeriodSeconds = int.Parse(w[1]),
                    }),
                ],
            };
        }

        return new() { ScaleUp = Rules(up, upWindow), ScaleDown = Rules(down, downWindow) };
    }

    [Theory]
    [InlineData("100%/15 4/15", 3, 20, "", "", 7)]
    [InlineData("100%/15 4/15 Min", 3, 20, "", "", 6)]
    [InlineData("100%/15 4/15", 7, 20, "4@10", "", 7)] // spent in this period: seven is what three may become
    [InlineData("100%/15 4/15", 7, 20, "4@20", "", 14)]
    [InlineData("2/60", 3, 20, "", "5@10", 10)] // what went away may come back
    [InlineData("Disabled 4/15", 3, 20, "", "", 3)]
    [InlineData("10%/60", 3, 20, "", "", 4)] // rounded up
    public void Apply_ScaleUpPolicies_LimitTheSpeed(string rules, int current, int wanted, string ups, string downs, int expected) =>
        Assert.Equal(expected, Apply(Autoscaler(behavior: Behavior(rules, "100%/15")), current, wanted, "", ups, downs).Replicas);

    [Theory]
    [InlineData("10%/60 5/60", 100, 50, "", 90)]
    [InlineData("10%/60 5/60 Min", 100, 50, "", 95)]
    [InlineData("5/60", 95, 50, "5@30", 95)]
    [InlineData("5/60", 95, 50, "5@90", 90)]
    [InlineData("Disabled 5/60", 100, 50, "", 100)]
    [InlineData("100%/15", 100, 2, "", 2)]
    public void Apply_ScaleDownPolicies_LimitTheSpeed(string rules, int current, int wanted, string downs, int expected)
    {
        var ruled = Apply(Autoscaler(behavior: Behavior("100%/15", rules)), current, wanted, downs: downs);

        Assert.Equal(expected, ruled.Replicas);
        Assert.Equal(expected != wanted, ruled.LimitReason == "ScaleDownLimit");
    }

    [Theory]
    [InlineData(5, 9, 60, 0, "6@30", 6, "ScaleUpStabilized")]
    [InlineData(5, 9, 60, 0, "6@90", 9, "ReadyForNewScale")]
    [InlineData(5, 2, 0, 60, "4@30", 4, "ScaleDownStabilized")]
    [InlineData(5, 2, 0, null, "4@200", 4, "ScaleDownStabilized")] // the flag's window where none is given
    public void Apply_StabilisationWindows_GoByThePast(int current, int wanted, int up, int? down, string past, int expected, string reason)
    {
        var ruled = Apply(Autoscaler(behavior: Behavior("1000%/15", "100%/15", up, down)), current, wanted, past);

        Assert.Equal((expected, reason), (ruled.Replicas, ruled.AbleReason));
    }
}
