using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.Simulator.Workload;

/// <summary>What a user may do, and how often.</summary>
internal sealed partial class User
{
    private (int Weight, string Name, Func<Task> Do)[] Deeds() =>
    [
        (10, "deployment", () => MakeAsync("web", (ns, name) => _client.For<Deployment>().CreateAsync(_make.Deployment(ns, name)))),
        (5, "stateful set", () => MakeAsync("db", (ns, name) => _client.For<StatefulSet>().CreateAsync(_make.StatefulSet(ns, name)))),
        (2, "daemon set", () => Model.All<DaemonSet>().Count >= 2 ? Task.CompletedTask
            : MakeAsync("agent", (ns, name) => _client.For<DaemonSet>().CreateAsync(_make.DaemonSet(ns, name)))),
        (6, "job", () => MakeAsync("job", (ns, name) => _client.For<Job>().CreateAsync(_make.Job(ns, name)))),
        (2, "cron job", () => Model.All<CronJob>().Count >= 2 ? Task.CompletedTask
            : MakeAsync("cron", (ns, name) => _client.For<CronJob>().CreateAsync(_make.CronJob(ns, name)))),
        (2, "pod", () => MakeAsync("pod", (ns, name) => _client.For<Pod>()
            .CreateAsync(new() { Metadata = { Namespace = ns, Name = name, Labels = new() { ["app"] = name } }, Spec = _make.Spec() }))),
        (8, "scale", ScaleAsync),
        (8, "roll", RollAsync),
        (2, "pause", () => WithAsync<Deployment>(
            "pause or resume", d => PatchAsync<Deployment>(d, d.Spec.Paused ? """{"spec":{"paused":false}}""" : """{"spec":{"paused":true}}"""))),
        (2, "suspend", () => WithAsync<Job>("suspend or resume", j => World.ClusterFacts.IsFinished(j) ? Task.CompletedTask
            : PatchAsync<Job>(j, j.Spec.Suspend == true ? """{"spec":{"suspend":false}}""" : """{"spec":{"suspend":true}}"""))),
        (5, "delete workload", DeleteWorkloadAsync),
        (7, "service", () => WithAppAsync("service", (ns, app) => _client.For<Service>().CreateAsync(Manifests.Service(ns, app)))),
        (1, "delete service", () => WithAsync<Service>("delete", s => s.Metadata.Namespace == "default" ? Task.CompletedTask
            : _client.For<Service>().DeleteAsync(s.Metadata.Namespace, s.Metadata.Name))),
        (4, "budget", () => WithAppAsync("budget", (ns, app) => _client.For<PodDisruptionBudget>().CreateAsync(_make.Budget(ns, app)))),
        (1, "delete budget", () =>
            WithAsync<PodDisruptionBudget>("delete", b => _client.For<PodDisruptionBudget>().DeleteAsync(b.Metadata.Namespace, b.Metadata.Name))),
        (3, "quota", QuotaAsync),
        (5, "delete pod", DeletePodAsync),
        (5, "evict", () => One(Model.All<Pod>().Where(p => p.Metadata.DeletionTimestamp is null)) is { } pod ? EvictAsync(pod) : Task.CompletedTask),
        (3, "cordon", CordonAsync),
        (2, "drain", DrainAsync),
        (2, "taint", TaintAsync),
        (1, "delete node", () => WithAsync<NodeObject>("delete", n => _client.For<NodeObject>().DeleteAsync(null, n.Metadata.Name))),
        (1, "delete namespace", () => WithAsync<Namespace>(
            "delete", n => s_namespaces.Contains(n.Metadata.Name) ? _client.For<Namespace>().DeleteAsync(null, n.Metadata.Name) : Task.CompletedTask)),
        (2, "namespace", () => DoAsync(
            "create namespace", () => _client.For<Namespace>()
                .CreateAsync(new() { Metadata = { Name = s_namespaces[_chance.Next(s_namespaces.Length)] } }))),
    ];

