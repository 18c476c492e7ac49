using Cybernetes.Controllers.Deployments;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.Controllers.Tests.Deployments;

public sealed class DeploymentConditionsTests
{
    private static DeploymentStatus Tell(Deployment deployment, DateTimeOffset now, params ReplicaSet[] sets)
    {
        var status = DeploymentReconciler.Reconcile(deployment, sets, [], now).Status;
        deployment.Status = status;
        return status;
    }

    private static DeploymentCondition Progress(DeploymentStatus status) => DeploymentConditions.Find(status, "Progressing")!;

    [Theory]
    [InlineData(4, 3, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")]
    [InlineData(4, 2, "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")]
    public void Available_ByCount_IsWordedAsUpstream(int desired, int available, string value, string reason, string message)
    {
        var deployment = Make.Deployment(desired);
        var condition = DeploymentConditions.Find(Tell(deployment, Make.Start, Make.Set(deployment, "web:1", desired, available)), "Available")!;

        Assert.Equal((value, reason, message), (condition.Status, condition.Reason, condition.Message));
    }

    [Fact]
    public void Progressing_ThroughARollout_FoundUpdatedAvailable()
    {
        var deployment = Make.Deployment(2);
        var set = Make.Set(deployment, "web:1", 2, 0, revision: 1);
        Assert.Equal("FoundNewReplicaSet", Progress(Tell(deployment, Make.Start, set)).Reason);

        set.Status.ReadyReplicas = set.Status.AvailableReplicas = 1;
        var updated = Progress(Tell(deployment, Make.Start.AddSeconds(5), set));
        Assert.Equal(("ReplicaSetUpdated", "True", Make.Start.AddSeconds(5), Make.Start),
            (updated.Reason, updated.Status, updated.LastUpdateTime!.Value, updated.LastTransitionTime!.Value));
        Assert.Equal($"ReplicaSet \"{set.Metadata.Name}\" is progressing.", updated.Message);

        set.Status.ReadyReplicas = set.Status.AvailableReplicas = 2;
        var done = Progress(Tell(deployment, Make.Start.AddSeconds(9), set));
        Assert.Equal(("NewReplicaSetAvailable", $"ReplicaSet \"{set.Metadata.Name}\" has successfully progressed."), (done.Reason, done.Message));
    }

    [Fact]
    public void Progressing_NothingMovesUntilTheDeadline_TimesOutOnce()
    {
        var deployment = Make.Deployment(2);
        deployment.Spec.ProgressDeadlineSeconds = 10;
        var set = Make.Set(deployment, "web:1", 2, 0, revision: 1);
        Tell(deployment, Make.Start, set);
        var plan = DeploymentReconciler.Reconcile(deployment, [set], [], Make.Start.AddSeconds(4));
        Assert.Equal(TimeSpan.FromSeconds(7), plan.CheckAfter);
        Assert.Equal("FoundNewReplicaSet", Progress(Tell(deployment, Make.Start.AddSeconds(10), set)).Reason);

        var late = Progress(Tell(deployment, Make.Start.AddSeconds(11), set));
        Assert.Equal(("False", "ProgressDeadlineExceeded", $"ReplicaSet \"{set.Metadata.Name}\" has timed out progressing."),
            (late.Status, late.Reason, late.Message));
        var after = DeploymentReconciler.Reconcile(deployment, [set], [], Make.Start.AddSeconds(60));
        Assert.True(after.Status.SemanticEquals(deployment.Status));
        Assert.Null(after.CheckAfter);

        set.Status.ReadyReplicas = set.Status.AvailableReplicas = 2;
        Assert.Equal("NewReplicaSetAvailable", Progress(Tell(deployment, Make.Start.AddSeconds(90), set)).Reason);
    }

    [Fact]
    public void Progressing_PausedAndResumed_DoesNotCountThePause()
    {
        var deployment = Make.Deployment(2);
        deployment.Spec.ProgressDeadlineSeconds = 10;
        deployment.Spec.Paused = true;
        var set = Make.Set(deployment, "web:1", 2, 0, revision: 1);
        var paused = Progress(Tell(deployment, Make.Start, set));
        Assert.Equal(("Unknown", "DeploymentPaused", "Deployment is paused"), (paused.Status, paused.Reason, paused.Message));

        deployment.Spec.Paused = false;
        var resumed = Progress(Tell(deployment, Make.Start.AddHours(1), set));
        Assert.Equal(("Unknown", "DeploymentResumed", "Deployment is resumed"), (resumed.Status, resumed.Reason, resumed.Message));
        Assert.Equal("DeploymentResumed", Progress(Tell(deployment, Make.Start.AddHours(1).AddSeconds(9), set)).Reason);
        Assert.Equal("ProgressDeadlineExceeded", Progress(Tell(deployment, Make.Start.AddHours(1).AddSeconds(11), set)).Reason);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(int.MaxValue)]
    public void Progressing_WithoutDeadline_IsNotTold(int? deadline)
    {
        var deployment = Make.Deployment(2);
        deployment.Spec.ProgressDeadlineSeconds = deadline;

        Assert.Null(DeploymentConditions.Find(Tell(deployment, Make.Start, Make.Set(deployment, "web:1", 2, 0, revision: 1)), "Progressing"));
    }

    [Fact]
    public void ReplicaFailure_OfASet_IsTakenOverAndTakenBack()
    {
        var deployment = Make.Deployment(2);
        var set = Make.Set(deployment, "web:1", 2, 0, revision: 1);
        Tell(deployment, Make.Start, set);
        set.Status.Conditions = [new() { Type = "ReplicaFailure", Status = "True", Reason = "FailedCreate", Message = "no" }];
        var failure = DeploymentConditions.Find(Tell(deployment, Make.Start, set), "ReplicaFailure")!;
        Assert.Equal(("FailedCreate", "no"), (failure.Reason, failure.Message));

        set.Status.Conditions = null;
        Assert.Null(DeploymentConditions.Find(Tell(deployment, Make.Start, set), "ReplicaFailure"));
    }

    [Fact]
    public void Counts_OverSets_SumAndNeverGoNegative()
    {
        var deployment = Make.Deployment(3, image: "web:2");
        var old = Make.Set(deployment, "web:1", 1, 2, ageSeconds: 60, revision: 1);
        old.Status.TerminatingReplicas = 2;
        var status = Tell(deployment, Make.Start, old, Make.Set(deployment, "web:2", 3, 2, revision: 2));

        Assert.Equal((4, 3, 4, 0, 2),
            (status.Replicas, status.UpdatedReplicas, status.AvailableReplicas, status.UnavailableReplicas, status.TerminatingReplicas));
    }
}
