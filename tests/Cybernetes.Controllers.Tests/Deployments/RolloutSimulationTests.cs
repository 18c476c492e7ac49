using Cybernetes.Controllers.Deployments;
using Cybernetes.Objects;

namespace Cybernetes.Controllers.Tests.Deployments;

/// <summary>Whole rollouts, many seeds: what must hold at every step, and that each comes to its end and then stands still.</summary>
public sealed class RolloutSimulationTests
{
    private const int Seeds = 300;
    private const int DisturbedSeconds = 60;
    private const int PatienceSeconds = 600;

    [Fact]
    public void Rollout_OfOneNewTemplate_NeverLeavesItsBounds()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var model = new RolloutModel(seed);
            Settle(model, seed);
            model.Finish();
            for (var second = 0; second < PatienceSeconds && !IsDone(model); second++)
                StepWithinBounds(model, seed);
            Assert.True(IsDone(model), $"seed {seed}: not done");
        }
    }

    [Fact]
    public void Rollout_DisturbedAtRandom_ConvergesAndStandsStill()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var model = new RolloutModel(seed);
            var random = new Random(seed);
            for (var second = 0; second < DisturbedSeconds; second++)
            {
                if (random.Next(5) == 0)
                    model.Disturb();
                // Replica sets that lag leave stale counts for the deployment to see.
                model.Apply(model.Plan());
                model.Act(chance: 0.7);
                model.Advance();
            }
            model.Finish();
            Settle(model, seed);
        }
    }

    [Fact]
    public void Rollout_DisturbedAtRandom_NeverTakesAvailablePodsItMustKeep()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var model = new RolloutModel(seed);
            var random = new Random(seed);
            for (var second = 0; second < DisturbedSeconds; second++)
            {
                if (random.Next(8) == 0)
                    model.Disturb();
                // A changed number is shared out first, in one step; the bounds of a rollout hold from then on.
                model.Apply(model.Plan());
                model.Act();
                StepWithinBounds(model, seed);
            }
        }
    }

    private static void StepWithinBounds(RolloutModel model, int seed)
    {
        var deployment = model.Deployment;
        var isRolling = Rollout.IsRolling(deployment) && !deployment.Spec.Paused;
        var minimum = Rollout.Desired(deployment) - Rollout.MaxUnavailable(deployment);
        var most = Rollout.Desired(deployment) + Rollout.MaxSurge(deployment);
        var (availableBefore, plannedBefore) = (model.AvailablePods, model.PlannedPods);
        model.Apply(model.Plan());
        if (isRolling)
            Assert.True(model.PlannedPods <= Math.Max(most, plannedBefore), $"seed {seed}: {model.PlannedPods} pods of at most {most}");
        model.Act();
        if (isRolling && model.Sets.Count > 0 && plannedBefore <= most)
            Assert.True(
                model.AvailablePods >= Math.Min(availableBefore, minimum),
                $"seed {seed}: {model.AvailablePods} available of at least {minimum}, {availableBefore} before");
        model.Advance();
    }

    private static void Settle(RolloutModel model, int seed)
    {
        for (var second = 0; second < PatienceSeconds && !IsDone(model); second++)
        {
            model.Apply(model.Plan());
            model.Act();
            model.Advance();
        }
        Assert.True(IsDone(model), $"seed {seed}: not done");
        model.Apply(model.Plan());
        var rest = model.Plan();
        Assert.True(rest.Actions.Count == 0 && rest.Revision is null && rest.CheckAfter is null, $"seed {seed}: no rest");
        Assert.True(rest.Status.SemanticEquals(model.Deployment.Status), $"seed {seed}: the status does not rest");
        Assert.Equal("NewReplicaSetAvailable", DeploymentConditions.Find(rest.Status, "Progressing")!.Reason);
        Assert.True(model.Sets.Count <= 1 + model.Deployment.Spec.RevisionHistoryLimit, $"seed {seed}: {model.Sets.Count} sets");
        Assert.Equal(model.Sets.Max(s => Revisions.Of(s.Metadata)), Revisions.Of(model.Deployment.Metadata));
    }

    private static bool IsDone(RolloutModel model)
    {
        var deployment = model.Deployment;
        var current = model.Sets.FirstOrDefault(s => TemplateHash.Equal(s.Spec.Template, deployment.Spec.Template));
        return current is not null && Rollout.Desired(current) == Rollout.Desired(deployment)
            && model.PlannedPods == Rollout.Desired(deployment) && model.TotalPods == model.PlannedPods
            && model.AvailablePods == model.TotalPods && model.Plan() is { Actions.Count: 0, Revision: null } plan
            && DeploymentConditions.Find(plan.Status, "Progressing") is { Reason: "NewReplicaSetAvailable" };
    }
}