    private (int Weight, string Name, Func<Task> Do)[] RichDeeds() =>
    [
        (4, "ballast", () => Ballasts().Any() ? Task.CompletedTask
            : MakeAsync(BallastName, (ns, name) => _client.For<Deployment>().CreateAsync(_make.Ballast(ns, name)))),
        (4, "volumes", MakeVolumesAsync),
        (1, "delete volume", () => WithAsync<PersistentVolume>(
            "delete", v => _client.For<PersistentVolume>().DeleteAsync(null, v.Metadata.Name))),
        (1, "delete claim", () => WithAsync<PersistentVolumeClaim>(
            "delete", c => _client.For<PersistentVolumeClaim>().DeleteAsync(c.Metadata.Namespace, c.Metadata.Name))),
    ];

    private Task MakeAsync(string prefix, Func<string, string, Task> make)
    {
        var running = Model.All<Deployment>().Count + Model.All<StatefulSet>().Count + Model.All<DaemonSet>().Count;
        if (running + Model.All<Job>().Count(j => !World.ClusterFacts.IsFinished(j)) >= MostWorkloads)
            return Task.CompletedTask;
        var ns = s_namespaces[_chance.Next(s_namespaces.Length)];
        var name = $"{prefix}-{++_made}";
        return DoAsync($"create {ns}/{name}", () => make(ns, name));
    }

    private IEnumerable<Deployment> Ballasts() =>
        Model.All<Deployment>().Where(d => d.Metadata.Name.StartsWith(BallastName, StringComparison.Ordinal));

    /// <summary>Enough volumes for the claims that have none, and some to spare.</summary>
    private async Task MakeVolumesAsync()
    {
        var wanted = 3 + Model.All<PersistentVolumeClaim>().Count(c => c.Status.Phase != "Bound") - Model.All<PersistentVolume>()
            .Count(v => v.Spec.ClaimRef is null && v.Metadata.DeletionTimestamp is null);
        for (var n = 0; n < wanted; n++)
        {
            var name = $"volume-{++_made}";
            await DoAsync($"create {name}", () => _client.For<PersistentVolume>().CreateAsync(Manifests.Volume(name))).ConfigureAwait(false);
        }
    }

    private Task ScaleAsync()
    {
        var patch = "{\"spec\":{\"replicas\":" + _chance.Next(7) + "}}";
        return _chance.Next(3) == 0
            ? WithAsync<StatefulSet>($"scale {patch}", s => PatchAsync<StatefulSet>(s, patch))
            : WithAsync<Deployment>($"scale {patch}", d => PatchAsync<Deployment>(d, patch));
    }

    private Task RollAsync()
    {
        var patch = "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"version\":\"" + ++_made + "\"}}}}}";
        return _chance.Next(5) switch
        {
            0 => WithAsync<StatefulSet>("roll", s => PatchAsync<StatefulSet>(s, patch)),
            1 => WithAsync<DaemonSet>("roll", d => PatchAsync<DaemonSet>(d, patch)),
            _ => WithAsync<Deployment>("roll", d => PatchAsync<Deployment>(d, patch)),
        };
    }

    private Task DeleteWorkloadAsync()
    {
        var options = new DeleteOptions { PropagationPolicy = _chance.Next(3) switch { 0 => "Foreground", 1 => "Background", _ => null } };
        return _chance.Next(6) switch
        {
            0 or 1 => WithAsync<Deployment>("delete", d => _client.For<Deployment>().DeleteAsync(d.Metadata.Namespace, d.Metadata.Name, options)),
            2 => WithAsync<StatefulSet>("delete", s => _client.For<StatefulSet>().DeleteAsync(s.Metadata.Namespace, s.Metadata.Name, options)),
            3 => WithAsync<Job>("delete",
                j => _client.For<Job>().DeleteAsync(j.Metadata.Namespace, j.Metadata.Name, new() { PropagationPolicy = "Background" })),
            4 => WithAsync<CronJob>("delete", c => _client.For<CronJob>().DeleteAsync(c.Metadata.Namespace, c.Metadata.Name, options)),
            _ => WithAsync<ReplicaSet>("delete", r => _client.For<ReplicaSet>().DeleteAsync(r.Metadata.Namespace, r.Metadata.Name, options)),
        };
    }

