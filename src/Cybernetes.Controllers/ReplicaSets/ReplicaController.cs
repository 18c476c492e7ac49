using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ReplicaSets;

/// <summary>
/// Keeps each object of a kind at its number of pods. Replica sets and replication controllers differ in their spec's shape only: both are
/// worked on as the replica set they are or amount to.
/// </summary>
internal abstract class ReplicaController<T> : IController where T : class, IKubernetesObject<T>
{
    private readonly ControllerContext _context;
    private readonly int _workers;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly ControllerExpectations _expectations;
    private readonly PodControl _control;
    private readonly LiveOwners<T> _live;

    protected ReplicaController(ControllerContext context, string name, int workers)
    {
        Name = name;
        _context = context;
        _workers = workers;
        _queue = context.Queue<ObjectKey>(T.Facts.Kind.ToLowerInvariant());
        _expectations = new ControllerExpectations(context.Time);
        Events = context.Recorder(name);
        _control = new PodControl(context.Client, Events, _expectations);
        _live = new(context.Client);
        var sets = context.Informers.For<T>();
        var pods = context.Informers.For<Pod>();
        Sets = sets.Store.WithOwnerIndex();
        Pods = pods.Store.WithOwnerIndex();
        sets.AddHandler(Enqueue, Updated, Deleted);
        new PodWatch<T>(Sets, o => LabelMatcher.For(View(o).Spec.Selector), _queue.Add, _expectations, _live).Attach(pods);
    }

    public string Name { get; }

    protected ObjectStore<T> Sets { get; }

    protected ObjectStore<Pod> Pods { get; }

    protected IEventRecorder Events { get; }

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(_workers, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>The object as a replica set; its metadata is shared.</summary>
    protected abstract ReplicaSet View(T obj);

    /// <summary>A copy of the object with the status.</summary>
    protected abstract T WithStatus(T obj, ReplicaSetStatus status);

    /// <summary>Active pods whose crowding of nodes counts when pods are to go.</summary>
    protected virtual List<Pod> Related(T obj, List<Pod> own) => own;

    private void Enqueue(T obj) => _queue.Add(ObjectKey.Of(obj));

    private void Updated(T before, T obj)
    {
        // Deleted and made again between two looks: what was expected of the former says nothing about this one.
        if (before.Metadata.UID != obj.Metadata.UID)
            Forget(before);
        Enqueue(obj);
    }

    private void Deleted(T obj)
    {
        Forget(obj);
        Enqueue(obj);
    }

    private void Forget(T obj)
    {
        _expectations.Forget(ObjectKey.Of(obj));
        _live.Forget(ObjectKey.Of(obj));
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        // Journey 20: replica set controller
        if (Sets.Get(key) is not { } owner)
        {
            _expectations.Forget(key);
            return;
        }
        var set = View(owner);
        var satisfied = _expectations.IsSatisfied(key, _queue);
        var selector = LabelMatcher.For(set.Spec.Selector);
        var pods = await Claiming.ClaimAsync(_context.Client, owner, selector, Pods, p => !PodState.IsFinished(p), cancellation)
            .ConfigureAwait(false);
        var active = pods.Where(PodState.IsActive).ToList();
        var plan = ReplicaSetReconciler.Reconcile(set, active, () => Related(owner, active), _context.Time.GetUtcNow());
        Exception? failure = null;
        if (satisfied && set.Metadata.DeletionTimestamp is null)
        {
            if (plan.Create > 0 && !await _live.IsLiveAsync(owner, cancellation).ConfigureAwait(false))
                return;
            _expectations.Expect(key, plan.Create, [.. plan.Delete.Select(p => p.Metadata.UID)]);
            failure = plan.Create > 0
                ? (await _control.CreateAsync(key, owner, plan.Create, _ => PodControl.FromTemplate(owner, set.Spec.Template), cancellation)
                    .ConfigureAwait(false)).Failure
                : (await _control.DeleteAsync(key, owner, plan.Delete, cancellation).ConfigureAwait(false)).Failure;
        }
        var status = ReplicaSetReconciler.Status(set, pods, failure?.Message, plan.Create > 0, _context.Time.GetUtcNow());
        var updated = WithStatus(owner, status);
        if (!View(updated).Status.SemanticEquals(set.Status))
            await _context.Client.For<T>().UpdateStatusAsync(updated, cancellation: cancellation).ConfigureAwait(false);
        if (failure is not null)
            throw new ReconcileFailedException($"{T.Facts.Kind} {key}: {failure.Message}", failure);
        if (plan.CheckAfter is { } after)
            _queue.AddAfter(key, after);
    }
}
