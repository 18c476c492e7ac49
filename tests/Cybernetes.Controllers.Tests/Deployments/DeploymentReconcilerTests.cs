using Cybernetes.Controllers.Deployments;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.Deployments;

public sealed class DeploymentReconcilerTests
{
    private static DeploymentPlan Plan(Deployment deployment, params ReplicaSet[] sets) =>
        DeploymentReconciler.Reconcile(deployment, sets, [], Make.Start);

    private static (string Name, int Size)[] Sizes(DeploymentPlan plan) =>
        [.. plan.Actions.OfType<DeploymentAction.Update>().Select(u => (u.Set.Metadata.UID, u.Set.Spec.Replicas!.Value))];

    [Fact]
    public void Reconcile_NoSets_CreatesOneWithHashRevisionAndAnnotations()
    {
        var deployment = Make.Deployment(3);
        deployment.Metadata.Annotations = new() { ["kubernetes.io/change-cause"] = "first", ["kubectl.kubernetes.io/last-applied-configuration"] = "{}" };
        var plan = Plan(deployment);

        var set = Assert.IsType<DeploymentAction.Create>(Assert.Single(plan.Actions)).Set;
        var hash = set.Metadata.Labels![TemplateHash.Label];
        Assert.Equal("web-" + hash, set.Metadata.Name);
        Assert.Equal(hash, set.Spec.Selector!.MatchLabels![TemplateHash.Label]);
        Assert.Equal(hash, set.Spec.Template.Metadata.Labels![TemplateHash.Label]);
        Assert.Equal(3, set.Spec.Replicas);
        Assert.Equal(
            [("deployment.kubernetes.io/desired-replicas", "3"), ("deployment.kubernetes.io/max-replicas", "4"),
                ("deployment.kubernetes.io/revision", "1"), ("kubernetes.io/change-cause", "first")],
            set.Metadata.Annotations!.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => (a.Key, a.Value)));
        Assert.Equal(1, plan.Revision);
        Assert.Equal("NewReplicaSetCreated", DeploymentConditions.Find(plan.Status, "Progressing")!.Reason);
        Assert.False(deployment.Spec.Template.Metadata.Labels!.ContainsKey(TemplateHash.Label));
    }

    [Fact]
    public void Reconcile_TemplateOfAnOldSet_GivesItTheNextRevisionAndKeepsItsHistory()
    {
        var deployment = Make.Deployment(3, image: "web:1");
        deployment.Metadata.Annotations = new() { [Revisions.Revision] = "2" };
        var first = Make.Set(deployment, "web:1", 0, ageSeconds: 60, revision: 1);
        var plan = Plan(deployment, first, Make.Set(deployment, "web:2", 3, revision: 2));

        var update = Assert.IsType<DeploymentAction.Update>(plan.Actions[0]);
        Assert.Equal("3", update.Set.Metadata.Annotations![Revisions.Revision]);
        Assert.Equal("1", update.Set.Metadata.Annotations![Revisions.History]);
        Assert.Equal((0, 1), (update.From, update.Set.Spec.Replicas!.Value));
        Assert.Equal(3, plan.Revision);
        Assert.Equal("1", first.Metadata.Annotations![Revisions.Revision]);
    }

    [Fact]
    public void Reconcile_Settled_PlansNothing()
    {
        var deployment = Make.Deployment(3);
        deployment.Metadata.Annotations = new() { [Revisions.Revision] = "1" };
        var set = Make.Set(deployment, "web:1", 3, revision: 1);
        deployment.Status = Plan(deployment, set).Status;
        deployment.Status = Plan(deployment, set).Status;
        var second = DeploymentReconciler.Reconcile(deployment, [set], [], Make.Start.AddHours(1));

        Assert.Empty(second.Actions);
        Assert.Null(second.Revision);
        Assert.Null(second.CheckAfter);
        Assert.True(second.Status.SemanticEquals(deployment.Status));
    }

    [Fact]
    public void Reconcile_Paused_ScalesButDoesNotRoll()
    {
        var deployment = Make.Deployment(5, image: "web:2");
        deployment.Spec.Paused = true;
        var plan = Plan(deployment, Make.Set(deployment, "web:1", 3, revision: 1, desired: 3));

        Assert.Equal([("rs-web:1", 5)], Sizes(plan));
        Assert.Equal("DeploymentPaused", DeploymentConditions.Find(plan.Status, "Progressing")!.Reason);
    }

    [Fact]
    public void Reconcile_PausedWithoutActiveSets_ScalesTheNewestOldOne()
    {
        var deployment = Make.Deployment(2, image: "web:3");
        deployment.Spec.Paused = true;
        var plan = Plan(deployment, Make.Set(deployment, "web:1", 0, ageSeconds: 60), Make.Set(deployment, "web:2", 0));

        Assert.Equal([("rs-web:2", 2)], Sizes(plan));
    }

    [Fact]
    public void Reconcile_ScaledDuringRollout_SharesBeforeItRollsOn()
    {
        var deployment = Make.Deployment(20, "0", "2", "web:2");
        var plan = Plan(
            deployment, Make.Set(deployment, "web:1", 5, ageSeconds: 60, revision: 1, desired: 10), Make.Set(deployment, "web:2", 5, revision: 2, desired: 10));

        Assert.Equal([("rs-web:1", 10), ("rs-web:2", 10)], Sizes(plan).Order());
        Assert.All(plan.Actions.OfType<DeploymentAction.Update>(), u => Assert.Equal("20", u.Set.Metadata.Annotations![Revisions.DesiredReplicas]));
    }

    [Fact]
    public void Reconcile_Recreate_WaitsForEveryOldPodBeforeItCreates()
    {
        var deployment = Make.Deployment(3, image: "web:2");
        deployment.Spec.Strategy = new() { Type = "Recreate" };
        var old = Make.Set(deployment, "web:1", 3, revision: 1);
        Assert.Equal([("rs-web:1", 0)], Sizes(Plan(deployment, old)));

        old.Spec.Replicas = 0;
        Assert.Empty(Plan(deployment, old).Actions);

        old.Status = new() { ObservedGeneration = 1 };
        var pod = Make.Pod("a").With(p => p.Metadata.OwnerReferences = [OwnerReferences.ToController(old)]);
        Assert.Empty(DeploymentReconciler.Reconcile(deployment, [old], [pod], Make.Start).Actions);

        pod.Status.Phase = PodPhase.Failed;
        var plan = DeploymentReconciler.Reconcile(deployment, [old], [pod], Make.Start);
        Assert.Equal(3, Assert.IsType<DeploymentAction.Create>(Assert.Single(plan.Actions)).Set.Spec.Replicas);
    }

    [Fact]
    public void Reconcile_CompleteBeyondTheHistoryLimit_DeletesTheOldestIdleSets()
    {
        var deployment = Make.Deployment(1, image: "web:4");
        deployment.Spec.RevisionHistoryLimit = 1;
        deployment.Metadata.Annotations = new() { [Revisions.Revision] = "4" };
        var sets = Enumerable.Range(1, 4).Select(i => Make.Set(deployment, "web:" + i, i == 4 ? 1 : 0, ageSeconds: 100 - i, revision: i)).ToArray();

        var deleted = Plan(deployment, sets).Actions.Select(a => Assert.IsType<DeploymentAction.Delete>(a).Set.Metadata.UID);

        Assert.Equal(["rs-web:1", "rs-web:2"], deleted);
    }

    [Fact]
    public void Reconcile_BeingDeleted_TellsStatusOnly()
    {
        var deployment = Make.Deployment(5);
        deployment.Metadata.DeletionTimestamp = Make.Start;
        var plan = Plan(deployment, Make.Set(deployment, "web:1", 3, revision: 1));

        Assert.Empty(plan.Actions);
        Assert.Equal(3, plan.Status.AvailableReplicas);
    }

    [Fact]
    public void Reconcile_Collision_HashesAnew()
    {
        var template = Make.Template("web:1");

        Assert.NotEqual(TemplateHash.Of(template, null), TemplateHash.Of(template, 1));
        Assert.NotEqual(TemplateHash.Of(template, 1), TemplateHash.Of(template, 2));
        Assert.Equal(TemplateHash.Of(template, 1), TemplateHash.Of(template.DeepClone(), 1));
        Assert.Matches("^[bcdfghjklmnpqrstvwxz2456789]{1,10}$", TemplateHash.Of(template, null));
    }

    [Fact]
    public void TemplateHash_Equal_IgnoresOnlyTheHashLabel()
    {
        var labelled = Make.Template("web:1");
        labelled.Metadata.Labels![TemplateHash.Label] = "abc";

        Assert.True(TemplateHash.Equal(labelled, Make.Template("web:1")));
        Assert.False(TemplateHash.Equal(labelled, Make.Template("web:2")));
    }

    [Fact]
    public void SetNew_LongHistory_DropsTheOldestEntries()
    {
        var deployment = Make.Deployment(1);
        var set = Make.Set(deployment, "web:1", 1, revision: 999);
        var history = string.Join(',', Enumerable.Range(100, 500));
        set.Metadata.Annotations![Revisions.History] = history;

        Assert.True(Revisions.SetNew(deployment, set, 1000, exists: true));

        var kept = set.Metadata.Annotations[Revisions.History];
        Assert.True(kept.Length <= 2000);
        Assert.EndsWith(",599,999", kept);
        Assert.False(Revisions.SetNew(deployment, set, 1000, exists: true));
    }
}
