using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using PodBinding = Cybernetes.Objects.Core.V1.Binding;

namespace Cybernetes.Scheduler.Plugins.Binding;

/// <summary>Binds through the pod's binding subresource.</summary>
internal sealed class DefaultBinder(ApiClient? client) : IBindPlugin
{
    public string Name => "DefaultBinder";

    public async Task<bool> BindAsync(Pod pod, string nodeName, CancellationToken cancellation)
    {
        if (client is null)
            throw new InvalidOperationException("there is no API server to bind at");
        var binding = new PodBinding
        {
            Metadata = { Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name, UID = pod.Metadata.UID },
            Target = { APIVersion = "v1", Kind = "Node", Name = nodeName },
        };
        await client.BindAsync(binding, cancellation).ConfigureAwait(false);
        return true;
    }
}
