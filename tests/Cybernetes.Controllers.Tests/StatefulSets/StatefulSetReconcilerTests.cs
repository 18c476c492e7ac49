using Cybernetes.Controllers.Ownership;
using Cybernetes.Controllers.StatefulSets;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.StatefulSets;

public sealed class StatefulSetReconcilerTests
{
    private static readonly DateTimeOffset s_now = Make.Start.AddHours(1);

    private static StatefulSet Set(int replicas = 3, string policy = "OrderedReady", int partition = 0) => new()
    {
        Metadata = { Name = "db", Namespace = "default", UID = "sts-1", Generation = 1 },
        Spec =
        {
            Replicas = replicas, ServiceName = "db", PodManagementPolicy = policy,
            Selector = new() { MatchLabels = new() { ["app"] = "web" } }, Template = Make.Template("db:2"),
            UpdateStrategy = { Type = "RollingUpdate", RollingUpdate = new() { Partition = partition } },
        },
        Status = { CurrentRevision = "db-old", UpdateRevision = "db-new" },
    };

    private static readonly StatefulRevisions s_revisions = new("db-old", Make.Template("db:1"), "db-new");

    /// <summary>A pod by a word: ordinal, revision (n or o), state (r ready, u unready, p pending, f failed, d going).</summary>
    private static Pod Pod(StatefulSet set, string word)
    {
        var ordinal = int.Parse(word[..^2]);
        var pod = StatefulPods.For(set, set.Spec.Template, word[^2] == 'n' ? "db-new" : "db-old", ordinal);
        var state = Make.Pod("x", ready: word[^1] is 'r' or 'd').Status;
        pod.Status = state;
        pod.Status.Phase = word[^1] switch { 'f' => PodPhase.Failed, 'p' => PodPhase.Pending, _ => PodPhase.Running };
        pod.Metadata.UID = "uid-" + word;
        pod.Metadata.DeletionTimestamp = word[^1] == 'd' ? s_now : null;
        return pod;
    }

