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
/// row as for thirty, on the disk and of the processor. Whoever has committed a group answers it, with nothing left that others wait for;
/// those who are answered may go on with that thread, and when they hold all of the loop's threads up, more are started.
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

    private const int Threads = 2;
    private const int MostThreads = 32;

    // So long may work that was handed over lie there, while all of the loop's threads are held up, before another one is started.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(10);

    // Who may take from the queue: nobody does; somebody does; one of the loop's threads shall.
    private const int Free = 0;
    private const int Taken = 1;
    private const int HandedOver = 2;

    private readonly ConcurrentQueue<WriteRequest> _queue = new();
    private readonly ConcurrentQueue<WriteGroup> _spareGroups = new();
    private readonly Writer _writer;
    private readonly EmbeddedStoreOptions _options;
    private readonly List<Thread> _threads = [];
    private readonly Lock _starting = new();
    private readonly ITimer? _look;
    private readonly AutoResetEvent _wake = new(false);
    private readonly AutoResetEvent _gathered = new(false);
    private int _role = Free;
    private int _wakeAt = int.MaxValue;
    private int _writers;
    private int _queued;
    private int _pending;
    private int _groups;
    private int _waiting;
    private int _isLooking;
    private long _takenOver;
    private long _takenOverBefore;
    private int _inlineWork;
    private long _pendingBytes;
    private volatile bool _closed;
    private volatile bool _ended;

    /// <param name="writer">What the groups are given to.</param>
    /// <param name="options">Limits of what may wait.</param>
    /// <param name="ownThreads">Whether there is a disk to wait for.</param>
    public CommitLoop(Writer writer, EmbeddedStoreOptions options, bool ownThreads)
    {
        (_writer, _options) = (writer, options);
        if (!ownThreads)
            return;
        using (ExecutionContext.SuppressFlow())
        {
            // Threads are held up in real time, whatever time the store lives in.
            _look = TimeProvider.System.CreateTimer(
                static loop => ((CommitLoop)loop!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private bool HasThreads => _look is not null;

    public void Start()
    {
        for (var i = 0; HasThreads && i < Threads; i++)
            StartThread();
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
        if (!HasThreads)
            RunInline();
        else if (TryTakeRole())
            RunOnceOrHandOver();
        else if (queued >= Volatile.Read(ref _wakeAt))
            StopGathering();
        // The threads may have ended between the first look and now: then nobody else answers.
        if (_closed && HasThreads && !AreRunning())
            FailRest();
        return null;
    }

    /// <summary>Stops after what is queued now; later requests are refused. Not to be called by one who is answered, on that thread.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        lock (_starting)
            _closed = true;
        _wake.Set();
        foreach (var thread in _threads)
            thread.Join();
        _look?.Dispose();
        if (HasThreads)
            FailRest();
    }

    private bool AreRunning()
    {
        lock (_starting)
            return _threads.Any(thread => thread.IsAlive);
    }

    private void StartThread()
    {
        lock (_starting)
        {
            if (_closed || _threads.Count >= MostThreads)
                return;
            var thread = new Thread(Run) { Name = "store writer", IsBackground = true };
            _threads.Add(thread);
            // It counts from now on: where processors are slow to begin with it, no further one is started for the same want.
            Interlocked.Increment(ref _waiting);
            thread.UnsafeStart();
        }
    }

    private bool TryTakeRole() =>
        Volatile.Read(ref _role) == Free && Interlocked.CompareExchange(ref _role, Taken, Free) == Free;

    /// <summary>Lets others take from the queue. What is there already is for one of the loop's threads.</summary>
    private void StepDown()
    {
        Interlocked.Exchange(ref _role, Free);
        // Those who came before they could see that do not come again.
        if ((!_queue.IsEmpty || _writer.HasWork || _closed) && TryTakeRole())
            HandOver();
    }

    private void HandOver()
    {
        Interlocked.Exchange(ref _role, HandedOver);
        _wake.Set();
        if (Volatile.Read(ref _waiting) == 0 && Volatile.Read(ref _isLooking) == 0 && Interlocked.Exchange(ref _isLooking, 1) == 0)
            _look!.Change(s_patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Some time after work was handed over while no thread waited for it.</summary>
    private void Look()
    {
        var takenOver = Volatile.Read(ref _takenOver);
        if (Volatile.Read(ref _role) == HandedOver && Volatile.Read(ref _waiting) == 0)
        {
            if (takenOver == _takenOverBefore)
                StartThread();
            _takenOverBefore = takenOver;
            if (!_closed)
                _look!.Change(s_patience, Timeout.InfiniteTimeSpan);
            return;
        }
        _takenOverBefore = takenOver;
        Interlocked.Exchange(ref _isLooking, 0);
        // Handed over in between: then nobody else looks.
        if (Volatile.Read(ref _role) == HandedOver && Volatile.Read(ref _waiting) == 0 && !_closed && Interlocked.Exchange(ref _isLooking, 1) == 0)
            _look!.Change(s_patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// With the role: one group on the thread of a caller. The rest, and what would have to wait, is for the loop's threads; and so is all when the
    /// caller is one who was just answered and others wait for their answers behind him.
    /// </summary>
    private void RunOnceOrHandOver()
    {
        if (Volatile.Read(ref _groups) != 0 || !Answers.MayWrite)
        {
            HandOver();
            return;
        }
        var group = Build();
        var failure = Commit(group);
        StepDown();
        Answer(group, failure);
    }

    private void Run()
    {
        Interlocked.Decrement(ref _waiting);
        while (!_ended)
        {
            if (TakeOver())
            {
                RunOnce();
                continue;
            }
            Interlocked.Increment(ref _waiting);
            _wake.WaitOne();
            Interlocked.Decrement(ref _waiting);
        }
        // One wake-up is for one thread.
        _wake.Set();
    }

    private bool TakeOver()
    {
        if (Interlocked.CompareExchange(ref _role, Taken, HandedOver) != HandedOver
            && !((_closed || !_queue.IsEmpty || _writer.HasWork) && TryTakeRole()))
            return false;
        Interlocked.Increment(ref _takenOver);
        return true;
    }

    /// <summary>With the role: takes groups until there is one to be answered, and nothing of the role is left.</summary>
    private void RunOnce()
    {
        while (IsMoreToDo())
        {
            var group = Build();
            var isOneOfMany = Volatile.Read(ref _writers) >= ManyWriters;
            if (isOneOfMany)
                HandOver();
            var failure = Commit(group);
            if (!isOneOfMany && group.Requests.Count == 0)
            {
                Answer(group, failure);
                continue;
            }
            if (!isOneOfMany)
                StepDown();
            Answer(group, failure);
            return;
        }
        if (_closed)
            _ended = true;
        else
            StepDown();
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
            {
                var group = Build();
                Answer(group, Commit(group));
            }
            while (_writer.HasWork || !_queue.IsEmpty);
        }
        while (Interlocked.CompareExchange(ref _inlineWork, 0, seen) != seen);
    }

    /// <summary>A sealed group, which has its turn to be written.</summary>
    private WriteGroup Build()
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
        return group;
    }

    private StoreError? Commit(WriteGroup group)
    {
        var failure = _writer.Commit(group);
        var count = group.Requests.Count;
        var waiting = Interlocked.Add(ref _pending, -count);
        Interlocked.Add(ref _pendingBytes, -group.Bytes);
        // How many write at the same time; forgotten slowly, since a group can be small by chance.
        var writers = Volatile.Read(ref _writers);
        Volatile.Write(ref _writers, Math.Max(count + waiting, writers - ((writers + 3) / 4)));
        Interlocked.Decrement(ref _groups);
        return failure;
    }

    private void Answer(WriteGroup group, StoreError? failure)
    {
        Answers.Give(_writer, group, failure);
        group.Clear();
        _spareGroups.Enqueue(group);
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
