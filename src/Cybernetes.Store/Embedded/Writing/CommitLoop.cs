using System.Collections.Concurrent;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>
/// Queues requests and takes them to the <see cref="Writer"/> in groups. In memory that is done by whoever brings a request, so
/// that a write is done when its call returns and a test runs the same way each time. With a journal on disk whoever finds nobody
/// writing commits on its own thread, which spares a lone client two changes of threads; what came meanwhile, and all that follows
/// while they are busy, is done by two threads of the loop's own.
/// </summary>
/// <remarks>
/// When many write at once, the two take turns: while one's group is on its way to the disk the other gathers and prepares the next. It
/// waits a moment for those who were just answered to come back (as PostgreSQL's commit_delay does): a commit costs as much for one
/// row as for thirty, on the disk and of the processor.
/// </remarks>
internal sealed class CommitLoop : IDisposable
{
    // A group is one commit: large enough to share an fsync among everyone who waits, small enough to answer soon.
    private const int GroupRequests = 1024;
    private const long GroupBytes = 8 << 20;

    // From so many concurrent writers on two groups are on their way, and it is worth waiting, for a millisecond at most, until a good part
    // of the writers is in the next one; the others are in the group before.
    private const int ManyWriters = 8;
    private const int GatherMilliseconds = 1;

    // Who may take from the queue: nobody does; somebody does; one of the loop's threads shall.
    private const int Free = 0;
    private const int Taken = 1;
    private const int HandedOver = 2;

    private readonly ConcurrentQueue<WriteRequest> _queue = new();
    private readonly ConcurrentQueue<WriteGroup> _spareGroups = new();
    private readonly Writer _writer;
    private readonly EmbeddedStoreOptions _options;
    private readonly Thread[] _threads;
    private readonly AutoResetEvent _wake = new(false);
    private readonly AutoResetEvent _gathered = new(false);
    private int _role = Free;
    private int _wakeAt = int.MaxValue;
    private int _writers;
    private int _queued;
    private int _pending;
    private int _groups;
    private int _inlineWork;
    private long _pendingBytes;
    private volatile bool _closed;
    private volatile bool _ended;

    /// <param name="ownThreads">Whether there is a disk to wait for.</param>
    public CommitLoop(Writer writer, EmbeddedStoreOptions options, bool ownThreads)
    {
        (_writer, _options) = (writer, options);
        _threads = new Thread[ownThreads ? 2 : 0];
        for (var i = 0; i < _threads.Length; i++)
            _threads[i] = new Thread(Run) { Name = "store writer", IsBackground = true };
    }

