using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Simulator.Invariants;
using Cybernetes.Simulator.Rest;
using Cybernetes.Simulator.World;
using Cybernetes.Store.Embedded;

namespace Cybernetes.Simulator.Tests;

/// <summary>Each invariant sees what it is there for.</summary>
public sealed class InvariantTests
{
    private readonly VirtualTimeProvider _time = new();
    private readonly ClusterModel _model;
    private readonly List<string> _wrong = [];
    private long _revision;

    public InvariantTests() => _model = new(EmbeddedStore.OpenInMemory(_time), new(_time, null));

    [Fact]
    public void PodPlacement_SecondNode_IsWrong()
    {
        Check(new PodPlacement(_model));
        Put(Pod("a"));
        Put(Pod("a", "one"));
        Assert.Empty(_wrong);
        Put(Pod("a", "two"));
        Assert.Contains("was on one and is on two", Assert.Single(_wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void PodPlacement_MoreThanTheNodeHas_IsWrong()
    {
        Check(new PodPlacement(_model));
        Put(new NodeObject
        {
            Metadata = { Name = "one", UID = "node" },
            Status = { Allocatable = new() { ["cpu"] = Quantity.Parse("1"), ["memory"] = Quantity.Parse("1Gi"), ["pods"] = Quantity.Parse("10") } },
        });
        Put(Pod("a", "one", "600m"));
        var ended = Pod("b", "one", "600m");
        ended.Status.Phase = "Succeeded";
        Put(ended);
        Assert.Empty(_wrong);
        Put(Pod("c", "one", "600m"));
        Assert.Contains("node one is over its allocatable", Assert.Single(_wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void QuotaKept_PodBeyondAnOldQuota_IsWrong()
    {
        Check(new QuotaKept(_model, _time));
        Put(new ResourceQuota { Metadata = { Namespace = "red", Name = "limit", UID = "q" }, Spec = { Hard = new() { ["pods"] = Quantity.Parse("1") } } });
        _time.Advance(TimeSpan.FromMinutes(1));
        Put(Pod("a"));
        Assert.Empty(_wrong);
        Put(Pod("b"));
        Assert.Contains("pods 2 of 1", Assert.Single(_wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void BudgetKept_EvictionBelowTheBudget_IsWrong()
    {
        var kept = new BudgetKept(_model) { IsCalm = true };
        Check(kept);
        Put(new PodDisruptionBudget
        {
            Metadata = { Namespace = "red", Name = "b", UID = "b" }, Spec = { Selector = new() { MatchLabels = new() { ["app"] = "web" } } }, Status = { DesiredHealthy = 1 },
        });
        Put(Ready("a"));
        kept.Asked.Add("a");
        var leaving = Ready("a");
        leaving.Metadata.DeletionTimestamp = _time.GetUtcNow();
        Put(leaving);
        Assert.Contains("0 healthy pods are left", Assert.Single(_wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void JobCounts_MoreThanSucceeded_IsWrong()
    {
        Check(new JobCounts(_model));
        var pod = Pod("a");
        pod.Metadata.OwnerReferences = [new() { Kind = "Job", Name = "j", UID = "j", Controller = true }];
        pod.Metadata.Finalizers = ["batch.kubernetes.io/job-tracking"];
        pod.Status.Phase = "Succeeded";
        Put(pod);
        Put(Job(succeeded: 1));
        Assert.Empty(_wrong);
        Put(Job(succeeded: 2));
        Assert.Contains("says 2 pods succeeded, 1 have", Assert.Single(_wrong), StringComparison.Ordinal);
        Put(Job(succeeded: 1));
        Assert.Contains("counted back", _wrong[1], StringComparison.Ordinal);
    }

    [Fact]
    public void JobCounts_SucceededAsItsJobFailed_IsEither()
    {
        Check(new JobCounts(_model));
        var pod = Pod("a");
        pod.Metadata.OwnerReferences = [new() { Kind = "Job", Name = "j", UID = "j", Controller = true }];
        pod.Metadata.Finalizers = ["batch.kubernetes.io/job-tracking"];
        pod.Status.Phase = "Succeeded";
        Put(pod);
        Put(FailedJob());
        Assert.Contains("says 1 pods failed, 0 have", Assert.Single(_wrong), StringComparison.Ordinal);
        var deleted = pod.DeepClone();
        deleted.Metadata.DeletionTimestamp = DateTimeOffset.UnixEpoch;
        Put(deleted);
        Put(FailedJob());
        Assert.Single(_wrong);

        static Job FailedJob()
        {
            var job = Job(succeeded: 0);
            job.Status.Failed = 1;
            job.Status.Conditions = [new() { Type = "FailureTarget", Status = "True" }];
            return job;
        }
    }

    [Fact]
    public void PodEndings_NodeSaidNothing_IsWrong()
    {
        var endings = new PodEndings(_model);
        Check(endings);
        Put(new NodeObject { Metadata = { Name = "one", UID = "node" } });
        Put(Pod("a", "one"));
        Put(Pod("b", "one"));
        endings.TakenAway.Add("b");
        Remove("b");
        Assert.Empty(_wrong);
        Remove("a");
        Assert.Contains("one has not said that it is down", Assert.Single(_wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void CronRuns_BesideARunThatForbidsIt_IsWrong()
    {
        Check(new CronRuns(_model));
        var cron = new CronJob { Metadata = { Namespace = "red", Name = "c", UID = "c" }, Spec = { ConcurrencyPolicy = "Forbid" } };
        Put(cron);
        foreach (var run in new[] { "c-1", "c-2" })
        {
            var job = new Job { Metadata = { Namespace = "red", Name = run, UID = run, OwnerReferences = [OwnerReferences.ToController(cron)] } };
            job.Kind = "Job";
            Put(job);
        }
        Assert.Contains("c-2 was begun beside", Assert.Single(_wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void CronRuns_RunOfANotedTime_IsWrongAgain()
    {
        Check(new CronRuns(_model));
        var cron = new CronJob { Metadata = { Namespace = "red", Name = "c", UID = "c" } };
        Put(cron);
        var job = new Job { Kind = "Job", Metadata = { Namespace = "red", Name = "c-100", UID = "j", OwnerReferences = [OwnerReferences.ToController(cron)] } };
        void Again()
        {
            _model.Apply("Job/red/c-100", ++_revision, null);
            Put(job);
        }
        Put(job);
        // Deleted before anything told of it: seed 44.
        Again();
        Assert.Empty(_wrong);
        cron = cron.DeepClone();
        cron.Status.LastScheduleTime = DateTimeOffset.FromUnixTimeSeconds(6000);
        Put(cron);
        Again();
        Assert.Contains("c-100 ran twice", Assert.Single(_wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void ClaimBinding_ClaimUsedTwiceOrLost_IsWrong()
    {
        Check(new ClaimBinding(_model));
        Put(Claim("a", "v"));
        var pod = Pod("a", "one");
        pod.Status.Phase = "Running";
        pod.Metadata.CreationTimestamp = _time.GetUtcNow();
        pod.Spec.Volumes = [new() { Name = "data", PersistentVolumeClaim = new() { ClaimName = "a" } }];
        Put(pod);
        Assert.Empty(_wrong);
        Put(Claim("b", "v"));
        Put(Claim("b", "w"));
        _model.Apply("PersistentVolumeClaim/red/a", ++_revision, null);
        Assert.Collection(_wrong,
            w => Assert.EndsWith("both have v", w, StringComparison.Ordinal),
            w => Assert.EndsWith("had v and has \"w\"", w, StringComparison.Ordinal),
            w => Assert.EndsWith("red/a uses it", w, StringComparison.Ordinal));
    }

    [Fact]
    public void Preempting_UrgentPodGivesWay_IsWrong()
    {
        Check(new Preempting());
        var pod = Pod("a", "one");
        pod.Spec.Priority = Preempting.Urgent - 1;
        pod.Status.Conditions = [new() { Type = "DisruptionTarget", Status = "True", Reason = "PreemptionByScheduler" }];
        Put(pod);
        Assert.Empty(_wrong);
        pod = pod.DeepClone();
        pod.Spec.Priority = Preempting.Urgent;
        Put(pod);
        Assert.EndsWith("nothing is more urgent", Assert.Single(_wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void RestingCluster_PendingPodAndOrphan_AreTold()
    {
        Put(new Namespace { Metadata = { Name = "red", UID = "ns" } });
        var orphan = Pod("a");
        orphan.Metadata.OwnerReferences = [new() { Kind = "ReplicaSet", Name = "r", UID = "gone", Controller = true }];
        Put(orphan);
        var told = new RestingCluster(_model).Unfinished().ToList();
        Assert.Contains(told, t => t.Contains("pod red/a: Pending", StringComparison.Ordinal));
        Assert.Contains(told, t => t.Contains("is an orphan", StringComparison.Ordinal));
    }

    private static Pod Pod(string name, string node = "", string cpu = "100m") => new()
    {
        Kind = "Pod",
        Metadata = { Namespace = "red", Name = name, UID = name, Labels = new() { ["app"] = "web" } },
        Spec = { NodeName = node, Containers = [new() { Name = "main", Resources = { Requests = new() { ["cpu"] = Quantity.Parse(cpu) } } }] },
        Status = { Phase = "Pending" },
    };

    private PersistentVolumeClaim Claim(string name, string volume) => new()
    {
        Kind = "PersistentVolumeClaim", Metadata = { Namespace = "red", Name = name, UID = name, CreationTimestamp = _time.GetUtcNow() }, Spec = { VolumeName = volume },
        Status = { Phase = "Bound" },
    };

    private static Pod Ready(string name)
    {
        var pod = Pod(name, "one");
        pod.Status.Conditions = [new() { Type = "Ready", Status = "True" }];
        return pod;
    }

    private static Job Job(int succeeded) => new() { Kind = "Job", Metadata = { Namespace = "red", Name = "j", UID = "j" }, Status = { Succeeded = succeeded } };

    private void Check(IInvariant invariant) => _model.Listen(change =>
    {
        if (invariant.See(change) is { } wrong)
            _wrong.Add(wrong);
    });

    private void Put(IKubernetesObject value) => _model.Apply($"{value.GetType().Name}/{value.Metadata.Namespace}/{value.Metadata.Name}", ++_revision, value);

    private void Remove(string pod) => _model.Apply($"Pod/red/{pod}", ++_revision, null);
}
