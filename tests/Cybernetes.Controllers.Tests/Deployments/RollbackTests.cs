using Cybernetes.Controllers.Deployments;

namespace Cybernetes.Controllers.Tests.Deployments;

public sealed class RollbackTests
{
    [Theory]
    [InlineData("1", "web:1", "DeploymentRollback", "Rolled back deployment \"web\" to revision 1")]
    [InlineData("0", "web:1", "DeploymentRollback", "Rolled back deployment \"web\" to revision 1")]
    [InlineData("2", "web:2", "DeploymentRollbackTemplateUnchanged", "The rollback revision contains the same template as current deployment \"web\"")]
    [InlineData("7", "web:2", "DeploymentRollbackRevisionNotFound", "Unable to find the revision to rollback to.")]
    public void Decide_Annotation_GoesBackOrSaysWhyNot(string wish, string image, string reason, string message)
    {
        var deployment = Make.Deployment(3, image: "web:2");
        deployment.Metadata.Annotations = new() { [Rollback.Annotation] = wish, [Revisions.Revision] = "2", ["own"] = "new" };
        var first = Make.Set(deployment, "web:1", 0, revision: 1).With(s => s.Metadata.Annotations!["own"] = "old");
        var result = Rollback.Decide(deployment, [first, Make.Set(deployment, "web:2", 3, revision: 2)])!;

        Assert.Equal((image, reason, message), (result.Deployment.Spec.Template.Spec.Containers![0].Image, result.Reason, result.Message));
        Assert.False(result.Deployment.Metadata.Annotations!.ContainsKey(Rollback.Annotation));
        Assert.Equal("2", result.Deployment.Metadata.Annotations[Revisions.Revision]);
        Assert.Equal(image == "web:1" ? "old" : "new", result.Deployment.Metadata.Annotations["own"]);
        Assert.False(result.Deployment.Spec.Template.Metadata.Labels!.ContainsKey(TemplateHash.Label));
    }

    [Fact]
    public void Decide_WithoutWishOrHistory_DoesNothingOrSaysSo()
    {
        var deployment = Make.Deployment(3);

        Assert.Null(Rollback.Decide(deployment, []));
        deployment.Metadata.Annotations = new() { [Rollback.Annotation] = "0" };
        Assert.Equal("Unable to find last revision.", Rollback.Decide(deployment, [])!.Message);
    }
}
