using System.Collections.Concurrent;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>
/// Queues requests and lets one thread at a time take them in groups. With a journal on disk that is a thread of its own; in
/// memory it is whoever brings the request, so that a write is done when its call returns and a test runs the same way each
/// time.
/// </summary>
internal sealed class CommitLoop : IDisposable
{
    // A group is one commit: large enough to share an fsync among everyone who waits, small enough to answer soon.
    private const int GroupRequests = 1024;
    private const long GroupBytes = 8 << 20;

    private readonly ConcurrentQueue<WriteRequest> _queue = new();
    private readonly List<WriteRequest> _group = [];
    private readonly Func<List<WriteRequest>, bool> _process;
    private readonly EmbeddedStoreOptions _options;
    private readonly AutoResetEvent? _wake;
    private readonly Thread? _thread;
    private int _asleep;
    private int _pending;
    private int _inlineWork;
    private long _pendingBytes;
    private volatile bool _closed;

    /// <param name="process">Commits a group, possibly empty, and answers it; true when it wants to be called again.</param>
    /// <param name="ownThread">Whether the writer is a thread of its own.</param>
    public CommitLoop(Func<List<WriteRequest>, bool> process, EmbeddedStoreOptions options, bool ownThread)
    {
        (_process, _options) = (process, options);
        if (!ownThread)
            return;
        _wake = new AutoResetEvent(false);
        _thread = new Thread(Run) { Name = "store writer", IsBackground = true };
    }

    public void Start() => _thread?.Start();

    /// <summary>Queues a request, or says why not; then the request is not answered.</summary>
    public StoreError? Enqueue(WriteRequest request)
    {
        if (_closed)
            return StoreError.Closed();
        if (_pending >= _options.PendingWriteLimit || Volatile.Read(ref _pendingBytes) > _options.PendingByteLimit)
            return new StoreError(StoreErrorKind.Overloaded, "etcdserver: too many requests");
        Interlocked.Increment(ref _pending);
        if (request.Bytes > 0)
            Interlocked.Add(ref _pendingBytes, request.Bytes);
        _queue.Enqueue(request);
        if (_thread is null)
            RunInline();
        else if (Interlocked.CompareExchange(ref _asleep, 0, 1) == 1)
            _wake!.Set();
        // The writer may have left between the first look and now: then nobody else answers.
        if (_closed && _thread is { IsAlive: false })
            FailRest();
        return null;
    }

    /// <summary>Stops the writer after what is queued now; later requests are refused.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        if (_thread is null)
            return;
        if (_thread.IsAlive)
        {
            _wake!.Set();
            _thread.Join();
        }
        FailRest();
    }

    private void Run()
    {
        while (true)
        {
            var more = ProcessGroup();
            if (more || !_queue.IsEmpty)
                continue;
            if (_closed)
                return;
            Interlocked.Exchange(ref _asleep, 1);
            // A request queued before we said so would not wake us.
            if (_queue.IsEmpty && !_closed)
                _wake!.WaitOne();
            Interlocked.Exchange(ref _asleep, 0);
        }
    }

    private void RunInline()
    {
        // Whoever finds nobody at work works until there is nothing left, also for those who come meanwhile.
        if (Interlocked.Increment(ref _inlineWork) != 1)
            return;
        int seen;
        do
        {
            seen = Volatile.Read(ref _inlineWork);
            while (ProcessGroup() || !_queue.IsEmpty)
            {
            }
        }
        while (Interlocked.CompareExchange(ref _inlineWork, 0, seen) != seen);
    }

    private bool ProcessGroup()
    {
        _group.Clear();
        long bytes = 0;
        while (_group.Count < GroupRequests && bytes < GroupBytes && _queue.TryDequeue(out var request))
        {
            _group.Add(request);
            bytes += request.Bytes;
        }
        var count = _group.Count;
        var more = _process(_group);
        Interlocked.Add(ref _pending, -count);
        Interlocked.Add(ref _pendingBytes, -bytes);
        return more;
    }

    private void FailRest()
    {
        while (_queue.TryDequeue(out var request))
            request.Fail(StoreError.Closed());
    }
}
