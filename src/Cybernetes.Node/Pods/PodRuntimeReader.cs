using System.Globalization;
using Cybernetes.Node.Runtime;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>
/// Reads one pod's state off the runtime. Details are asked for only when a listed state differs from the one known, because
/// an exited
/// container does not change any more and a sandbox keeps its addresses. Belongs to its pod's worker.
/// </summary>
internal sealed class PodRuntimeReader(IRuntimeService runtime, string podUid, ITerminationMessages messages)
{
    private readonly Dictionary<string, SandboxInstance> _sandboxes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ContainerInstance> _containers = new(StringComparer.Ordinal);

    public async Task<PodRuntimeState> ReadAsync(CancellationToken cancellation)
    {
        var sandboxFilter = new Cri.PodSandboxFilter { LabelSelector = { [RuntimeLabels.PodUid] = podUid } };
        var containerFilter = new Cri.ContainerFilter { LabelSelector = { [RuntimeLabels.PodUid] = podUid } };
        var sandboxListing = runtime.ListPodSandboxesAsync(sandboxFilter, cancellation);
        var containers = await runtime.ListContainersAsync(containerFilter, cancellation).ConfigureAwait(false);
        var sandboxes = await sandboxListing.ConfigureAwait(false);
        Forget(sandboxes.Select(sandbox => sandbox.Id), _sandboxes);
        Forget(containers.Select(container => container.Id), _containers);
        foreach (var listed in sandboxes)
            await LookAtAsync(listed, cancellation).ConfigureAwait(false);
        foreach (var listed in containers)
            await LookAtAsync(listed, cancellation).ConfigureAwait(false);
        return new PodRuntimeState(
            [.. _sandboxes.Values.OrderByDescending(sandbox => sandbox.CreatedAt).ThenByDescending(sandbox => sandbox.Attempt)],
            [.. _containers.Values.OrderByDescending(container => container.CreatedAt).ThenByDescending(c => c.RestartCount)]);
    }

    /// <summary>Takes over what its maker has read of a new sandbox.</summary>
    public void Remember(SandboxInstance sandbox) => _sandboxes[sandbox.Id] = sandbox;

    private static void Forget<T>(IEnumerable<string> listed, Dictionary<string, T> known)
    {
        if (known.Count == 0)
            return;
        var ids = listed.ToHashSet(StringComparer.Ordinal);
        foreach (var id in known.Keys.Where(id => !ids.Contains(id)).ToArray())
            known.Remove(id);
    }

    private async Task LookAtAsync(Cri.PodSandbox listed, CancellationToken cancellation)
    {
        var isReady = listed.State == Cri.PodSandboxState.SandboxReady;
        var isKnown = _sandboxes.TryGetValue(listed.Id, out var known) && known.IsReady == isReady;
        if (isKnown && (known!.Addresses.Count > 0 || known.IsHostNetwork || !isReady))
            return;
        try
        {
            var answer = await runtime.PodSandboxStatusAsync(listed.Id, verbose: false, cancellation).ConfigureAwait(false);
            _sandboxes[listed.Id] = InstanceOf(answer.Status);
        }
        catch (RuntimeCallException e) when (e.Code == RuntimeStatusCode.NotFound)
        {
            // Gone between the listing and now.
            _sandboxes.Remove(listed.Id);
        }
    }

    private async Task LookAtAsync(Cri.Container listed, CancellationToken cancellation)
    {
        if (_containers.TryGetValue(listed.Id, out var known) && known.State == ContainerInstance.StateOf(listed.State))
            return;
        try
        {
            var answer = await runtime.ContainerStatusAsync(listed.Id, verbose: false, cancellation).ConfigureAwait(false);
            _containers[listed.Id] = InstanceOf(listed, answer.Status);
        }
        catch (RuntimeCallException e) when (e.Code == RuntimeStatusCode.NotFound)
        {
            _containers.Remove(listed.Id);
        }
    }

    internal static SandboxInstance InstanceOf(Cri.PodSandboxStatus status)
    {
        var addresses = new List<string>();
        if (status.Network?.Ip is { Length: > 0 } first)
        {
            addresses.Add(first);
            addresses.AddRange(status.Network.AdditionalIps.Select(more => more.Ip));
        }

        var isHostNetwork = status.Linux?.Namespaces?.Options?.Network == Cri.NamespaceMode.Node;
        return new SandboxInstance(
            status.Id, status.Metadata?.Name ?? "", status.Metadata?.Namespace ?? "", status.Metadata?.Attempt ?? 0,
            status.State == Cri.PodSandboxState.SandboxReady, isHostNetwork,
            ContainerInstance.Time(status.CreatedAt) ?? DateTimeOffset.UnixEpoch, isHostNetwork ? [] : addresses);
    }

    private ContainerInstance InstanceOf(Cri.Container listed, Cri.ContainerStatus status)
    {
        var restarts = ContainerInstance.Annotation(status, RuntimeLabels.RestartCount);
        _ = int.TryParse(restarts, NumberStyles.None, CultureInfo.InvariantCulture, out var restartCount);
        var grace = ContainerInstance.Annotation(status, RuntimeLabels.PodTerminationGracePeriod);
        var hasGrace = long.TryParse(grace, NumberStyles.None, CultureInfo.InvariantCulture, out var graceSeconds);
        var state = ContainerInstance.StateOf(status.State);
        return new ContainerInstance(
            status.Id, ContainerInstance.NameOf(listed), listed.PodSandboxId, state,
            ContainerInstance.Time(status.CreatedAt) ?? DateTimeOffset.UnixEpoch,
            ContainerInstance.Time(status.StartedAt), ContainerInstance.Time(status.FinishedAt), status.ExitCode,
            ReasonOf(status, state), state == InstanceState.Exited ? messages.Read(status) : status.Message, restartCount,
            ContainerInstance.Annotation(status, RuntimeLabels.ContainerHash), status.Image?.Image ?? "",
            status.ImageRef.Length > 0 ? status.ImageRef : status.ImageId, status.LogPath)
        {
            TerminationGraceSeconds = hasGrace ? graceSeconds : -1,
            User = status.User?.Linux,
        };
    }

    private static string ReasonOf(Cri.ContainerStatus status, InstanceState state)
    {
        if (state != InstanceState.Exited || status.Reason.Length > 0)
            return status.Reason;
        return status.ExitCode == 0 ? "Completed" : "Error";
    }
}