    private static StatefulSetPlan Plan(StatefulSet set, string pods) => StatefulSetReconciler.Reconcile(
        set, [.. pods.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => Pod(set, w))], s_revisions, s_now);

    private static string Text(StatefulSetPlan plan) => string.Join(' ', plan.Actions.Select(a => a switch
    {
        StatefulSetAction.Create c => $"+{c.Ordinal}{(StatefulPods.RevisionOf(c.Pod) == "db-new" ? 'n' : 'o')}",
        StatefulSetAction.Delete d => $"-{d.Ordinal}",
        StatefulSetAction.RetainClaims r => $"~{r.Ordinal}",
        _ => "?",
    }));

    /// <summary>The simulator's seed 520: a pod that came and went while the watch of pods was broken was never made again.</summary>
    [Theory]
    [InlineData("0nr 1nr", true)]
    [InlineData("0nr 1nr 2nr", false)]
    [InlineData("0nr 1nu", false)]
    public void Reconcile_MakesAPod_LooksAgainSinceItsEndMayNeverBeTold(string pods, bool looks) =>
        Assert.Equal(looks ? TimeSpan.FromSeconds(30) : null, Plan(Set(), pods).CheckAfter);

    [Theory]
    [InlineData("", "+0n")]
    [InlineData("0nu", "")] // the next waits for it
    [InlineData("0nr", "+1n")]
    [InlineData("0nr 2nr", "+1n")]
    [InlineData("0nr 1nd 2nr", "")]
    [InlineData("0nr 1nf 2nr", "-1")] // a failed one is made anew
    [InlineData("0nr 1nr 2nr", "")]
    public void Reconcile_Ordered_OneAfterAnother(string pods, string expected) => Assert.Equal(expected, Text(Plan(Set(), pods)));

    [Theory]
    [InlineData("", "+0n +1n +2n")]
    [InlineData("0nu 2nd", "+1n")]
    [InlineData("0nf", "-0 +1n +2n")]
    [InlineData("0nr 1nr 2nr 3nr 4nu", "~4 ~3 -4 -3")]
    public void Reconcile_Parallel_AllAtOnce(string pods, string expected) => Assert.Equal(expected, Text(Plan(Set(policy: "Parallel"), pods)));

    [Theory]
    [InlineData("0nr 1nr 2nr 3nr 4nr", "~4 ~3 -4")]
    [InlineData("0nr 1nr 2nr 3nr 4nd", "~4 ~3")]
    [InlineData("0nr 1nr 2nr 3nr 4nu", "~4 ~3 -4")] // ill itself: it may go
    [InlineData("0nr 1nr 2nr 3nu 4nr", "~4 ~3 -4")]
    [InlineData("0nr 1nr 2nr 3nu 4nu", "~4 ~3")] // the lower one is ill: wait for it
    [InlineData("0nr 1nu 2nr 3nr", "")]
    public void Reconcile_ScaledDown_HighestFirstOneAtATime(string pods, string expected) => Assert.Equal(expected, Text(Plan(Set(), pods)));

    [Theory]
    [InlineData("0or 1or 2or", 0, "-2")]
    [InlineData("0or 1or 2nu", 0, "")]
    [InlineData("0or 1or 2nr", 0, "-1")]
    [InlineData("0or 1or 2or", 2, "-2")]
    [InlineData("0or 1or 2nr", 2, "")]
    [InlineData("0or 1or 2or", 3, "")]
    [InlineData("0or 1or", 2, "+2n")]
    [InlineData("0nr 2nr", 2, "+1o")] // below the partition the former template
    [InlineData("0or 1or 2ou", 0, "")] // ordered: an ill one is waited for (upstream's "forced rollback")
    public void Reconcile_RollingUpdate_HighestOldPodGoes(string pods, int partition, string expected) =>
        Assert.Equal(expected, Text(Plan(Set(partition: partition), pods)));

    [Theory]
    [InlineData("0or 1or 2or 3or", "2", "OrderedReady", "-3 -2")]
    [InlineData("0or 1or 2or 3or", "50%", "OrderedReady", "-3 -2")]
    [InlineData("0or 1or 2or 3or", "10%", "OrderedReady", "-3")]
    [InlineData("0or 1or 2or 3nu", "2", "Parallel", "-2")]
    [InlineData("0or 1or 2or 3nu", "1", "Parallel", "")]
    [InlineData("0ou 1or 2or 3or", "1", "Parallel", "-0")] // out of a broken template
    public void Reconcile_MaxUnavailable_SeveralAtOnce(string pods, string most, string policy, string expected)
    {
        var set = Set(4, policy);
        set.Spec.UpdateStrategy.RollingUpdate!.MaxUnavailable = Make.Amount(most);

        Assert.Equal(expected, Text(Plan(set, pods)));
    }

    [Fact]
    public void Reconcile_BrokenTemplateInParallel_RollsOut() =>
        Assert.Equal("-2", Text(Plan(Set(policy: "Parallel"), "0ou 1ou 2ou")));

    [Fact]
    public void Reconcile_OnDelete_LeavesOldPodsAndMakesNewOnes()
    {
        var set = Set();
        set.Spec.UpdateStrategy = new() { Type = "OnDelete" };

        Assert.Equal("", Text(Plan(set, "0or 1or 2or")));
        Assert.Equal("+1n", Text(Plan(set, "0or 2or")));
    }

    [Fact]
    public void Reconcile_BeingDeleted_OnlyTellsItsStatus()
    {
        var set = Set().With(s => s.Metadata.DeletionTimestamp = s_now);

        Assert.Empty(Plan(set, "0nr").Actions);
        Assert.Equal(1, Plan(set, "0nr").Status.Replicas);
    }

    [Fact]
    public void Reconcile_StartOrdinal_CountsFromIt()
    {
        var set = Set(2).With(s => s.Spec.Ordinals = new() { Start = 5 });

        Assert.Equal("+5n", Text(Plan(set, "")));
        Assert.Equal("~1 -1", Text(Plan(set, "1nr 5nr 6nr")));
        set.Spec.UpdateStrategy.RollingUpdate!.Partition = 1;
        Assert.Equal("-6", Text(Plan(set, "5or 6or")));
        set.Spec.Ordinals!.Start = int.MaxValue;
        Assert.Equal("", Text(Plan(set, "")));
    }

    [Fact]
    public void Reconcile_MillionsInParallel_MakesABurst() =>
        Assert.Equal(500, Plan(Set(2_000_000_000, "Parallel"), "").Actions.Count);

    [Fact]
    public void Reconcile_MinReadySeconds_WaitsAndComesBack()
    {
        var set = Set(2).With(s => s.Spec.MinReadySeconds = 4000);
        var plan = Plan(set, "0nr");

        Assert.Empty(plan.Actions);
        Assert.Equal(TimeSpan.FromSeconds(300), plan.CheckAfter);
        Assert.Equal((1, 0), (plan.Status.ReadyReplicas, plan.Status.AvailableReplicas));
    }

    [Fact]
    public void Status_MidwayAndAtTheEnd_TellsRevisions()
    {
        var midway = Plan(Set(), "0or 1or 2nr").Status;
        var end = Plan(Set(), "0nr 1nr 2nr").Status;

        Assert.Equal((3, 3, 1, 1, "db-old", "db-new"),
            (midway.Replicas, midway.ReadyReplicas, midway.CurrentReplicas, midway.UpdatedReplicas, midway.CurrentRevision, midway.UpdateRevision));
        Assert.Equal((3, 3, "db-new"), (end.CurrentReplicas, end.UpdatedReplicas, end.CurrentRevision));
    }

    [Fact]
    public void For_Ordinal_HasIdentityAndClaims()
    {
        var set = Set();
        set.Spec.VolumeClaimTemplates = [new() { Metadata = { Name = "data", Labels = new() { ["x"] = "y" } } }];
        set.Spec.Template.Spec.Volumes = [new() { Name = "data", EmptyDir = new() }, new() { Name = "tmp", EmptyDir = new() }];
        var pod = StatefulPods.For(set, set.Spec.Template, "db-new", 7);

        Assert.Equal(("db-7", "db-7", "db", "7"), (pod.Metadata.Name, pod.Spec.Hostname, pod.Spec.Subdomain, pod.Metadata.Labels![StatefulPods.PodIndexLabel]));
        Assert.Equal(["data:data-db-7", "tmp:"], pod.Spec.Volumes!.Select(v => $"{v.Name}:{v.PersistentVolumeClaim?.ClaimName}"));
        Assert.True(StatefulPods.IsIdentified(set, pod, 7));
        var claim = Assert.Single(StatefulPods.ClaimsOf(set, 7));
        Assert.Equal(("data-db-7", "default", "y", "web"), (claim.Metadata.Name, claim.Metadata.Namespace, claim.Metadata.Labels!["x"], claim.Metadata.Labels["app"]));
    }

    [Theory]
    [InlineData("db-0", 0)]
    [InlineData("db-12", 12)]
    [InlineData("db-x-1", -1)]
    [InlineData("dbx-1", -1)]
    [InlineData("db-", -1)]
    [InlineData("db--1", -1)]
    [InlineData("db-99999999999", -1)]
    public void OrdinalOf_Name_IsTheNumberOfOwnPodsOnly(string name, int expected) => Assert.Equal(expected, StatefulPods.OrdinalOf(Set(), name));

    [Theory]
    [InlineData("Retain", "Retain", 0, "")]
    [InlineData("Delete", "Retain", 0, "StatefulSet")]
    [InlineData("Delete", "Retain", 9, "StatefulSet")]
    [InlineData("Retain", "Delete", 0, "")]
    [InlineData("Retain", "Delete", 9, "Pod")]
    [InlineData("Delete", "Delete", 0, "StatefulSet")]
    [InlineData("Delete", "Delete", 9, "Pod")]
    public void Retention_Policies_GiveTheClaimItsOwner(string deleted, string scaled, int ordinal, string expected)
    {
        var set = Set().With(s => s.Spec.PersistentVolumeClaimRetentionPolicy = new() { WhenDeleted = deleted, WhenScaled = scaled });
        var pod = Pod(set, ordinal + "nr");
        var claim = new PersistentVolumeClaim { Metadata = { Name = "data-db-" + ordinal, OwnerReferences = [OwnerReferences.ToController(set)] } };
        claim.Metadata.OwnerReferences = ClaimRetention.Owners(set, pod, ordinal, claim);

        Assert.Equal(expected, string.Join(' ', claim.Metadata.OwnerReferences.OrEmpty().Select(o => o.Kind)));
        Assert.Same(claim.Metadata.OwnerReferences, ClaimRetention.Owners(set, pod, ordinal, claim));
    }

    [Fact]
    public void Retention_OfAForeignControllersClaim_IsLeft()
    {
        var set = Set().With(s => s.Spec.PersistentVolumeClaimRetentionPolicy = new() { WhenDeleted = "Delete", WhenScaled = "Retain" });
        var claim = new PersistentVolumeClaim { Metadata = { OwnerReferences = [Make.Owner("other", kind: "Operator")] } };

        Assert.Same(claim.Metadata.OwnerReferences, ClaimRetention.Owners(set, Pod(set, "0nr"), 0, claim));
        claim.Metadata.OwnerReferences = [new() { Kind = "Pod", Name = "db-0", UID = "former" }];
        Assert.True(ClaimRetention.IsStale(claim, "db-0", ""));
    }
}
