using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Node.Agent;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Status;

/// <summary>Makes the Node object, or takes over the one that is there.</summary>
internal sealed class NodeRegistration(
    INodeApi api, NodeAgentOptions options, TimeProvider time, IRandomSource random, ILogger logger)
{
    private const string ProvidedAddress = "alpha.kubernetes.io/provided-node-ip";

    private static readonly BackoffOptions Retries = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(7));

    /// <summary>Tries until it is done.</summary>
    /// <param name="status">The status to register with.</param>
    public async Task<NodeObject> RegisterAsync(Func<NodeStatus> status, string os, string arch, CancellationToken cancellation)
    {
        var backoff = new Backoff(Retries, random);
        while (true)
        {
            try
            {
                if (await TryAsync(status, os, arch, cancellation).ConfigureAwait(false) is { } node)
                    return node;
            }
            catch (Exception e) when (e is ApiStatusException or HttpRequestException or TimeoutException or IOException)
            {
                logger.LogWarning("Unable to register node {Node} with API server: {Reason}", options.NodeName, e.Message);
            }

            await Task.Delay(backoff.Next(), time, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<NodeObject?> TryAsync(Func<NodeStatus> status, string os, string arch, CancellationToken cancellation)
    {
        var existing = await api.GetNodeAsync(options.NodeName, cancellation).ConfigureAwait(false);
        if (existing is not null)
            return await ReconcileAsync(existing, os, arch, cancellation).ConfigureAwait(false);
        if (!options.RegisterNode)
            return null;
        try
        {
            var node = await api.CreateNodeAsync(Make(status(), os, arch), cancellation).ConfigureAwait(false);
            logger.LogInformation("Successfully registered node {Node}", options.NodeName);
            return node;
        }
        catch (ApiStatusException e) when (e.IsAlreadyExists)
        {
            // Someone else was faster: the next try finds it.
            return null;
        }
    }

    internal NodeObject Make(NodeStatus status, string os, string arch) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = options.NodeName,
            Labels = Labels(os, arch),
            Annotations = Annotated(new(StringComparer.Ordinal) { ["volumes.kubernetes.io/controller-managed-attach-detach"] = "true" }),
        },
        Spec = new NodeSpec
        {
            ProviderID = options.ProviderId,
            Taints = options.RegisterWithTaints.Count > 0 ? [.. options.RegisterWithTaints] : null,
        },
        Status = status,
    };

    private Dictionary<string, string> Labels(string os, string arch)
    {
        var labels = new Dictionary<string, string>(options.NodeLabels, StringComparer.Ordinal)
        {
            ["kubernetes.io/hostname"] = options.NodeName,
            ["kubernetes.io/os"] = os,
            ["kubernetes.io/arch"] = arch,
            ["beta.kubernetes.io/os"] = os,
            ["beta.kubernetes.io/arch"] = arch,
        };
        return labels;
    }

    /// <summary>With what --node-ip says, for a cloud's controllers; without it where they are not to know.</summary>
    private Dictionary<string, string> Annotated(Dictionary<string, string> annotations)
    {
        if (options.HasExternalCloudProvider && options.NodeIp.Length > 0)
            annotations[ProvidedAddress] = options.NodeIp;
        else
            annotations.Remove(ProvidedAddress);
        return annotations;
    }

    /// <summary>The labels that are the agent's own are brought up to date; people's are left alone.</summary>
    private async Task<NodeObject> ReconcileAsync(NodeObject node, string os, string arch, CancellationToken cancellation)
    {
        var wanted = Labels(os, arch);
        var changed = node.DeepClone();
        changed.Metadata.Labels ??= new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in wanted)
            changed.Metadata.Labels[key] = value;
        changed.Metadata.Annotations = Annotated(changed.Metadata.Annotations ?? new(StringComparer.Ordinal));
        if (changed.Spec.ProviderID.Length == 0)
            changed.Spec.ProviderID = options.ProviderId;
        return changed.SemanticEquals(node) ? node : await api.UpdateNodeAsync(changed, cancellation).ConfigureAwait(false);
    }
}
