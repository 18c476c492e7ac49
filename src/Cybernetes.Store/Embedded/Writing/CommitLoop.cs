using System.Collections.Concurrent;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>
/// Queues requests and lets one thread at a time, the writer, take them in groups. In memory that is whoever brings the request, so
/// that a write is done when its call returns and a test runs the same way each time. With a journal on disk whoever finds nobody
/// writing commits on its own thread, which spares a lone client two changes of threads; what came meanwhile, and all that follows
/// while it is busy, is done by a thread of its own.
/// </summary>
/// <remarks>
/// When many write at once, the thread waits a moment for those whom it has just answered to come back (as PostgreSQL's commit_delay
/// does): a commit costs as much for one row as for thirty, on the disk and of the processor.
/// </remarks>
internal sealed class CommitLoop : IDisposable
{
    // A group is one commit: large enough to share an fsync among everyone who waits, small enough to answer soon.
    private const int GroupRequests = 1024;
    private const long GroupBytes = 8 << 20;

    // From so many concurrent writers on it is worth waiting for half of them, for a millisecond at most: the other half's answers are on
    // their way while those are written.
    private const int GatherFrom = 8;
    private const int GatherMilliseconds = 1;

    // Who may write: nobody does; somebody does; the writer's own thread shall.
    private const int Free = 0;
    private const int Taken = 1;
    private const int HandedOver = 2;

    private readonly ConcurrentQueue<WriteRequest> _queue = new();
    private readonly List<WriteRequest> _group = [];
    private readonly Func<List<WriteRequest>, bool> _process;
    private readonly EmbeddedStoreOptions _options;
    private readonly AutoResetEvent? _wake;
    private readonly Thread? _thread;
    private int _role = Free;
    private int _wakeAt = int.MaxValue;
    private int _writers;
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
        else if (TryBecomeWriter())
            RunOnce();
        else if (Volatile.Read(ref _pending) >= Volatile.Read(ref _wakeAt))
            StopGathering();
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

    private bool TryBecomeWriter() =>
        Volatile.Read(ref _role) == Free && Interlocked.CompareExchange(ref _role, Taken, Free) == Free;

    /// <summary>Lets others write; true when something was queued by one who saw us writing, and we are the writer again.</summary>
    private bool StepDown()
    {
        Interlocked.Exchange(ref _role, Free);
        return (!_queue.IsEmpty || _closed) && TryBecomeWriter();
    }

    /// <summary>One group on the thread of a caller, who has become the writer; the rest is for the writer's own thread.</summary>
    private void RunOnce()
    {
        if (!ProcessGroup() && !StepDown())
            return;
        Interlocked.Exchange(ref _role, HandedOver);
        _wake!.Set();
    }

    private void Run()
    {
        var ended = false;
        while (!ended)
        {
            // It may be woken for nothing: by one who wanted to end a pause that was over.
            if (TakeOver())
                ended = RunAll();
            else
                _wake!.WaitOne();
        }
    }

    private bool TakeOver() =>
        Interlocked.CompareExchange(ref _role, Taken, HandedOver) == HandedOver
        || ((_closed || !_queue.IsEmpty) && TryBecomeWriter());

    /// <summary>Writes until there is nothing left; true when the loop is closed.</summary>
    private bool RunAll()
    {
        do
        {
            while (ProcessGroup() || IsMoreToCome())
            {
            }
            if (_closed)
                return true;
        }
        while (StepDown());
        return false;
    }

    private bool IsMoreToCome()
    {
        Gather();
        return !_queue.IsEmpty;
    }

    /// <summary>When many write, waits until most of them are in the queue again.</summary>
    private void Gather()
    {
        var goal = _writers / 2;
        if (_writers < GatherFrom || Volatile.Read(ref _pending) >= goal || _closed)
            return;
        Interlocked.Exchange(ref _wakeAt, goal);
        // Those who came before they could see the goal do not wake us.
        if (Volatile.Read(ref _pending) < goal && !_closed)
            _wake!.WaitOne(GatherMilliseconds);
        Interlocked.Exchange(ref _wakeAt, int.MaxValue);
    }

    private void StopGathering()
    {
        if (Interlocked.Exchange(ref _wakeAt, int.MaxValue) != int.MaxValue)
            _wake!.Set();
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
        var waiting = Interlocked.Add(ref _pending, -count);
        Interlocked.Add(ref _pendingBytes, -bytes);
        // How many write at the same time; forgotten slowly, since a group can be small by chance.
        _writers = Math.Max(count + waiting, _writers - ((_writers + 3) / 4));
        return more;
    }

    private void FailRest()
    {
        while (_queue.TryDequeue(out var request))
            request.Fail(StoreError.Closed());
    }
}
