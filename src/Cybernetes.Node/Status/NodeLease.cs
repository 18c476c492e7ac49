using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Node.Agent;
using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Status;

/// <summary>The node's cheap heartbeat: its Lease in kube-node-lease (KEP-589).</summary>
internal sealed class NodeLease(
    INodeApi api, string nodeName, TimeSpan duration, TimeProvider time, IRandomSource random, ILogger logger)
{
    private static readonly BackoffOptions Retries = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(7));

    private Lease? _lease;

    /// <summary>Renews until cancelled, four times in the lease's duration.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(Retries, random);
        while (!cancellation.IsCancellationRequested)
        {
            TimeSpan wait;
            try
            {
                await RenewAsync(cancellation).ConfigureAwait(false);
                backoff.Reset();
                wait = duration / 4;
            }
            catch (Exception e) when (e is ApiStatusException or HttpRequestException or TimeoutException or IOException)
            {
                logger.LogWarning("The lease of node {Node} was not renewed: {Reason}", nodeName, e.Message);

                // What the server has now is read anew.
                _lease = null;
                wait = backoff.Next();
            }

            await Task.Delay(wait, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    internal async Task RenewAsync(CancellationToken cancellation)
    {
        _lease ??= await api.GetNodeLeaseAsync(nodeName, cancellation).ConfigureAwait(false);
        var isNew = _lease is null;
        var lease = _lease?.DeepClone() ?? new Lease
        {
            Metadata = new ObjectMeta
            {
                Name = nodeName,
                Namespace = "kube-node-lease"
            }
        };
        lease.Spec.HolderIdentity = nodeName;
        lease.Spec.LeaseDurationSeconds = (int)duration.TotalSeconds;
        lease.Spec.RenewTime = time.GetUtcNow();
        if (lease.Metadata.OwnerReferences.OrEmpty().Count == 0)
        {
            // The lease goes with its node.
            var node = await api.GetNodeAsync(nodeName, cancellation).ConfigureAwait(false);
            if (node is not null)
            {
                var owner = new OwnerReference { APIVersion = "v1", Kind = "Node", Name = nodeName, UID = node.Metadata.UID };
                lease.Metadata.OwnerReferences = [owner];
            }
        }

        _lease = isNew
            ? await api.CreateNodeLeaseAsync(lease, cancellation).ConfigureAwait(false)
            : await api.UpdateNodeLeaseAsync(lease, cancellation).ConfigureAwait(false);
    }
}
