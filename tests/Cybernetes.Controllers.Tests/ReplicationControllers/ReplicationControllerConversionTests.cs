using Cybernetes.Controllers.ReplicationControllers;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.ReplicationControllers;

public sealed class ReplicationControllerConversionTests
{
    [Fact]
    public void ToReplicaSet_AndBack_KeepsSpecAndStatus()
    {
        var old = new ReplicationController
        {
            Metadata = { Name = "web", UID = "u" },
            Spec = { Replicas = 3, MinReadySeconds = 4, Selector = new() { ["app"] = "web" }, Template = Make.Template("web:1") },
            Status =
            {
                Replicas = 3, ReadyReplicas = 2, AvailableReplicas = 1, FullyLabeledReplicas = 3, ObservedGeneration = 7,
                Conditions = [new() { Type = "ReplicaFailure", Status = "True", Reason = "FailedCreate", Message = "quota", LastTransitionTime = Make.Start }],
            },
        };
        var set = ReplicationControllerConversion.ToReplicaSet(old);

        Assert.Equal((3, 4, "web"), (set.Spec.Replicas, set.Spec.MinReadySeconds, set.Spec.Selector!.MatchLabels!["app"]));
        Assert.Same(old.Spec.Template, set.Spec.Template);
        Assert.True(ReplicationControllerConversion.FromStatus(set.Status).SemanticEquals(old.Status));
    }

    [Fact]
    public void ToReplicaSet_WithoutSelector_MatchesNoPod() =>
        Assert.False(LabelMatcher.For(ReplicationControllerConversion.ToReplicaSet(new()).Spec.Selector).Matches(new Dictionary<string, string> { ["app"] = "web" }));
}
