using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Simulator.Invariants;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Workload;

/// <summary>Does what users do, one thing at a time, at random; what the API server refuses for a good reason is no failure.</summary>
internal sealed partial class User
{
    private const int MostWorkloads = 9;
    private const string BallastName = "ballast";
    private static readonly string[] s_namespaces = ["blue", "green", "red"];
    private readonly SimulatedCluster _cluster;
    private readonly ApiClient _client;
    private readonly IRandomSource _chance;
    private readonly Manifests _make;
    private readonly BudgetKept _budgets;
    private readonly PodEndings _endings;
    private readonly (int Weight, string Name, Func<Task> Do)[] _deeds;
    private int _made;

    public User(SimulatedCluster cluster, BudgetKept budgets, PodEndings endings)
    {
        (_cluster, _budgets, _endings) = (cluster, budgets, endings);
        _client = cluster.ClientOf("kubernetes-admin");
        _chance = Chance.Seeded(cluster.Seed ^ 0x5eed);
        _make = new(_chance, cluster.Options.IsRich);
        _deeds = cluster.Options.IsRich ? [.. Deeds(), .. RichDeeds()] : Deeds();
    }

    private ClusterModel Model => _cluster.Model;

    /// <summary>What the workload needs before all else.</summary>
    public async Task BeginAsync()
    {
        foreach (var (name, value) in new[] { ("urgent", Preempting.Urgent), (BallastName, -10) })
            await DoAsync($"priority class {name}", () => _client.For<Objects.Scheduling.V1.PriorityClass>()
                .CreateAsync(new() { Metadata = { Name = name }, Value = value })).ConfigureAwait(false);
        foreach (var ns in s_namespaces)
            await MakeNamespaceAsync(ns).ConfigureAwait(false);
    }

    /// <summary>One thing at random.</summary>
    public Task ActAsync()
    {
        var at = _chance.Next(_deeds.Sum(d => d.Weight));
        foreach (var (weight, _, deed) in _deeds)
        {
            at -= weight;
            if (at < 0)
                return deed();
        }
        return Task.CompletedTask;
    }

    /// <summary>Takes everything back that keeps the cluster from coming to rest.</summary>
    public async Task RelentAsync()
    {
        foreach (var ns in s_namespaces)
            await MakeNamespaceAsync(ns).ConfigureAwait(false);
        foreach (var quota in Model.All<ResourceQuota>())
            await InsistAsync($"delete quota {quota.Metadata.Namespace}",
                () => _client.For<ResourceQuota>().DeleteAsync(quota.Metadata.Namespace, quota.Metadata.Name)).ConfigureAwait(false);
        foreach (var cron in Model.All<Objects.Batch.V1.CronJob>())
            await InsistAsync($"suspend cron job {cron.Metadata.Name}",
                () => PatchAsync<Objects.Batch.V1.CronJob>(cron, """{"spec":{"suspend":true}}""")).ConfigureAwait(false);
        foreach (var deployment in Model.All<Objects.Apps.V1.Deployment>().Where(d => d.Spec.Paused))
            await InsistAsync($"resume {deployment.Metadata.Name}",
                () => PatchAsync<Objects.Apps.V1.Deployment>(deployment, """{"spec":{"paused":false}}""")).ConfigureAwait(false);
        foreach (var ballast in Ballasts())
            await InsistAsync($"delete {ballast.Metadata.Name}",
                () => _client.For<Objects.Apps.V1.Deployment>().DeleteAsync(ballast.Metadata.Namespace, ballast.Metadata.Name)).ConfigureAwait(false);
        foreach (var node in Model.All<NodeObject>())
            await InsistAsync($"clear {node.Metadata.Name}", () => ClearNodeAsync(node.Metadata.Name)).ConfigureAwait(false);
    }

    /// <summary>Cordons a node and evicts its pods, keeping at it while budgets refuse, as kubectl drain does.</summary>
    public async Task DrainPatientlyAsync(string node, TimeSpan patience)
    {
        var until = _cluster.Time.GetUtcNow() + patience;
        await InsistAsync($"cordon {node}", () => PatchNodeAsync(node, """{"spec":{"unschedulable":true}}""")).ConfigureAwait(false);
        while (_cluster.Time.GetUtcNow() < until && DrainablePods(node).ToList() is { Count: > 0 } left)
        {
            foreach (var pod in left)
                await EvictAsync(pod).ConfigureAwait(false);
            await Task.Delay(TimeSpan.FromSeconds(5), _cluster.Time).ConfigureAwait(false);
        }
        await InsistAsync($"uncordon {node}", () => PatchNodeAsync(node, """{"spec":{"unschedulable":false}}""")).ConfigureAwait(false);
    }

