using Cybernetes.Foundation;
using Cybernetes.Store.Embedded.Journal;
using Cybernetes.Store.Embedded.Sqlite;
using Cybernetes.Store.Embedded.Watching;
using Cybernetes.Store.Embedded.Writing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Store.Embedded;

/// <summary>
/// The store inside this process: all state in memory, made durable by SQLite in a folder of its own, or in memory only. A
/// queued write is always seen to its end: cancelling a call is looked at before the write is queued, not afterwards.
/// </summary>
public sealed class EmbeddedStore : IStore
{
    private static readonly TimeSpan ProbeDelay = TimeSpan.FromSeconds(1);

    private readonly EmbeddedStoreOptions _options;
    private readonly IJournal _journal;
    private readonly DataDirectory? _directory;
    private readonly ChangeLog _log;
    private readonly WatchHub _hub;
    private readonly LeaseTable _leases;
    private readonly StateReader _reader;
    private readonly Writer _writer;
    private readonly CommitLoop _loop;
    private readonly ITimer? _compaction;
    private readonly ITimer _probe;
    private long _revisionAtLastTick;
    private int _closed;

    private EmbeddedStore(
        StateLoader loaded, IJournal journal, DataDirectory? directory, bool ownThreads, EmbeddedStoreOptions options,
        TimeProvider time, IRandomSource random, ILogger logger)
    {
        (_options, _journal, _directory, _log) = (options, journal, directory, loaded.Log);
        var state = loaded.State;
        _hub = new WatchHub(state.Revision);
        _leases = new LeaseTable(time, random, EndLease);
        var compactor = new Compactor(_log, loaded.LeftOver);
        Writer? writer = null;
        _reader = new StateReader(() => writer!.State);
        _writer = writer = new Writer(state, journal, _log, _hub, _leases, compactor, _reader, options, logger);
        _loop = new CommitLoop(_writer, options, ownThreads);
        Restore(loaded, state, compactor);
        // A server that gets no writes must learn by itself that the disk works again.
        _probe = time.CreateTimer(_ => _loop.Enqueue(new ProbeRequest()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _journal.Failed = _writer.Failed = () => _probe.Change(ProbeDelay, Timeout.InfiniteTimeSpan);
        _loop.Start();
        _revisionAtLastTick = state.Revision;
        if (options.CompactionInterval > TimeSpan.Zero)
            _compaction = time.CreateTimer(_ => CompactOnTick(), null, options.CompactionInterval, options.CompactionInterval);
    }

    /// <inheritdoc/>
    public bool AnswersFromMemory => true;

    /// <summary>
    /// Opens the store in a folder, which is made if need be. Returns when all of it is in memory and checked.
    /// </summary>
    /// <returns>The store; <see cref="StoreErrorKind.Locked"/> when another process has it, <see
    /// cref="StoreErrorKind.Corrupted"/> when a record does not match its checksum, <see cref="StoreErrorKind.Unavailable"/>
    /// when the folder cannot be used.</returns>
    public static StoreResult<EmbeddedStore> Open(
        string path, TimeProvider time, EmbeddedStoreOptions? options = null, IRandomSource? random = null,
        ILogger? logger = null)
    {
        options ??= new EmbeddedStoreOptions();
        logger ??= NullLogger.Instance;
        if (!DataDirectory.Open(path).TryGet(out var directory, out var error))
            return error;
        var loader = new StateLoader();
        if (SqliteJournal.Open(directory.DatabasePath, options, loader, logger).TryGet(out var journal, out error))
            return new EmbeddedStore(loader, journal, directory, ownThreads: true, options, time, random ?? Chance.Cryptographic, logger);
        directory.Dispose();
        return error;
    }

    /// <summary>
    /// A store that is gone when the process ends, for tests and simulations. Writes are done when their calls return.
    /// </summary>
    public static EmbeddedStore OpenInMemory(
        TimeProvider time, EmbeddedStoreOptions? options = null, IRandomSource? random = null, ILogger? logger = null) =>
        OpenWith(new MemoryJournal(), time, options, random, logger);

    public ValueTask<StoreResult<GetResult>> GetAsync(string key, long revision = 0, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_closed != 0 ? StoreError.Closed() : _reader.Get(key, revision));
    }

    public ValueTask<StoreResult<RangeResult>> RangeAsync(RangeRequest request, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_closed != 0 ? StoreError.Closed() : _reader.Range(request));
    }

    public ValueTask<StoreResult<TransactionResult>> TransactAsync(
        Transaction transaction, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        if (TransactionForm.Check(transaction, _options.ValueByteLimit, _options.OperationLimit, out var bytes) is { } error)
            return ValueTask.FromResult<StoreResult<TransactionResult>>(error);
        if (bytes > _options.PendingByteLimit)
            return ValueTask.FromResult<StoreResult<TransactionResult>>(new StoreError(StoreErrorKind.TooLarge, "etcdserver: request is too large"));
        if (TransactionForm.OnlyReads(transaction) && _closed == 0)
            return ValueTask.FromResult(Read(transaction));
        return Enqueue(new TransactionRequest(transaction, bytes));
    }

