using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.ReplicaSets;

/// <summary>Keeps each replica set at its number of pods.</summary>
internal sealed class ReplicaSetController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<ReplicaSet> _sets;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly ControllerExpectations _expectations;
    private readonly IEventRecorder _events;

    public ReplicaSetController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("replicaset");
        _expectations = new ControllerExpectations(context.Time);
        _events = context.Recorder("replicaset-controller");
        var sets = context.Informers.For<ReplicaSet>();
        var pods = context.Informers.For<Pod>();
        _sets = sets.Store.WithOwnerIndex();
        _pods = pods.Store.WithOwnerIndex();
        sets.AddHandler(Enqueue, SetUpdated, SetDeleted);
        pods.AddHandler(PodAdded, PodUpdated, PodDeleted);
    }

    public string Name => "replicaset-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentReplicaSetSyncs, ReconcileAsync, _context.Logger, cancellation);

    private void Enqueue(ReplicaSet set) => _queue.Add(ObjectKey.Of(set));

    private void SetUpdated(ReplicaSet before, ReplicaSet set)
    {
        // Deleted and made again between two looks: what was expected of the former says nothing about this one.
        if (before.Metadata.UID != set.Metadata.UID)
            _expectations.Forget(ObjectKey.Of(before));
        Enqueue(set);
    }

    private void SetDeleted(ReplicaSet set)
    {
        _expectations.Forget(ObjectKey.Of(set));
        Enqueue(set);
    }

    private void PodAdded(Pod pod)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            PodDeleted(pod);
            return;
        }
        if (OwnerKey(pod) is { } owner)
        {
            _expectations.CreationObserved(owner);
            _queue.Add(owner);
        }
        else if (Claims.ControllerOf(pod.Metadata) is null)
            EnqueueMatching(pod);
    }

    private void PodUpdated(Pod before, Pod pod)
    {
        if (before.Metadata.ResourceVersion == pod.Metadata.ResourceVersion)
            return;
        if (pod.Metadata.DeletionTimestamp is not null && before.Metadata.DeletionTimestamp is null)
        {
            PodDeleted(pod);
            return;
        }
        var changesHands = Claims.ControllerOf(before.Metadata)?.UID != Claims.ControllerOf(pod.Metadata)?.UID;
        if (changesHands && OwnerKey(before) is { } former)
            _queue.Add(former);
        if (OwnerKey(pod) is { } owner)
            _queue.Add(owner);
        else if (Claims.ControllerOf(pod.Metadata) is null
            && (changesHands || !ObjectEquality.StringMap(before.Metadata.Labels, pod.Metadata.Labels)))
            EnqueueMatching(pod);
    }

    private void PodDeleted(Pod pod)
    {
        if (OwnerKey(pod) is not { } owner)
            return;
        _expectations.DeletionObserved(owner, pod.Metadata.UID);
        _queue.Add(owner);
    }

    /// <summary>The replica set that controls the pod, if the informer has that very one.</summary>
    private ObjectKey? OwnerKey(Pod pod)
    {
        if (Claims.ControllerOf(pod.Metadata) is not { Kind: "ReplicaSet" } owner)
            return null;
        var key = new ObjectKey(pod.Metadata.Namespace, owner.Name);
        return _sets.Get(key)?.Metadata.UID == owner.UID ? key : null;
    }

    private void EnqueueMatching(Pod pod)
    {
        foreach (var set in _sets.ListNamespace(pod.Metadata.Namespace))
        {
            if (LabelMatcher.For(set.Spec.Selector) is { IsEmpty: false } selector && selector.Matches(pod.Metadata.Labels))
                Enqueue(set);
        }
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        // Journey 20: replica set controller
        if (_sets.Get(key) is not { } set)
        {
            _expectations.Forget(key);
            return;
        }
        var satisfied = _expectations.IsSatisfied(key);
        var selector = LabelMatcher.For(set.Spec.Selector);
        var pods = await Claiming.ClaimAsync(_context.Client, set, selector, _pods, p => !PodState.IsFinished(p), cancellation)
            .ConfigureAwait(false);
        var active = pods.Where(PodState.IsActive).ToList();
        var plan = ReplicaSetReconciler.Reconcile(set, active, Related(set, active), _context.Time.GetUtcNow());
        Exception? failure = null;
        if (satisfied && set.Metadata.DeletionTimestamp is null)
        {
            failure = plan.Create > 0
                ? await CreateAsync(key, set, plan.Create, cancellation).ConfigureAwait(false)
                : await DeleteAsync(key, set, plan.Delete, cancellation).ConfigureAwait(false);
        }
        var status = ReplicaSetReconciler.Status(set, pods, failure?.Message, plan.Create > 0, _context.Time.GetUtcNow());
        if (!status.SemanticEquals(set.Status))
            await UpdateStatusAsync(set, status, cancellation).ConfigureAwait(false);
        if (failure is not null)
            throw new ReconcileFailedException($"replica set {key}: {failure.Message}", failure);
        if (plan.CheckAfter is { } after)
            _queue.AddAfter(key, after);
    }

    /// <summary>Active pods of all replica sets under the same controller: during a rollout they share nodes.</summary>
    private List<Pod> Related(ReplicaSet set, List<Pod> own)
    {
        if (Claims.ControllerOf(set.Metadata) is not { } owner)
            return own;
        return [.. _sets.OwnedBy(owner.UID).SelectMany(s => _pods.OwnedBy(s.Metadata.UID)).Where(PodState.IsActive)];
    }

    private async Task<Exception?> CreateAsync(ObjectKey key, ReplicaSet set, int count, CancellationToken cancellation)
    {
        _expectations.ExpectCreations(key, count);
        var (made, failure) = await SlowStart.RunAsync(count, () => CreateOneAsync(set, cancellation)).ConfigureAwait(false);
        // What was not tried or failed will never be observed.
        for (var i = made; i < count; i++)
            _expectations.CreationObserved(key);
        // In a namespace that is going away nothing can be made, and trying again does not help.
        return failure is ApiStatusException { IsNamespaceTerminating: true } ? null : failure;
    }

    private async Task<Exception?> CreateOneAsync(ReplicaSet set, CancellationToken cancellation)
    {
        var template = set.Spec.Template.DeepClone();
        var pod = new Pod
        {
            Metadata =
            {
                GenerateName = set.Metadata.Name + "-",
                Namespace = set.Metadata.Namespace,
                Labels = template.Metadata.Labels,
                Annotations = template.Metadata.Annotations,
                Finalizers = template.Metadata.Finalizers,
                OwnerReferences = [Claims.ReferenceTo(set)],
            },
            Spec = template.Spec,
        };
        try
        {
            var made = await _context.Client.For<Pod>().CreateAsync(pod, cancellation: cancellation).ConfigureAwait(false);
            _events.Event(set, "Normal", "SuccessfulCreate", "Created pod: " + made.Metadata.Name);
            return null;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            if (failure is not ApiStatusException { IsNamespaceTerminating: true })
                _events.Event(set, "Warning", "FailedCreate", "Error creating: " + failure.Message);
            return failure;
        }
    }

    private async Task<Exception?> DeleteAsync(ObjectKey key, ReplicaSet set, IReadOnlyList<Pod> pods, CancellationToken cancellation)
    {
        if (pods.Count == 0)
            return null;
        _expectations.ExpectDeletions(key, [.. pods.Select(p => p.Metadata.UID)]);
        var failures = await Task.WhenAll(pods.Select(async pod =>
        {
            try
            {
                await _context.Client.For<Pod>().DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, cancellation: cancellation).ConfigureAwait(false);
                _events.Event(set, "Normal", "SuccessfulDelete", "Deleted pod: " + pod.Metadata.Name);
                return null;
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                // What is gone already, or was not deleted, will never be observed.
                _expectations.DeletionObserved(key, pod.Metadata.UID);
                if (failure is ApiStatusException { IsNotFound: true })
                    return null;
                _events.Event(set, "Warning", "FailedDelete", "Error deleting: " + failure.Message);
                return failure;
            }
        })).ConfigureAwait(false);
        return failures.FirstOrDefault(f => f is not null);
    }

    private Task UpdateStatusAsync(ReplicaSet set, ReplicaSetStatus status, CancellationToken cancellation)
    {
        var copy = set.DeepClone();
        copy.Status = status;
        return _context.Client.For<ReplicaSet>().UpdateStatusAsync(copy, cancellation: cancellation);
    }
}