    /// <summary>Sees to it that no claim waits for want of volumes.</summary>
    public Task ProvideAsync() => MakeVolumesAsync();

    /// <summary>Deletes every namespace of the workload.</summary>
    public async Task LeaveAsync()
    {
        foreach (var ns in s_namespaces)
            await InsistAsync($"delete namespace {ns}", () => _client.For<Namespace>().DeleteAsync(null, ns)).ConfigureAwait(false);
    }

    /// <summary>Whether something of the workload is left.</summary>
    public IEnumerable<string> Left() => Model.Everything.Where(o =>
            s_namespaces.Contains(o.Value.Metadata.Namespace) || (o.Value is Namespace && s_namespaces.Contains(o.Value.Metadata.Name)))
        .Select(o => $"{o.Key} is left")
        .Concat(Model.All<PersistentVolume>().Where(v => v.Status.Phase is "Bound" or "Pending" or "").Select(v => $"{v.Metadata.Name} is {v.Status.Phase}"));

    /// <summary>Tries until it succeeds, or until there is nothing to do it to.</summary>
    private async Task InsistAsync(string what, Func<Task> call)
    {
        while (!await DoAsync(what, call).ConfigureAwait(false))
            await Task.Delay(TimeSpan.FromSeconds(2), _cluster.Time).ConfigureAwait(false);
    }

    /// <returns>False when it may be worth another try.</returns>
    private async Task<bool> DoAsync(string what, Func<Task> call)
    {
        _cluster.Trace.Write("user", what);
        try
        {
            await call().ConfigureAwait(false);
            return true;
        }
        catch (ApiStatusException refused)
        {
            if (refused.Status.Code is 422 or 400 or >= 500)
                _cluster.Violate($"{what}: the API server answers {refused.Status.Code} {refused.Status.Reason}: {refused.Message}");
            else
                _cluster.Trace.Write("user", $"{what}: refused: {refused.Message.ReplaceLineEndings(" ")}");
            return refused.IsNotFound || refused.IsAlreadyExists;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or TimeoutException)
        {
            _cluster.Trace.Write("user", $"{what}: no answer: {failure.Message}");
            return false;
        }
    }

    private async Task MakeNamespaceAsync(string ns)
    {
        while (Model.All<Namespace>().FirstOrDefault(n => n.Metadata.Name == ns) is not { Metadata.DeletionTimestamp: null })
        {
            await DoAsync($"create namespace {ns}", () => _client.For<Namespace>().CreateAsync(new() { Metadata = { Name = ns } })).ConfigureAwait(false);
            await Task.Delay(TimeSpan.FromSeconds(2), _cluster.Time).ConfigureAwait(false);
        }
    }

    private Task PatchAsync<T>(IKubernetesObject value, string patch)
        where T : class, IKubernetesObject<T> =>
        _client.For<T>().PatchAsync(value.Metadata.Namespace, value.Metadata.Name, ObjectPatch.Merge(patch));

    private Task PatchNodeAsync(string node, string patch) =>
        _client.For<NodeObject>().PatchAsync(null, node, ObjectPatch.Merge(patch));

    /// <summary>Takes the user's taints off a node and lets it be scheduled to; the cluster's own taints go when their reasons do.</summary>
    private async Task ClearNodeAsync(string name)
    {
        var node = await _client.For<NodeObject>().GetAsync(null, name).ConfigureAwait(false);
        node.Spec.Unschedulable = false;
        node.Spec.Taints?.RemoveAll(t => t.Key == "maintenance");
        await _client.For<NodeObject>().UpdateAsync(node).ConfigureAwait(false);
    }

    private IEnumerable<Pod> DrainablePods(string node) => Model.All<Pod>().Where(p =>
        p.Spec.NodeName == node && p.Metadata.DeletionTimestamp is null && !ClusterFacts.HasEnded(p)
            && OwnerReferences.ControllerOf(p)?.Kind != "DaemonSet");

    private Task EvictAsync(Pod pod)
    {
        _budgets.Asked.Add(pod.Metadata.UID);
        return DoAsync($"evict {pod.Metadata.Namespace}/{pod.Metadata.Name}", () => _client.EvictAsync(
            new() { Metadata = { Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name } }));
    }
}
