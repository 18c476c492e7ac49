using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Objects.Tests;

public class MetadataTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void ToController_OfADeployment_IsManagedByIt()
    {
        ReplicaSet owner = new() { Metadata = { Name = "web-1", UID = "u1" } };
        Pod pod = new() { Metadata = { OwnerReferences = [new() { UID = "u0" }, OwnerReferences.ToController(owner)] } };
        Assert.True(OwnerReferences.IsControlledBy(pod, owner));
        Assert.True(OwnerReferences.IsOwnedBy(pod, "u0"));
        OwnerReference reference = OwnerReferences.ControllerOf(pod)!;
        Assert.Equal(("apps/v1", "ReplicaSet", "web-1", true), (reference.APIVersion, reference.Kind, reference.Name, reference.BlockOwnerDeletion));
    }

    [Fact]
    public void Conditions_Set_MovesTheTimeWithTheStatusOnly()
    {
        List<Condition> conditions = [];
        Assert.True(Conditions.Set(conditions, new() { Type = "Ready", Status = "False", Reason = "A" }, Now));
        Assert.True(Conditions.Set(conditions, new() { Type = "Ready", Status = "False", Reason = "B" }, Now.AddSeconds(1)));
        Assert.Equal(Now, Conditions.Find(conditions, "Ready")!.LastTransitionTime);
        Assert.False(Conditions.Set(conditions, new() { Type = "Ready", Status = "False", Reason = "B" }, Now.AddSeconds(2)));
        Assert.True(Conditions.Set(conditions, new() { Type = "Ready", Status = "True", Reason = "B" }, Now.AddSeconds(3)));
        Assert.Equal(Now.AddSeconds(3), Conditions.Find(conditions, "Ready")!.LastTransitionTime);
        Assert.True(Conditions.IsTrue(conditions, "Ready"));
        Assert.True(Conditions.Remove(conditions, "Ready"));
    }

    [Fact]
    public void LabelMatcher_OfATypedSelector_Matches()
    {
        LabelSelector selector = new()
        {
            MatchLabels = new() { ["app"] = "web" },
            MatchExpressions = [new() { Key = "tier", Operator = "In", Values = ["a", "b"] }, new() { Key = "x", Operator = "DoesNotExist" }],
        };
        LabelMatcher matcher = LabelMatcher.For(selector);
        Assert.Equal("app=web,tier in (a,b),!x", matcher.ToString());
        Assert.True(matcher.Matches(new() { ["app"] = "web", ["tier"] = "b" }));
        Assert.False(LabelMatcher.For(null).Matches([]));
        Assert.True(LabelMatcher.For(new()).Matches([]));
        Assert.Equal(
            "\"Near\" is not a valid label selector operator",
            LabelMatcher.TryFor(new() { MatchExpressions = [new() { Key = "a", Operator = "Near" }] }, out _));
    }

    [Fact]
    public void SelectorRules_Invalid_NamesTheField()
    {
        FieldErrorList errors = [];
        LabelSelector selector = new()
        {
            MatchExpressions = [new() { Key = "a", Operator = "In" }, new() { Key = "a", Operator = "Exists", Values = ["x"] }, new() { Key = "a" }],
        };
        SelectorRules.LabelSelector(selector, FieldPath.Of("spec", "selector"), errors);
        Assert.Equal(
            [
                "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
                "spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                "spec.selector.matchExpressions[2].operator: Invalid value: \"\": not a valid selector operator",
            ],
            errors.Select(error => error.ToString()));
    }

    [Theory]
    [InlineData("v1", "", "v1", null)]
    [InlineData("apps/v1", "apps", "v1", null)]
    [InlineData("", "", "", null)]
    [InlineData("a/b/c", "", "", "unexpected GroupVersion string: a/b/c")]
    public void ApiGroupVersion_Parse_Table(string text, string group, string version, string? error)
    {
        Assert.Equal(error, ApiGroupVersion.TryParse(text, out ApiGroupVersion value));
        Assert.Equal((group, version), (value.Group, value.Version));
    }

    [Fact]
    public void Names_OfGroups_PrintAsUpstreams()
    {
        Assert.Equal("apps/v1, Kind=Deployment", new ApiGroupVersionKind("apps", "v1", "Deployment").ToString());
        Assert.Equal("deployments.apps", new ApiGroupResource("apps", "deployments").ToString());
        Assert.Equal("pods", new ApiGroupResource("", "pods").ToString());
    }
}
