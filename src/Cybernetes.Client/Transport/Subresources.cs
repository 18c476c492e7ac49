using Cybernetes.Client.Discovery;
using Cybernetes.Objects;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Autoscaling.V1;
using Cybernetes.Objects.Core.V1;
using Eviction = Cybernetes.Objects.Policy.V1.Eviction;
using Status = Cybernetes.Objects.Meta.V1.Status;

namespace Cybernetes.Client.Transport;

/// <summary>The subresources whose body is of another kind than their object.</summary>
public static class Subresources
{
    /// <summary>Reads an object's scale.</summary>
    public static async Task<Scale> GetScaleAsync<T>(
        this ApiClient client, string ns, string name, CancellationToken cancellation = default)
        where T : class, IKubernetesObject<T>
    {
        var call = new ApiCall(HttpMethod.Get, KindClient<T>.PathOf(ns, name, "scale"));
        ApiAnswer answer = await client.SendAsync(call, cancellation).ConfigureAwait(false);
        return WireBody.Read<Scale>(answer.Body);
    }

    /// <summary>Reads the scale of an object of a kind that only discovery knows.</summary>
    public static async Task<Scale> GetScaleAsync(
        this ApiClient client, ServedResource resource, string ns, string name, CancellationToken cancellation = default)
    {
        var call = new ApiCall(HttpMethod.Get, resource.PathOf(ns, name, "scale"));
        ApiAnswer answer = await client.SendAsync(call, cancellation).ConfigureAwait(false);
        return WireBody.Read<Scale>(answer.Body);
    }

    /// <summary>Sets the replicas of an object of a kind that only discovery knows.</summary>
    public static async Task<Scale> UpdateScaleAsync(
        this ApiClient client, ServedResource resource, Scale scale, CancellationToken cancellation = default)
    {
        var path = resource.PathOf(scale.Metadata.Namespace, scale.Metadata.Name, "scale");
        var call = new ApiCall(HttpMethod.Put, path) { Body = WireBody.Write(scale) };
        ApiAnswer answer = await client.SendAsync(call, cancellation).ConfigureAwait(false);
        return WireBody.Read<Scale>(answer.Body);
    }

    /// <summary>Sets an object's replicas through its scale.</summary>
    public static Task<Scale> UpdateScaleAsync<T>(this ApiClient client, Scale scale, CancellationToken cancellation = default)
        where T : class, IKubernetesObject<T> => client.For<T>().SendAsync<Scale, Scale>(
            HttpMethod.Put, KindClient<T>.PathOf(scale.Metadata.Namespace, scale.Metadata.Name, "scale"), scale, cancellation);

    /// <summary>Binds the pod that the binding's metadata names to its target, a node.</summary>
    /// <exception cref="ApiStatusException">The pod is bound already (IsConflict), is gone, or the server refuses.</exception>
    public static Task BindAsync(this ApiClient client, Binding binding, CancellationToken cancellation = default) =>
        client.For<Pod>().SendAsync<Binding, Status>(
            HttpMethod.Post,
            KindClient<Pod>.PathOf(binding.Metadata.Namespace, binding.Metadata.Name, "binding"),
            binding,
            cancellation);

    /// <summary>
    /// Evicts the pod that the eviction's metadata names, if its disruption budgets allow it (else IsTooManyRequests).
    /// </summary>
    public static Task EvictAsync(this ApiClient client, Eviction eviction, CancellationToken cancellation = default) =>
        client.For<Pod>().SendAsync<Eviction, Status>(
            HttpMethod.Post,
            KindClient<Pod>.PathOf(eviction.Metadata.Namespace, eviction.Metadata.Name, "eviction"),
            eviction,
            cancellation);

    /// <summary>Asks for a token of a service account.</summary>
    public static Task<TokenRequest> CreateTokenAsync(
        this ApiClient client, string ns, string serviceAccount, TokenRequest request, CancellationToken cancellation = default) =>
        client.For<ServiceAccount>().SendAsync<TokenRequest, TokenRequest>(
            HttpMethod.Post, KindClient<ServiceAccount>.PathOf(ns, serviceAccount, "token"), request, cancellation);

    /// <summary>
    /// Opens a container's log. The caller disposes the response; its content streams as long as the log is followed.
    /// </summary>
    public static Task<HttpResponseMessage> OpenLogAsync(
        this ApiClient client, string ns, string pod, PodLogQuery query, CancellationToken cancellation = default)
    {
        string path = KindClient<Pod>.PathOf(ns, pod, "log") + query.ToQuery();
        return client.OpenAsync(new ApiCall(HttpMethod.Get, path) { Accept = "*/*" }, cancellation);
    }
}
