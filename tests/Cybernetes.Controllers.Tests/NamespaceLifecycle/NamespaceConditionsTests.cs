using Cybernetes.Client.Discovery;
using Cybernetes.Controllers.NamespaceLifecycle;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.Tests.NamespaceLifecycle;

public sealed class NamespaceConditionsTests
{
    [Fact]
    public void Status_OfNothingLeft_TellsAllIsWell()
    {
        var status = NamespaceConditions.Status(new Namespace(), new ContentOutcome(), Make.Start);

        Assert.Equal("Terminating", status.Phase);
        Assert.Equal(
            ["NamespaceDeletionDiscoveryFailure False ResourcesDiscovered All resources successfully discovered",
                "NamespaceDeletionGroupVersionParsingFailure False ParsedGroupVersions All legacy kube types successfully parsed",
                "NamespaceDeletionContentFailure False ContentDeleted All content successfully deleted, may be waiting on finalization",
                "NamespaceContentRemaining False ContentRemoved All content successfully removed",
                "NamespaceFinalizersRemaining False ContentHasNoFinalizers All content-preserving finalizers finished"],
            status.Conditions!.Select(c => $"{c.Type} {c.Status} {c.Reason} {c.Message}"));
    }

    [Fact]
    public void Status_OfWhatRemains_CountsAndRests()
    {
        var outcome = new ContentOutcome();
        var held = new PartialObjectMetadata { Metadata = { Finalizers = ["example.com/hold"] } };
        outcome.Add(new ServedResource("", "v1", "pods", "Pod", true, []), [held, new PartialObjectMetadata()]);
        outcome.Add(new ServedResource("apps", "v1", "deployments", "Deployment", true, []), [held]);
        var space = new Namespace { Status = NamespaceConditions.Status(new Namespace(), outcome, Make.Start) };

        var messages = space.Status.Conditions!.ToDictionary(c => c.Type, c => c.Message);
        Assert.Equal(
            "Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances", messages["NamespaceContentRemaining"]);
        Assert.Equal(
            "Some content in the namespace has finalizers remaining: example.com/hold in 2 resource instances", messages["NamespaceFinalizersRemaining"]);
        Assert.True(NamespaceConditions.Status(space, outcome, Make.Start.AddHours(1)).SemanticEquals(space.Status));
        Assert.False(outcome.IsEmpty);
    }
}
