using System.Text;
using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Jobs;

/// <summary>Takes the tracking finalizer off pods.</summary>
internal static class FinalizerRemoval
{
    /// <summary>The uids of those that do not have it any more, gone ones included, and the first failure.</summary>
    /// <param name="asSeen">Only from pods that have not changed since: one that has succeeded meanwhile is to be counted.</param>
    public static async Task<(HashSet<string> Released, Exception? Failure)> RemoveAsync(
        ApiClient client, IReadOnlyList<Pod> pods, CancellationToken cancellation, bool asSeen = false)
    {
        var results = await Task.WhenAll(pods.Select(pod => RemoveOneAsync(client, pod, asSeen, cancellation))).ConfigureAwait(false);
        var released = pods.Where((_, n) => results[n] is null).Select(p => p.Metadata.UID).ToHashSet(StringComparer.Ordinal);
        return (released, results.FirstOrDefault(r => r is not null));
    }

    private static async Task<Exception?> RemoveOneAsync(ApiClient client, Pod pod, bool asSeen, CancellationToken cancellation)
    {
        if (!JobPods.HasFinalizer(pod))
            return null;
        var patch = "{\"metadata\":{\"uid\":\"" + pod.Metadata.UID + (asSeen ? "\",\"resourceVersion\":\"" + pod.Metadata.ResourceVersion : "")
            + "\",\"$deleteFromPrimitiveList/finalizers\":[\"" + JobPods.Finalizer + "\"]}}";
        try
        {
            await client.For<Pod>().PatchAsync(
                pod.Metadata.Namespace, pod.Metadata.Name, ObjectPatch.Strategic(Encoding.UTF8.GetBytes(patch)), cancellation: cancellation)
                .ConfigureAwait(false);
            return null;
        }
        catch (ApiStatusException failure) when (failure.IsNotFound)
        {
            return null;
        }
        // A conflict too: it does not say that the finalizer is off, and a pod that is counted with it on is counted again after a restart.
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            return failure;
        }
    }
}
