using System.Threading.Tasks.Sources;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>Something the writer has to do in its next batch.</summary>
internal abstract class WriteRequest
{
    /// <summary>Bytes of values it brings, for the queue's limit.</summary>
    public virtual long Bytes => 0;

    /// <summary>Adds what is asked for to the batch; the answer is kept until the batch is durable.</summary>
    public abstract void Prepare(CommitBatch batch);

    /// <summary>The batch is durable and visible: gives the answer.</summary>
    public abstract void Complete(CommitBatch batch);

    /// <summary>The batch came to nothing.</summary>
    public abstract void Fail(StoreError error);
}

/// <summary>A request somebody waits for.</summary>
internal abstract class WriteRequest<T> : WriteRequest, IValueTaskSource<StoreResult<T>>
{
    private ManualResetValueTaskSourceCore<StoreResult<T>> _source = new() { RunContinuationsAsynchronously = true };
    private bool _answered;

    /// <summary>
    /// Whether who waits goes on with the thread that wrote it (<see cref="EmbeddedStoreOptions.AnswersGoOnWithWriter"/>). To be set before it is
    /// queued.
    /// </summary>
    public bool GoesOnWithWriter
    {
        set => _source.RunContinuationsAsynchronously = !value;
    }

    /// <summary>The answer; to be awaited once.</summary>
    public ValueTask<StoreResult<T>> Task => new(this, _source.Version);

    StoreResult<T> IValueTaskSource<StoreResult<T>>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<StoreResult<T>>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<StoreResult<T>>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    public override void Fail(StoreError error) => Answer(error);

    /// <summary>Gives the answer; the first one counts.</summary>
    protected void Answer(StoreResult<T> result)
    {
        if (_answered)
            return;
        _answered = true;
        _source.SetResult(result);
    }
}

internal sealed class TransactionRequest(Transaction transaction, long bytes) : WriteRequest<TransactionResult>
{
    private StoreResult<TransactionResult> _result;

    public override long Bytes => bytes;

    public override void Prepare(CommitBatch batch) => _result = TransactionRunner.Run(transaction, batch);

    public override void Complete(CommitBatch batch) => Answer(_result);
}

/// <summary>Finds out whether the journal takes something again; changes nothing, and nobody waits.</summary>
internal sealed class ProbeRequest : WriteRequest
{
    public override void Prepare(CommitBatch batch) => batch.Journal.Probe = true;

    public override void Complete(CommitBatch batch)
    {
    }

    public override void Fail(StoreError error)
    {
    }
}

internal sealed class CompactRequest(long revision) : WriteRequest<long>
{
    private StoreError? _error;

    public override void Prepare(CommitBatch batch) => _error = batch.Compact(revision);

    public override void Complete(CommitBatch batch) => Answer(_error is null ? revision : _error);
}

internal sealed class GrantLeaseRequest(TimeSpan timeToLive) : WriteRequest<LeaseState>
{
    private long _id;

    public override void Prepare(CommitBatch batch)
    {
        _id = batch.Leases.NewId();
        batch.Journal.Granted.Add((_id, (long)Math.Ceiling(timeToLive.TotalMilliseconds)));
    }

    public override void Complete(CommitBatch batch) => Answer(batch.Leases.Add(_id, timeToLive));
}

/// <summary>Ends a lease: because somebody asked for it, or because its time is up (then nobody waits).</summary>
internal sealed class RevokeLeaseRequest(long id, bool onlyIfOver, LeaseTable leases) : WriteRequest<long>
{
    private bool _ending;

    public override void Prepare(CommitBatch batch)
    {
        if (leases.BeginEnd(id, onlyIfOver) is not { } keys)
            return;
        _ending = true;
        batch.DeleteLeased(id, keys);
        batch.Journal.Revoked.Add(id);
    }

    public override void Complete(CommitBatch batch)
    {
        if (_ending)
            leases.Remove(id);
        Answer(_ending ? batch.Revision : StoreError.LeaseNotFound());
    }

    public override void Fail(StoreError error)
    {
        if (_ending)
            leases.UndoEnd(id);
        base.Fail(error);
    }
}
