using System.Text;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.Tests.Ownership;

public sealed class ClaimsTests
{
    private static readonly LabelMatcher s_selector = LabelMatcher.FromSet(new() { ["app"] = "web" });

    private static string Decide(bool ownerDeleted, string controller, string label, bool deleted)
    {
        var owner = new ObjectMeta { UID = "me", DeletionTimestamp = ownerDeleted ? Make.Start : null };
        var pod = Make.Pod("a").With(p => (p.Metadata.Labels, p.Metadata.DeletionTimestamp) = (new() { ["app"] = label }, deleted ? Make.Start : null));
        if (controller.Length > 0)
            pod.Metadata.OwnerReferences = [Make.Owner(controller)];
        var claims = Claims.Decide(owner, s_selector, [pod]);
        return claims.Owned.Count > 0 ? "own" : claims.Adopt.Count > 0 ? "adopt" : claims.Release.Count > 0 ? "release" : "leave";
    }

    [Theory]
    [InlineData(false, "me", "web", false, "own")]
    [InlineData(false, "me", "web", true, "own")]
    [InlineData(true, "me", "web", false, "own")]
    [InlineData(false, "me", "db", false, "release")]
    [InlineData(true, "me", "db", false, "leave")]
    [InlineData(false, "other", "web", false, "leave")]
    [InlineData(false, "", "web", false, "adopt")]
    [InlineData(false, "", "web", true, "leave")]
    [InlineData(true, "", "web", false, "leave")]
    [InlineData(false, "", "db", false, "leave")]
    public void Decide_ByControllerLabelsAndDeletion_IsUpstreams(bool ownerDeleted, string controller, string label, bool deleted, string expected) =>
        Assert.Equal(expected, Decide(ownerDeleted, controller, label, deleted));

    [Fact]
    public void Release_Patch_NamesBothUids() =>
        Assert.Equal(
            """{"metadata":{"uid":"pod","ownerReferences":[{"$patch":"delete","uid":"me"}]}}""",
            Encoding.UTF8.GetString(Claims.Release("me", "pod").Body.Span));

    [Theory]
    [InlineData("True", 0, true)]
    [InlineData("True", 10, true)]
    [InlineData("True", 11, false)]
    [InlineData("False", 0, false)]
    public void IsAvailable_ByReadyTime_NeedsMinReadySeconds(string ready, int minimum, bool expected)
    {
        var pod = Make.Pod("a", ready == "True", readySeconds: 10);

        Assert.Equal(expected, PodState.IsAvailable(pod, minimum, Make.Start));
    }
}
