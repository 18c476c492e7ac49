using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using PodBinding = Cybernetes.Objects.Core.V1.Binding;

namespace Cybernetes.Scheduler.Plugins.Binding;

/// <summary>Binds through the pod's binding subresource.</summary>
internal sealed class DefaultBinder(ApiClient? client) : IBindPlugin
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

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
        try
        {
            await client.BindAsync(binding, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (MayHaveBound(failure))
        {
            // The room on the node is kept until it is known: given to another pod, the node would have more on it than it holds.
            if (await IsBoundAsync(client, pod, nodeName, cancellation).ConfigureAwait(false))
                return true;
            throw;
        }
    }

    /// <summary>The answer was lost, or a second try of the call was told that the pod has its node.</summary>
    private static bool MayHaveBound(Exception failure) => failure
        is HttpRequestException or IOException or TimeoutException or ApiStatusException { IsConflict: true } or ApiStatusException { Status.Code: >= 500 };

    /// <summary>Asks until there is an answer.</summary>
    private static async Task<bool> IsBoundAsync(ApiClient client, Pod pod, string nodeName, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var live = await client.For<Pod>().FindAsync(pod.Metadata.Namespace, pod.Metadata.Name, cancellation).ConfigureAwait(false);
                return live is not null && live.Metadata.UID == pod.Metadata.UID && live.Spec.NodeName == nodeName;
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or TimeoutException or ApiStatusException)
            {
                await Task.Delay(s_pause, client.Time, cancellation).ConfigureAwait(false);
            }
        }
    }
}