    private Task QuotaAsync()
    {
        var quota = _make.Quota(s_namespaces[_chance.Next(s_namespaces.Length)]);
        var there = Model.Find<ResourceQuota>(quota.Metadata.Namespace, quota.Metadata.Name);
        if (there is null)
            return DoAsync($"quota for {quota.Metadata.Namespace}", () => _client.For<ResourceQuota>().CreateAsync(quota));
        if (_chance.Next(3) == 0)
            return DoAsync($"delete quota of {quota.Metadata.Namespace}",
                () => _client.For<ResourceQuota>().DeleteAsync(quota.Metadata.Namespace, quota.Metadata.Name));
        quota.Metadata.ResourceVersion = there.Metadata.ResourceVersion;
        return DoAsync($"change quota of {quota.Metadata.Namespace}", () => _client.For<ResourceQuota>().UpdateAsync(quota));
    }

    private Task DeletePodAsync()
    {
        var isForced = _chance.Next(8) == 0;
        return WithAsync<Pod>(isForced ? "delete by force" : "delete", pod =>
        {
            if (isForced)
                _endings.TakenAway.Add(pod.Metadata.UID);
            return _client.For<Pod>().DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, isForced ? new() { GracePeriodSeconds = 0 } : null);
        });
    }

    private Task CordonAsync() => WithAsync<NodeObject>("cordon or uncordon", node =>
        PatchNodeAsync(node.Metadata.Name, node.Spec.Unschedulable ? """{"spec":{"unschedulable":false}}""" : """{"spec":{"unschedulable":true}}"""));

    private async Task DrainAsync()
    {
        if (One(Model.All<NodeObject>()) is not { } node)
            return;
        await DoAsync($"drain {node.Metadata.Name}", () => PatchNodeAsync(node.Metadata.Name, """{"spec":{"unschedulable":true}}""")).ConfigureAwait(false);
        foreach (var pod in DrainablePods(node.Metadata.Name).ToList())
            await EvictAsync(pod).ConfigureAwait(false);
    }

    private Task TaintAsync()
    {
        var effect = _chance.Next(3) == 0 ? "NoExecute" : "NoSchedule";
        return WithAsync<NodeObject>($"taint or untaint ({effect})", async node =>
        {
            var now = await _client.For<NodeObject>().GetAsync(null, node.Metadata.Name).ConfigureAwait(false);
            if ((now.Spec.Taints?.RemoveAll(t => t.Key == "maintenance") ?? 0) == 0)
                (now.Spec.Taints ??= []).Add(new() { Key = "maintenance", Value = "now", Effect = effect });
            await _client.For<NodeObject>().UpdateAsync(now).ConfigureAwait(false);
        });
    }

    private Task WithAsync<T>(string what, Func<T, Task> call)
        where T : class, IKubernetesObject<T> =>
        One(Model.All<T>().Where(o => o.Metadata.Namespace.Length == 0 || s_namespaces.Contains(o.Metadata.Namespace))) is { } value
            ? DoAsync($"{what} {World.ClusterFacts.NameOf(value)}", () => call(value))
            : Task.CompletedTask;

    private Task WithAppAsync(string what, Func<string, string, Task> call)
    {
        var apps = Model.All<Deployment>().Select(d => d.Metadata).Concat(Model.All<StatefulSet>().Select(s => s.Metadata));
        return One(apps) is { } app ? DoAsync($"{what} for {app.Namespace}/{app.Name}", () => call(app.Namespace, app.Name)) : Task.CompletedTask;
    }

    private T? One<T>(IEnumerable<T> choices)
        where T : class
    {
        var all = choices.ToList();
        return all.Count == 0 ? null : all[_chance.Next(all.Count)];
    }
}
