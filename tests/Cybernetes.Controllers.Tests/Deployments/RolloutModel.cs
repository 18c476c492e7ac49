using System.Globalization;
using Cybernetes.Controllers.Deployments;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Controllers.ReplicaSets;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.Deployments;

/// <summary>
/// A deployment, its replica sets and their pods in memory, under virtual time: plans are applied as the API server would, and pods come,
/// become ready after a while (or never, for a broken image) and go as the replica set's own decisions say.
/// </summary>
internal sealed class RolloutModel
{
    public const string BrokenImage = "web:broken";

    private readonly Random _random;
    private readonly Dictionary<string, List<Pod>> _pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _readyAt = new(StringComparer.Ordinal);
    private int _sequence;

    public RolloutModel(int seed)
    {
        _random = new Random(seed);
        Deployment = Make.Deployment(_random.Next(1, 12));
        Deployment.Spec.RevisionHistoryLimit = 2;
    }

    public Deployment Deployment { get; }

    public List<ReplicaSet> Sets { get; } = [];

    public DateTimeOffset Now { get; private set; } = Make.Start;

    public int TotalPods => _pods.Values.Sum(p => p.Count);

    public int AvailablePods => _pods.Values.Sum(p => p.Count(PodState.IsReady));

    public int PlannedPods => Sets.Sum(Rollout.Desired);

    public DeploymentPlan Plan() => DeploymentReconciler.Reconcile(Deployment, Sets, [.. _pods.Values.SelectMany(p => p)], Now);

    public void Apply(DeploymentPlan plan)
    {
        foreach (var action in plan.Actions)
        {
            switch (action)
            {
                case DeploymentAction.Create create:
                    Assert.DoesNotContain(Sets, s => s.Metadata.Name == create.Set.Metadata.Name);
                    create.Set.Metadata.UID = "rs-" + _sequence++.ToString(CultureInfo.InvariantCulture);
                    create.Set.Metadata.CreationTimestamp = Now;
                    create.Set.Metadata.Generation = 1;
                    create.Set.Metadata.ResourceVersion = "1";
                    Sets.Add(create.Set);
                    _pods[create.Set.Metadata.UID] = [];
                    break;
                case DeploymentAction.Update update:
                    Replace(update.Set);
                    break;
                case DeploymentAction.Delete delete:
                    Assert.Empty(_pods[delete.Set.Metadata.UID]);
                    Sets.RemoveAll(s => s.Metadata.UID == delete.Set.Metadata.UID);
                    break;
            }
        }
        Deployment.Status = plan.Status;
        if (plan.Revision is { } revision)
            Revisions.Set(Deployment.Metadata, Revisions.Revision, revision.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The replica set controller and the nodes act; each set with the given chance.</summary>
    public void Act(double chance = 1)
    {
        foreach (var pod in _pods.Values.SelectMany(p => p).Where(p => _readyAt[p.Metadata.UID] <= Now && !PodState.IsReady(p)))
            pod.Status.Conditions = [new() { Type = "Ready", Status = "True", LastTransitionTime = Now }];
        foreach (var set in Sets.Where(_ => _random.NextDouble() < chance))
            Act(set);
    }

    public void Advance() => Now = Now.AddSeconds(1);

    /// <summary>The user does something.</summary>
    public void Disturb()
    {
        switch (_random.Next(6))
        {
            case 0 or 1:
                Deployment.Spec.Template = Make.Template(_random.Next(4) == 0 ? BrokenImage : "web:" + _random.Next(4).ToString(CultureInfo.InvariantCulture));
                break;
            case 2:
                Deployment.Spec.Replicas = _random.Next(0, 12);
                break;
            case 3:
                Deployment.Spec.Paused = !Deployment.Spec.Paused;
                break;
            case 4:
                SetStrategy();
                break;
            default:
                return;
        }
        Deployment.Metadata.Generation++;
    }

    public void Finish()
    {
        Deployment.Spec.Paused = false;
        Deployment.Spec.Template = Make.Template("web:" + _random.Next(6).ToString(CultureInfo.InvariantCulture));
        Deployment.Metadata.Generation++;
    }

    private void SetStrategy()
    {
        if (_random.Next(4) == 0)
        {
            Deployment.Spec.Strategy = new() { Type = "Recreate" };
            return;
        }
        var (surge, unavailable) = (_random.Next(4), _random.Next(4));
        var inPercent = _random.Next(2) == 0;
        var unit = inPercent ? "0%" : "";
        Deployment.Spec.Strategy = new()
        {
            Type = "RollingUpdate",
            RollingUpdate = new()
            {
                MaxSurge = Make.Amount(surge.ToString(CultureInfo.InvariantCulture) + unit),
                MaxUnavailable = Make.Amount((surge + unavailable == 0 ? 1 : unavailable).ToString(CultureInfo.InvariantCulture) + unit),
            },
        };
    }

    private void Replace(ReplicaSet set)
    {
        var index = Sets.FindIndex(s => s.Metadata.UID == set.Metadata.UID);
        var before = Sets[index];
        Assert.Equal(before.Metadata.ResourceVersion, set.Metadata.ResourceVersion);
        Assert.False(set.SemanticEquals(before), "an update that changes nothing");
        set.Metadata.ResourceVersion = before.Metadata.ResourceVersion + "+";
        if (!set.Spec.SemanticEquals(before.Spec))
            set.Metadata.Generation++;
        Sets[index] = set;
    }

    private void Act(ReplicaSet set)
    {
        var pods = _pods[set.Metadata.UID];
        var plan = ReplicaSetReconciler.Reconcile(set, pods, () => pods, Now);
        for (var i = 0; i < plan.Create; i++)
        {
            var pod = Make.Pod("p" + _sequence++.ToString(CultureInfo.InvariantCulture), ready: false);
            pod.Metadata.CreationTimestamp = Now;
            pod.Metadata.OwnerReferences = [OwnerReferences.ToController(set)];
            pods.Add(pod);
            var broken = set.Spec.Template.Spec.Containers![0].Image == BrokenImage;
            _readyAt[pod.Metadata.UID] = broken ? DateTimeOffset.MaxValue : Now.AddSeconds(_random.Next(1, 6));
        }
        foreach (var pod in plan.Delete.ToList())
            pods.Remove(pod);
        var status = ReplicaSetReconciler.Status(set, pods, null, false, Now);
        if (!status.SemanticEquals(set.Status))
        {
            set.Status = status;
            set.Metadata.ResourceVersion += "+";
        }
    }
}
