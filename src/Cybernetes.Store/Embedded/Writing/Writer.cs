using Cybernetes.Store.Embedded.Journal;
using Cybernetes.Store.Embedded.Watching;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>
/// Turns groups of requests into durable states. 1. builds the next state aside; 2. makes it durable; 3. puts its changes into
/// the log and the watchers' chains; 4. publishes it; 5. wakes watchers; 6. answers. A failure in 1 or 2 leaves no trace.
/// </summary>
/// <remarks>
/// Step 1 of a group may go on while the one before it is in step 2, and step 2 while that one is in 3 to 5: each of the three has one
/// thread at a time, which takes its place in the next before it leaves its own, so that no group overtakes another. What is built upon a
/// group that fails, fails too. Answers stand in nobody's way.
/// </remarks>
internal sealed class Writer(
    StoreState initial, IJournal journal, ChangeLog log, WatchHub hub, LeaseTable leases, Compactor compactor, StateReader reader,
    EmbeddedStoreOptions options, ILogger logger)
{
    private readonly Lock _turn = new();
    private readonly Lock _publishing = new();
    private volatile StoreState _state = initial;
    private volatile StoreState _newest = initial;
    private volatile StoreError? _fault;
    private StoreError? _lastFailure;
    private volatile bool _untidy;
    private volatile bool _broken;
    private volatile bool _hasWork;
    private bool _torn;

    /// <summary>What readers see now.</summary>
    public StoreState State => _state;

    /// <summary>Why the last commit failed, or what else is wrong with the journal; null when nothing is.</summary>
    public StoreError? Fault => _fault ?? journal.Fault;

    public long HistoryBytes => compactor.HistoryBytes;

    /// <summary>True when there is background work left: an empty group does some of it.</summary>
    public bool HasWork => _hasWork;

    /// <summary>Called when a commit has failed that may work later.</summary>
    public Action? Failed { get; set; }

    /// <summary>Begins a group upon the newest state, durable or not. One group is open at a time.</summary>
    public void Begin(WriteGroup group) => group.Begin(_newest, leases);

    /// <summary>Adds a request to the open group; it is answered with the group.</summary>
    public void Add(WriteGroup group, WriteRequest request)
    {
        group.Add(request);
        if (_broken)
            return;
        try
        {
            request.Prepare(group.Batch);
        }
        catch (Exception bug)
        {
            Break(bug);
        }
    }

    /// <summary>Waits until no other group is on its way to the disk. The turn is the caller's until <see cref="Commit"/>.</summary>
    public void TakeTurn() => _turn.Enter();

    /// <summary>Closes the group: the next one may begin. The caller has the turn.</summary>
    public void Seal(WriteGroup group)
    {
        // The one before has failed, and with it all that was built upon it.
        if (_broken || !ReferenceEquals(group.Start, _newest))
            return;
        try
        {
            LimitHistory(group);
            compactor.Prepare(group.Slice, group.Batch, group.Start.CompactRevision, idle: group.Requests.Count == 0);
            _newest = group.Seal();
            // Now, since a request of the next group may end a lease.
            foreach (var record in group.Journal.Records)
                leases.Note(record, record.Older);
        }
        catch (Exception bug)
        {
            Break(bug);
        }
    }

    /// <summary>Makes a sealed group durable and visible, in its turn.</summary>
    /// <returns>Why it came to nothing; null when it did not.</returns>
    public StoreError? Commit(WriteGroup group)
    {
        var failure = TryWrite(group);
        var room = failure is { Kind: StoreErrorKind.NoSpace } && group.Requests.Count > 0 ? MakeRoom() : null;
        _publishing.Enter();
        _turn.Exit();
        try
        {
            failure ??= TryPublish(group);
            if (room is not null)
                TryPublish(room);
            // While the disk fails, whoever writes next tries again.
            _hasWork = (failure is null || room is not null) && !_broken && (_untidy || compactor.HasWork(_state.CompactRevision));
            return failure;
        }
        finally
        {
            _publishing.Exit();
        }
    }

    /// <summary>Step 6 for one request of a group. Who waits for it may go on with this thread before it returns.</summary>
    public void Answer(WriteRequest request, CommitBatch batch, StoreError? failure)
    {
        try
        {
            if (failure is null)
                request.Complete(batch);
            else
                request.Fail(failure);
        }
        catch (Exception bug)
        {
            request.Fail(Break(bug));
        }
    }

    private StoreError? TryWrite(WriteGroup group)
    {
        try
        {
            return _broken ? _lastFailure : Write(group);
        }
        catch (Exception bug)
        {
            return Break(bug);
        }
    }

    private StoreError? TryPublish(WriteGroup group)
    {
        // What one group has left half done, the next must not build upon.
        if (_torn)
            return _lastFailure;
        try
        {
            Publish(group);
            return null;
        }
        catch (Exception bug)
        {
            _torn = true;
            return Break(bug);
        }
    }

    /// <summary>Steps 3 to 5.</summary>
    private void Publish(WriteGroup group)
    {
        var records = group.Journal.Records;
        foreach (var record in records)
        {
            log.Append(record);
            compactor.Note(record);
        }
        if (records.Count > 0)
            hub.Stage(records, group.Batch.Revision);
        _state = group.State!;
        if (group.Journal.CompactRevision > 0)
            reader.Forget(group.Journal.CompactRevision);
        compactor.Complete(group.Slice);
        if (records.Count > 0)
            hub.Wake();
    }

    /// <summary>Step 2; after an error nothing of the group, and of what was built upon it, is left.</summary>
    private StoreError? Write(WriteGroup group)
    {
        if (group.State is null)
            return _lastFailure;
        if (group.Journal.IsEmpty)
        {
            if (group.Requests.Count == 0 && _untidy)
                _untidy = journal.Tidy();
            return null;
        }
        if (journal.Commit(group.Journal) is { } error)
        {
            Undo(group);
            Report(error);
            return error;
        }
        if (_fault is not null)
            logger.LogInformation("The store writes again");
        _fault = null;
        _untidy |= group.Journal.Compacted.Count > 0;
        return null;
    }

    private void Undo(WriteGroup group)
    {
        _newest = group.Start;
        compactor.Undo(group.Slice);
        var records = group.Journal.Records;
        for (var i = records.Count - 1; i >= 0; i--)
            leases.Forget(records[i], records[i].Older);
    }

    /// <summary>Those who go on trying must not keep a compaction from making room: it takes its next step without them.</summary>
    private WriteGroup? MakeRoom()
    {
        if (!compactor.HasWork(_newest.CompactRevision))
            return null;
        var group = new WriteGroup();
        Begin(group);
        Seal(group);
        return TryWrite(group) is null ? group : null;
    }

    private void LimitHistory(WriteGroup group)
    {
        if (options.HistoryByteLimit <= 0 || compactor.HistoryBytes <= options.HistoryByteLimit)
            return;
        // While an earlier compaction is being worked off the number is still too high: one at a time.
        var batch = group.Batch;
        if (batch.CompactRevision == _state.CompactRevision && compactor.IsAtRest(batch.CompactRevision)
            && batch.Compact(compactor.Middle()) is null)
            logger.LogInformation(
                "History is above {Limit} bytes: compacted to {Revision}", options.HistoryByteLimit, batch.CompactRevision);
    }

    private void Report(StoreError error)
    {
        if (_fault != error)
            logger.LogError("The store cannot write: {Kind}: {Message}", error.Kind, error.Message);
        _fault = _lastFailure = error;
        Failed?.Invoke();
    }

    /// <summary>The state that readers see is whole; writing on with a broken writer is not safe.</summary>
    private StoreError Break(Exception bug)
    {
        logger.LogCritical(bug, "The store's writer stopped on an unexpected exception; it takes no more writes");
        var fault = new StoreError(StoreErrorKind.Unavailable, $"the store's writer stopped: {bug.Message}");
        _fault = _lastFailure = fault;
        _broken = true;
        return fault;
    }

}
