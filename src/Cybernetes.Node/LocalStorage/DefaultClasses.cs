using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;

namespace Cybernetes.Node.LocalStorage;

/// <summary>The classes that the node agents make at their start, each only where nobody has made it yet.</summary>
internal static class DefaultClasses
{
    /// <summary>Makes a class unless one of its name is there.</summary>
    /// <param name="client">Calls the API server; its failures are thrown.</param>
    /// <param name="there">The classes there are.</param>
    /// <param name="wanted">The class; one without a name is not wanted.</param>
    /// <param name="cancellation">Ends the call.</param>
    public static async Task MakeAsync<T>(ApiClient client, ObjectStore<T> there, T wanted, CancellationToken cancellation)
        where T : class, IKubernetesObject<T>
    {
        if (wanted.Metadata.Name.Length == 0 || there.Get("", wanted.Metadata.Name) is not null)
            return;
        try
        {
            await client.For<T>().CreateAsync(wanted, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            // Another node was first.
        }
    }
}
