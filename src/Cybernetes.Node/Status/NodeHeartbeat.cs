using Cybernetes.Client.Transport;
using Cybernetes.Node.Agent;
using Cybernetes.Node.Pods;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Runtime;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Status;

/// <summary>
/// Watches over the runtime and writes the node's status: at once when it changed, every report period when it did not. Until
/// the node is
/// ready it looks every 100 ms, so that a node comes up as fast as its runtime and network do.
/// </summary>
internal sealed class NodeHeartbeat(
    INodeApi api, IRuntimeService runtime, IImageService images, INodeEvents events, PodLifecycleSource lifecycle,
    NodeFacts facts,
    NodeSelf self, NodeAgentOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan ImpatientPeriod = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ImpatientFor = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RuntimePeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ImagesPeriod = TimeSpan.FromSeconds(30);

    private NodeStatus _last = new();
    private DateTimeOffset _reported;
    private DateTimeOffset _began;
    private IReadOnlyList<Cri.Image> _images = [];
    private DateTimeOffset _imagesRead;
    private IReadOnlyList<Cri.RuntimeHandler> _handlers = [];
    private bool _hasGroupsPolicy;
    private string _podCidr = "";

    /// <summary>The HTTPS server's.</summary>
    public int Port { get; set; }

    public string RuntimeVersion { get; set; } = "";

    /// <summary>The status as it is now.</summary>
    public NodeStatus Compose()
    {
        var faults = new List<string>();
        if (self.RuntimeFault is { } runtimeFault)
            faults.Add(runtimeFault);
        if (self.NetworkFault is { } networkFault)
            faults.Add(networkFault);
        if (_began != default && time.GetUtcNow() - _began > PodLifecycleSource.HealthLimit && !lifecycle.IsHealthy)
            faults.Add("PLEG is not healthy: pleg was last seen active more than 3m0s ago; threshold is 3m0s");
        return NodeStatusComposer.Compose(new NodeStatusInputs(
            _last, facts, options.NodeName, self.Addresses, Port, options.MaxPods, options.Version, RuntimeVersion, _images,
            _handlers,
            faults, time.GetUtcNow())
        {
            SupportsGroupsPolicy = _hasGroupsPolicy,
            HasExternalCloudProvider = options.HasExternalCloudProvider,
            HasGivenAddresses = options.NodeIp.Length > 0,
        });
    }

    /// <summary>Asks the runtime how it is.</summary>
    public async Task LookAtRuntimeAsync(CancellationToken cancellation)
    {
        try
        {
            var answer = await runtime.StatusAsync(verbose: false, cancellation).ConfigureAwait(false);
            self.RuntimeFault = Fault(answer, "RuntimeReady", "container runtime not ready");
            self.NetworkFault = Fault(answer, "NetworkReady", "container runtime network not ready");
            _handlers = [.. answer.RuntimeHandlers];
            _hasGroupsPolicy = answer.Features?.SupplementalGroupsPolicy ?? false;
        }
        catch (RuntimeCallException e)
        {
            self.RuntimeFault = $"container runtime is down: {e.Message}";
        }
    }

    /// <param name="node">The registered node.</param>
    public async Task RunAsync(NodeObject node, CancellationToken cancellation)
    {
        _last = node.Status;
        _began = time.GetUtcNow();
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await LookAtRuntimeAsync(cancellation).ConfigureAwait(false);
                await ReadImagesAsync(cancellation).ConfigureAwait(false);
                await ReportAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ApiStatusException or HttpRequestException or TimeoutException or IOException
                or RuntimeCallException)
            {
                logger.LogWarning("Error updating node status, will retry: {Reason}", e.Message);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }

            var isReady = self.RuntimeFault is null && self.NetworkFault is null;
            var isImpatient = !isReady && time.GetUtcNow() - _began < ImpatientFor;
            var wait = isImpatient ? ImpatientPeriod : RuntimePeriod;
            await Task.Delay(wait, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The pods' range of this node, once the API server knows it, is told to the runtime. Does not wait.</summary>
    public void Observe(NodeObject node)
    {
        var cidrs = node.Spec.PodCIDRs is { Count: > 0 } many ? string.Join(',', many) : node.Spec.PodCIDR;
        if (cidrs.Length > 0 && Interlocked.Exchange(ref _podCidr, cidrs) != cidrs)
            _ = Task.Run(() => TellPodCidrAsync(cidrs));
    }

    private async Task TellPodCidrAsync(string cidrs)
    {
        try
        {
            await runtime.UpdateRuntimeConfigAsync(cidrs, CancellationToken.None).ConfigureAwait(false);
        }
        catch (RuntimeCallException e)
        {
            // The next change of the node tries again; runtimes with a network of their own need not be told.
            _podCidr = "";
            logger.LogWarning("The runtime did not take the pod range {Cidr}: {Reason}", cidrs, e.Message);
        }
    }

    private async Task ReadImagesAsync(CancellationToken cancellation)
    {
        if (time.GetUtcNow() - _imagesRead < ImagesPeriod)
            return;
        _images = await images.ListImagesAsync(cancellation).ConfigureAwait(false);
        _imagesRead = time.GetUtcNow();
    }

    private async Task ReportAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var status = Compose();
        var isDue = now - _reported >= options.NodeStatusReportFrequency;
        if (!isDue && NodeStatusComposer.IsSame(status, _last))
            return;
        if (StatusPatch.ForNode(_last, status) is { } patch)
        {
            var answer = await api.PatchNodeStatusAsync(options.NodeName, patch, cancellation).ConfigureAwait(false);
            TellOfChanges(_last, status);
            _last = answer.Status;
        }

        _reported = now;
    }

    private void TellOfChanges(NodeStatus old, NodeStatus now)
    {
        foreach (var condition in now.Conditions ?? [])
        {
            var before = old.Conditions?.Find(known => known.Type == condition.Type)?.Status;
            if (before == condition.Status)
                continue;
            var isTrue = condition.Status == ConditionStatus.ConditionTrue;
            var reason = condition.Type switch
            {
                "Ready" => isTrue ? "NodeReady" : "NodeNotReady",
                "MemoryPressure" => isTrue ? "NodeHasInsufficientMemory" : "NodeHasSufficientMemory",
                "DiskPressure" => isTrue ? "NodeHasDiskPressure" : "NodeHasNoDiskPressure",
                "PIDPressure" => isTrue ? "NodeHasInsufficientPID" : "NodeHasSufficientPID",
                _ => "",
            };
            if (reason.Length > 0 && (before is not null || condition.Type != "Ready" || isTrue))
                events.RecordNode(EventType.Normal, reason, $"Node {options.NodeName} status is now: {reason}");
        }
    }

    private static string? Fault(Cri.StatusResponse answer, string type, string what)
    {
        foreach (var condition in answer.Status.Conditions)
        {
            if (condition.Type != type)
                continue;
            return condition.Status
                ? null
                : $"{what}: {type}=false reason:{condition.Reason} message:{condition.Message}";
        }

        return $"{what}: {type} is not set by the runtime";
    }
}
