using Cybernetes.Controllers.Histories;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.Controllers.Tests.Histories;

public sealed class RevisionHistoryTests
{
    private static readonly DaemonSet s_owner = new() { Metadata = { Name = "agent", Namespace = "default", UID = "u" } };

    private static RevisionPlan Plan(string image, params ControllerRevision[] there) =>
        RevisionHistory.Plan(s_owner, Make.Template(image), there, null, "hash");

    private static ControllerRevision Revision(string image, long number)
    {
        var made = Plan(image).Revision;
        made.Revision = number;
        return made;
    }

    [Fact]
    public void Plan_NewTemplate_MakesTheNextRevision()
    {
        var plan = Plan("b", Revision("a", 4));

        Assert.True(plan is { Create: true, Renumber: false, Revision.Revision: 5 });
        Assert.Equal("agent-" + plan.Revision.Metadata.Labels!["hash"], plan.Revision.Metadata.Name);
        Assert.Equal("web", plan.Revision.Metadata.Labels["app"]);
        Assert.StartsWith("""{"spec":{"template":{"$patch":"replace",""", plan.Revision.Data.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_OwnerIsBeingDeleted_WritesNothing()
    {
        var leaving = s_owner.DeepClone();
        leaving.Metadata.DeletionTimestamp = DateTimeOffset.UnixEpoch;

        var gone = RevisionHistory.Plan(leaving, Make.Template("b"), [], null, "hash");
        var older = RevisionHistory.Plan(leaving, Make.Template("a"), [Revision("a", 1), Revision("b", 2)], null, "hash");

        Assert.True(gone is { Create: false, Renumber: false });
        Assert.Equal(Plan("b").Revision.Metadata.Name, gone.Revision.Metadata.Name);
        Assert.True(older is { Create: false, Renumber: false, Revision.Revision: 1 });
    }

    [Fact]
    public void Plan_TemplateOfTheNewest_LeavesIt()
    {
        var plan = Plan("b", Revision("a", 1), Revision("b", 2));

        Assert.True(plan is { Create: false, Renumber: false, Revision.Revision: 2 });
    }

    [Fact]
    public void Plan_TemplateThatComesBack_IsTheNewestAgain()
    {
        var plan = Plan("a", Revision("a", 1), Revision("b", 2));

        Assert.True(plan is { Create: false, Renumber: true, Revision.Revision: 3 });
        Assert.Equal("web", RevisionHistory.TemplateOf(plan.Revision)!.Spec.Containers![0].Name);
    }

    [Fact]
    public void Holds_OtherOrderOfKeys_IsTheSameTemplate()
    {
        var revision = Revision("a", 1);
        revision.Data = RawJson.FromText(
            """{"spec":{"template":{"spec":{"containers":[{"image":"a","name":"web","resources":{}}]},"metadata":{"labels":{"app":"web"}},"$patch":"replace"}}}""");

        Assert.True(RevisionHistory.Holds(revision, Make.Template("a")));
        Assert.False(RevisionHistory.Holds(revision, Make.Template("b")));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"spec":{"template":7}}""")]
    [InlineData("""{"spec":7}""")]
    public void TemplateOf_ForeignData_IsNone(string data) =>
        Assert.Null(RevisionHistory.TemplateOf(new ControllerRevision { Data = RawJson.FromText(data) }));

    [Fact]
    public void Surplus_BeyondTheLimit_OldestFirstLiveOnesStay()
    {
        ControllerRevision[] old = [Revision("c", 3), Revision("a", 1), Revision("d", 4), Revision("b", 2)];

        Assert.Equal([2L, 3L], RevisionHistory.Surplus(old, r => r.Revision == 1, 2).Select(r => r.Revision));
        Assert.Empty(RevisionHistory.Surplus(old, _ => false, 4));
        Assert.Equal(4, RevisionHistory.Surplus(old, _ => false, -1).Count);
    }
}
