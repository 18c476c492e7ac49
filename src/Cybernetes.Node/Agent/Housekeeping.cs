using Cybernetes.Node.Pods;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Runtime;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Agent;

/// <summary>
/// Takes away what no pod of the node owns: sandboxes and containers of pods deleted while the agent was away, sandboxes that
/// were
/// replaced, directories, logs and cgroups left over.
/// </summary>
internal sealed class Housekeeping(PodServices services, PodWorkers workers, TimeSpan period)
{
    private const long OrphanGraceSeconds = 30;

    /// <summary>Runs until cancelled; the first round at once. Only to be started once all the node's pods are known.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await CleanAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is RuntimeCallException or IOException or UnauthorizedAccessException)
            {
                services.Logger.LogWarning("Housekeeping goes on later: {Reason}", e.Message);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }

            services.CrashBackoff.Collect();
            services.Images.Collect();
            await Task.Delay(period, services.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    internal async Task CleanAsync(CancellationToken cancellation)
    {
        var sandboxes = await services.Runtime.ListPodSandboxesAsync(null, cancellation).ConfigureAwait(false);
        var containers = await services.Runtime.ListContainersAsync(null, cancellation).ConfigureAwait(false);
        foreach (var sandbox in sandboxes)
        {
            if (!sandbox.Labels.TryGetValue(RuntimeLabels.PodUid, out var uid))
                continue;
            if (workers.Find(uid) is { } worker)
                await RemoveReplacedAsync(worker, sandbox, sandboxes, containers, cancellation).ConfigureAwait(false);
            else
                await RemoveOrphanAsync(sandbox, containers, cancellation).ConfigureAwait(false);
        }

        if (services.Mounts is not null)
            await RemoveLeftoversAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>A stopped sandbox without containers which is not its pod's newest.</summary>
    private async Task RemoveReplacedAsync(
        PodWorker worker, Cri.PodSandbox sandbox, IReadOnlyList<Cri.PodSandbox> all, IReadOnlyList<Cri.Container> containers,
        CancellationToken cancellation)
    {
        var isReplaced = sandbox.State == Cri.PodSandboxState.SandboxNotready
            && all.Any(other => other.Metadata.Uid == sandbox.Metadata.Uid && other.CreatedAt > sandbox.CreatedAt);
        if (!isReplaced || worker.Stage != PodStage.Running)
            return;
        if (containers.All(container => container.PodSandboxId != sandbox.Id))
            await services.Runtime.RemovePodSandboxAsync(sandbox.Id, cancellation).ConfigureAwait(false);
    }

    private async Task RemoveOrphanAsync(
        Cri.PodSandbox sandbox, IReadOnlyList<Cri.Container> containers, CancellationToken cancellation)
    {
        services.Logger.LogInformation(
            "Removing what is left of pod {Namespace}/{Name}", sandbox.Metadata.Namespace, sandbox.Metadata.Name);
        var running = containers.Where(
            container => container.PodSandboxId == sandbox.Id && container.State == Cri.ContainerState.ContainerRunning);
        var grace = TimeSpan.FromSeconds(OrphanGraceSeconds);
        await Task.WhenAll(running.Select(container => services.Runtime.StopContainerAsync(container.Id, grace, cancellation)))
            .ConfigureAwait(false);
        await services.Runtime.StopPodSandboxAsync(sandbox.Id, cancellation).ConfigureAwait(false);
        await services.Runtime.RemovePodSandboxAsync(sandbox.Id, cancellation).ConfigureAwait(false);
        var metadata = new ObjectMeta
        {
            Namespace = sandbox.Metadata.Namespace,
            Name = sandbox.Metadata.Name,
            UID = sandbox.Metadata.Uid,
        };
        if (services.Mounts is null)
            return;
        await services.Volumes.RemoveAsync(sandbox.Metadata.Uid, cancellation).ConfigureAwait(false);
        RemoveCgroups(sandbox.Metadata.Uid);
        PodFiles.Remove(services.Paths, new Pod { Metadata = metadata });
    }

    /// <summary>Only of pods known to have been this node's: other nodes on the machine may share the hierarchy.</summary>
    private void RemoveCgroups(string uid)
    {
        foreach (var qos in Enum.GetValues<QosClass>())
            services.Cgroups.TryRemove(qos, uid);
    }

    private async Task RemoveLeftoversAsync(CancellationToken cancellation)
    {
        if (Directory.Exists(services.Paths.AllPods))
        {
            foreach (var directory in Directory.EnumerateDirectories(services.Paths.AllPods))
            {
                var uid = Path.GetFileName(directory);
                if (workers.Find(uid) is not null)
                    continue;
                await services.Volumes.RemoveAsync(uid, cancellation).ConfigureAwait(false);
                RemoveCgroups(uid);
                PodFiles.RemoveTree(directory);
            }
        }

        if (Directory.Exists(services.Paths.Logs))
        {
            foreach (var directory in Directory.EnumerateDirectories(services.Paths.Logs))
            {
                var uid = directory[(directory.LastIndexOf('_') + 1)..];
                if (workers.Find(uid) is null)
                    PodFiles.RemoveTree(directory);
            }
        }
    }
}