    public IWatch Watch(WatchRequest request)
    {
        var watch = new EmbeddedWatch(request, _options, _hub, _log, () => _writer.State);
        if (_closed != 0)
            watch.Fail(StoreError.Closed());
        return watch;
    }

    public ValueTask<StoreResult<long>> CompactAsync(long revision, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return Enqueue(new CompactRequest(revision));
    }

    public ValueTask<StoreResult<LeaseState>> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeToLive, TimeSpan.Zero);
        return Enqueue(new GrantLeaseRequest(timeToLive));
    }

    public ValueTask<StoreResult<LeaseState>> KeepLeaseAliveAsync(long lease, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        StoreResult<LeaseState> result = _closed != 0 ? StoreError.Closed()
            : _leases.KeepAlive(lease) is { } state ? state : StoreError.LeaseNotFound();
        return ValueTask.FromResult(result);
    }

    public ValueTask<StoreResult<LeaseState>> ReadLeaseAsync(long lease, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        StoreResult<LeaseState> result = _closed != 0 ? StoreError.Closed()
            : _leases.Read(lease) is { } state ? state : StoreError.LeaseNotFound();
        return ValueTask.FromResult(result);
    }

    public ValueTask<StoreResult<long>> RevokeLeaseAsync(long lease, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return Enqueue(new RevokeLeaseRequest(lease, onlyIfOver: false, _leases));
    }

    public ValueTask<StoreResult<StoreStatus>> StatusAsync(CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        if (_closed != 0)
            return ValueTask.FromResult<StoreResult<StoreStatus>>(StoreError.Closed());
        var state = _writer.State;
        return ValueTask.FromResult<StoreResult<StoreStatus>>(
            new StoreStatus(state.Revision, state.CompactRevision, state.Tree.Live, _journal.BytesOnDisk, _writer.Fault));
    }

    /// <summary>Finishes what is queued, ends the watches and lets the folder go.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return ValueTask.CompletedTask;
        _compaction?.Dispose();
        _probe.Dispose();
        _leases.Dispose();
        return new ValueTask(Task.Run(() =>
        {
            _loop.Dispose();
            _hub.Close();
            _journal.Dispose();
            _directory?.Dispose();
        }));
    }

    /// <summary>See <see cref="EmbeddedStoreOptions.HistoryByteLimit"/>; exact while nobody writes.</summary>
    internal long HistoryBytes => _writer.HistoryBytes;

    /// <summary>A store over a journal of the test's choice, which writes as a store in memory does or, with threads of its own, as one on disk.</summary>
    internal static EmbeddedStore OpenWith(
        IJournal journal, TimeProvider time, EmbeddedStoreOptions? options = null, IRandomSource? random = null,
        ILogger? logger = null, bool ownThreads = false) =>
        new(
            new StateLoader(), journal, null, ownThreads, options ?? new EmbeddedStoreOptions(), time, random ?? Chance.Cryptographic,
            logger ?? NullLogger.Instance);

    private void Restore(StateLoader loaded, StoreState state, Compactor compactor)
    {
        foreach (var (id, timeToLive) in loaded.Leases)
            _leases.Add(id, timeToLive);
        var newest = new LeasedRecords(_leases);
        if (loaded.Leases.Count > 0)
            state.Tree.Walk(KeyRange.All, ref newest);
        for (var position = _log.First; position < _log.End; position++)
            compactor.Note(_log.TryGet(position)!);
    }

    private ValueTask<StoreResult<T>> Enqueue<T>(WriteRequest<T> request)
    {
        request.GoesOnWithWriter = _options.AnswersGoOnWithWriter;
        return _loop.Enqueue(request) is { } error ? ValueTask.FromResult<StoreResult<T>>(error) : request.Task;
    }

    private StoreResult<TransactionResult> Read(Transaction transaction)
    {
        var state = _writer.State;
        var succeeded = TransactionRunner.Holds(transaction.Compares, state.Tree);
        var operations = succeeded ? transaction.Then : transaction.Else;
        var results = new OperationResult[operations.Count];
        for (var i = 0; i < results.Length; i++)
        {
            var request = ((RangeOperation)operations[i]).Request;
            results[i] = new RangeOperationResult(StateReader.Read(state.Tree, request, state.Revision));
        }
        return new TransactionResult(succeeded, state.Revision, results);
    }

    // Refused only when the queue is full or closed; when full, the lease's end is tried again.
    private void EndLease(long id)
    {
        if (_loop.Enqueue(new RevokeLeaseRequest(id, onlyIfOver: true, _leases)) is { Kind: StoreErrorKind.Overloaded })
            _leases.UndoEnd(id);
    }

    private void CompactOnTick()
    {
        var (target, state) = (_revisionAtLastTick, _writer.State);
        _revisionAtLastTick = state.Revision;
        // If the queue is full the next tick compacts further.
        if (target > state.CompactRevision)
            _loop.Enqueue(new CompactRequest(target));
    }

    private readonly struct LeasedRecords(LeaseTable leases) : Tree.IRecordVisitor
    {
        public bool Visit(Record record)
        {
            if (record.Lease != 0)
                leases.Note(record, null);
            return true;
        }
    }
}
