using Cybernetes.Store.Embedded.Journal;
using Cybernetes.Store.Embedded.Watching;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>
/// Turns groups of requests into durable states. 1. builds the next state aside; 2. makes it durable; 3. puts its changes into
/// the log and the watchers' chains; 4. publishes it; 5. wakes watchers; 6. answers. A failure in 1 or 2 leaves no trace.
/// </summary>
internal sealed class Writer(
    StoreState initial, IJournal journal, ChangeLog log, WatchHub hub, LeaseTable leases, Compactor compactor, StateReader reader,
    EmbeddedStoreOptions options, ILogger logger)
{
    private readonly JournalBatch _journalBatch = new();
    private volatile StoreState _state = initial;
    private volatile StoreError? _fault;
    private bool _untidy;
    private bool _broken;

    /// <summary>What readers see now.</summary>
    public StoreState State => _state;

    /// <summary>Why the last commit failed, or what else is wrong with the journal; null when nothing is.</summary>
    public StoreError? Fault => _fault ?? journal.Fault;

    public long HistoryBytes => compactor.HistoryBytes;

    /// <summary>Called when a commit has failed that may work later.</summary>
    public Action? Failed { get; set; }

    /// <summary>Commits the requests; true when there is background work left and it should be called again soon.</summary>
    public bool Process(List<WriteRequest> requests)
    {
        if (_broken)
        {
            FailAll(requests, _fault!);
            return false;
        }
        try
        {
            return Commit(requests);
        }
        catch (Exception bug)
        {
            // The state that readers see is whole; writing on with a broken writer is not safe.
            logger.LogCritical(bug, "The store's writer stopped on an unexpected exception; it takes no more writes");
            _broken = true;
            _fault = new StoreError(StoreErrorKind.Unavailable, $"the store's writer stopped: {bug.Message}");
            FailAll(requests, _fault);
            return false;
        }
    }

    private bool Commit(List<WriteRequest> requests)
    {
        var state = _state;
        _journalBatch.Clear();
        var batch = new CommitBatch(state, leases, _journalBatch);
        foreach (var request in requests)
            request.Prepare(batch);
        LimitHistory(batch);
        compactor.Prepare(batch, state.CompactRevision, idle: requests.Count == 0);
        if (_journalBatch.IsEmpty)
        {
            foreach (var request in requests)
                request.Complete(batch);
            return requests.Count == 0 ? Tidy() : _untidy;
        }
        if (journal.Commit(_journalBatch) is { } error)
        {
            Report(error);
            FailAll(requests, error);
            // Those who go on trying must not keep a compaction from making room: it takes its next step without them.
            return requests.Count > 0 && error.Kind == StoreErrorKind.NoSpace && compactor.HasWork(state.CompactRevision) && Commit([]);
        }
        if (_fault is not null)
            logger.LogInformation("The store writes again");
        _fault = null;
        Publish(batch);
        foreach (var request in requests)
            request.Complete(batch);
        _untidy |= _journalBatch.Compacted.Count > 0;
        return _untidy || compactor.HasWork(_state.CompactRevision);
    }

    private void Publish(CommitBatch batch)
    {
        foreach (var record in _journalBatch.Records)
        {
            log.Append(record);
            compactor.Note(record);
            leases.Note(record, record.Older);
        }
        if (_journalBatch.Records.Count > 0)
            hub.Stage(_journalBatch.Records, batch.Revision);
        _state = batch.ToState();
        if (_journalBatch.CompactRevision > 0)
            reader.Forget(_journalBatch.CompactRevision);
        compactor.Complete();
        if (_journalBatch.Records.Count > 0)
            hub.Wake();
    }

    private void LimitHistory(CommitBatch batch)
    {
        if (options.HistoryByteLimit <= 0 || compactor.HistoryBytes <= options.HistoryByteLimit)
            return;
        // While an earlier compaction is being worked off the number is still too high: one at a time.
        if (batch.CompactRevision == _state.CompactRevision && !compactor.HasWork(_state.CompactRevision)
            && batch.Compact(compactor.Middle()) is null)
            logger.LogInformation(
                "History is above {Limit} bytes: compacted to {Revision}", options.HistoryByteLimit, batch.CompactRevision);
    }

    private bool Tidy()
    {
        if (!_untidy)
            return false;
        _untidy = journal.Tidy();
        return _untidy;
    }

    private void Report(StoreError error)
    {
        if (_fault != error)
            logger.LogError("The store cannot write: {Kind}: {Message}", error.Kind, error.Message);
        _fault = error;
        Failed?.Invoke();
    }

    private static void FailAll(List<WriteRequest> requests, StoreError error)
    {
        foreach (var request in requests)
            request.Fail(error);
    }
}