    public void Start()
    {
        foreach (var thread in _threads)
            thread.Start();
    }

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
        var queued = Interlocked.Increment(ref _queued);
        _queue.Enqueue(request);
        if (_threads.Length == 0)
            RunInline();
        else if (TryTakeRole())
            RunOnce();
        else if (queued >= Volatile.Read(ref _wakeAt))
            StopGathering();
        // The threads may have ended between the first look and now: then nobody else answers.
        if (_closed && _threads.Length > 0 && !AreRunning())
            FailRest();
        return null;
    }

    /// <summary>Stops after what is queued now; later requests are refused.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        _wake.Set();
        foreach (var thread in _threads)
        {
            if (thread.IsAlive)
                thread.Join();
        }
        if (_threads.Length > 0)
            FailRest();
    }

    private bool AreRunning() => _threads.Any(thread => thread.IsAlive);

    private bool TryTakeRole() =>
        Volatile.Read(ref _role) == Free && Interlocked.CompareExchange(ref _role, Taken, Free) == Free;

    /// <summary>Lets others take from the queue; true when there is work for one who saw us, and we have the role again.</summary>
    private bool StepDown()
    {
        Interlocked.Exchange(ref _role, Free);
        return (!_queue.IsEmpty || _closed) && TryTakeRole();
    }

    private void HandOver()
    {
        Interlocked.Exchange(ref _role, HandedOver);
        _wake.Set();
    }

    /// <summary>One group on the thread of a caller, who has the role; the rest, and what would have to wait, is for the loop's threads.</summary>
    private void RunOnce()
    {
        if (Volatile.Read(ref _groups) == 0)
        {
            ProcessGroup(mayHandOver: false);
            if (!_writer.HasWork && !StepDown())
                return;
        }
        HandOver();
    }

    private void Run()
    {
        while (!_ended)
        {
            if (TakeOver())
                RunAll();
            else
                _wake.WaitOne();
        }
        // One wake-up is for one thread.
        _wake.Set();
    }

    private bool TakeOver() =>
        Interlocked.CompareExchange(ref _role, Taken, HandedOver) == HandedOver
        || ((_closed || !_queue.IsEmpty || _writer.HasWork) && TryTakeRole());

    /// <summary>With the role: takes groups until there is nothing left, or the other thread takes them.</summary>
    private void RunAll()
    {
        do
        {
            while (IsMoreToDo())
            {
                if (!ProcessGroup(mayHandOver: true))
                    return;
            }
            if (_closed)
            {
                _ended = true;
                return;
            }
        }
        while (StepDown());
    }

    private bool IsMoreToDo()
    {
        Gather();
        return !_queue.IsEmpty || _writer.HasWork;
    }

    /// <summary>When many write, waits until a good part of them is in the queue.</summary>
    private void Gather()
    {
        var writers = Volatile.Read(ref _writers);
        // Those in groups come again only when these are done: nobody else is left to wait for.
        var goal = Math.Clamp(writers - (Volatile.Read(ref _pending) - Volatile.Read(ref _queued)), 1, Math.Max(1, writers * 3 / 8));
        if (writers < ManyWriters || Volatile.Read(ref _queued) >= goal || _closed)
            return;
        Interlocked.Exchange(ref _wakeAt, goal);
        // Those who came before they could see the goal do not wake us.
        if (Volatile.Read(ref _queued) < goal && !_closed)
            _gathered.WaitOne(GatherMilliseconds);
        Interlocked.Exchange(ref _wakeAt, int.MaxValue);
    }

    private void StopGathering()
    {
        if (Interlocked.Exchange(ref _wakeAt, int.MaxValue) != int.MaxValue)
            _gathered.Set();
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
            do
                ProcessGroup(mayHandOver: false);
            while (_writer.HasWork || !_queue.IsEmpty);
        }
        while (Interlocked.CompareExchange(ref _inlineWork, 0, seen) != seen);
    }

    /// <summary>Takes one group through; false when the role has been handed over meanwhile.</summary>
    private bool ProcessGroup(bool mayHandOver)
    {
        Interlocked.Increment(ref _groups);
        if (!_spareGroups.TryDequeue(out var group))
            group = new WriteGroup();
        _writer.Begin(group);
        Fill(group);
        _writer.TakeTurn();
        // What came while another group was on its way to the disk.
        Fill(group);
        _writer.Seal(group);
        var hasRole = !mayHandOver || Volatile.Read(ref _writers) < ManyWriters;
        if (!hasRole)
            HandOver();
        _writer.Commit(group);
        var count = group.Requests.Count;
        var waiting = Interlocked.Add(ref _pending, -count);
        Interlocked.Add(ref _pendingBytes, -group.Bytes);
        // How many write at the same time; forgotten slowly, since a group can be small by chance.
        var writers = Volatile.Read(ref _writers);
        Volatile.Write(ref _writers, Math.Max(count + waiting, writers - ((writers + 3) / 4)));
        group.Clear();
        _spareGroups.Enqueue(group);
        Interlocked.Decrement(ref _groups);
        return hasRole;
    }

    private void Fill(WriteGroup group)
    {
        var count = group.Requests.Count;
        while (group.Requests.Count < GroupRequests && group.Bytes < GroupBytes && _queue.TryDequeue(out var request))
            _writer.Add(group, request);
        Interlocked.Add(ref _queued, count - group.Requests.Count);
    }

    private void FailRest()
    {
        while (_queue.TryDequeue(out var request))
            request.Fail(StoreError.Closed());
    }
}
