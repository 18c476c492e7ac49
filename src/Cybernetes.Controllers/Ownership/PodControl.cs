using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.Ownership;

/// <summary>Makes and deletes the pods of an owner, and tells of it in the owner's events.</summary>
internal sealed class PodControl(ApiClient client, IEventRecorder events, ControllerExpectations expectations)
{
    /// <summary>A pod of the template that the owner controls; its name is given by the server.</summary>
    /// <param name="template">Not changed.</param>
    public static Pod FromTemplate<TOwner>(TOwner owner, PodTemplateSpec template) where TOwner : class, IKubernetesObject<TOwner>
    {
        var copy = template.DeepClone();
        return new Pod
        {
            Metadata =
            {
                GenerateName = owner.Metadata.Name + "-",
                Namespace = owner.Metadata.Namespace,
                Labels = copy.Metadata.Labels,
                Annotations = copy.Metadata.Annotations,
                Finalizers = copy.Metadata.Finalizers,
                OwnerReferences = [OwnerReferences.ToController(owner)],
            },
            Spec = copy.Spec,
        };
    }

    /// <summary>Makes pods in growing batches. The expectations must be set; what will never be observed is taken from them.</summary>
    /// <param name="make">The pod of a number from 0 on.</param>
    /// <returns>How many were made, and the first failure. A namespace that is going away is none: trying again does not help.</returns>
    public async Task<(int Made, Exception? Failure)> CreateAsync<TOwner>(
        ObjectKey key, TOwner owner, int count, Func<int, Pod> make, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        var (made, failure) = await SlowStart.RunAsync(count, n => CreateOneAsync(owner, make(n), cancellation)).ConfigureAwait(false);
        for (var i = made; i < count; i++)
            expectations.CreationObserved(key);
        return (made, failure is ApiStatusException { IsNamespaceTerminating: true } ? null : failure);
    }

    /// <summary>Deletes pods side by side. The expectations must be set; what will never be observed is taken from them.</summary>
    /// <returns>How many are being deleted, and the first failure.</returns>
    public async Task<(int Deleted, Exception? Failure)> DeleteAsync<TOwner>(
        ObjectKey key, TOwner owner, IReadOnlyList<Pod> pods, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        var failures = await Task.WhenAll(pods.Select(pod => DeleteOneAsync(key, owner, pod, cancellation))).ConfigureAwait(false);
        return (failures.Count(f => f is null), failures.FirstOrDefault(f => f is not null));
    }

    private async Task<Exception?> CreateOneAsync<TOwner>(TOwner owner, Pod pod, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        try
        {
            var made = await client.For<Pod>().CreateAsync(pod, cancellation: cancellation).ConfigureAwait(false);
            events.Event(owner, "Normal", "SuccessfulCreate", "Created pod: " + made.Metadata.Name);
            return null;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            if (failure is not ApiStatusException { IsNamespaceTerminating: true })
                events.Event(owner, "Warning", "FailedCreate", "Error creating: " + failure.Message);
            return failure;
        }
    }

    private async Task<Exception?> DeleteOneAsync<TOwner>(ObjectKey key, TOwner owner, Pod pod, CancellationToken cancellation)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        try
        {
            // The uid keeps a late deletion from hitting a namesake.
            var options = new DeleteOptions { Preconditions = new() { UID = pod.Metadata.UID } };
            await client.For<Pod>().DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, options, cancellation).ConfigureAwait(false);
            events.Event(owner, "Normal", "SuccessfulDelete", "Deleted pod: " + pod.Metadata.Name);
            return null;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            expectations.DeletionObserved(key, pod.Metadata.UID);
            if (failure is ApiStatusException { IsNotFound: true } or ApiStatusException { IsConflict: true })
                return null;
            events.Event(owner, "Warning", "FailedDelete", "Error deleting: " + failure.Message);
            return failure;
        }
    }
}
