using Cybernetes.Client.Queues;
using Cybernetes.Foundation;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Client.Tests.Queues;

public sealed class WorkQueueTests
{
    private readonly VirtualTimeProvider _time = new();

    [Fact]
    public async Task Add_SameKeyTwice_IsHandedOutOnce()
    {
        using var queue = new WorkQueue<string>(_time);
        queue.Add("a");
        queue.Add("b");
        queue.Add("a");
        Assert.Equal(["a", "b"], [await Take(queue), await Take(queue)]);
        Assert.Equal(0, queue.Length);
    }

    [Fact]
    public async Task Add_KeyInWork_ComesAgainAfterDone()
    {
        using var queue = new WorkQueue<string>(_time);
        queue.Add("a");
        Assert.Equal("a", await Take(queue));
        queue.Add("a");
        queue.Add("a");
        Assert.Equal(0, queue.Length);
        queue.Done("a");
        Assert.Equal(1, queue.Length);
        Assert.Equal("a", await Take(queue));
        queue.Done("a");
        Assert.Equal(0, queue.Length);
    }

    [Fact]
    public async Task Take_Waiting_GetsTheNextKey()
    {
        using var queue = new WorkQueue<string>(_time);
        ValueTask<WorkItem<string>> first = queue.TakeAsync(default);
        ValueTask<WorkItem<string>> second = queue.TakeAsync(default);
        queue.Add("a");
        queue.Add("b");
        Assert.Equal("a", (await first).Key);
        Assert.Equal("b", (await second).Key);
    }

    [Fact]
    public async Task Take_Cancelled_LosesNoKey()
    {
        using var queue = new WorkQueue<string>(_time);
        using var cancel = new CancellationTokenSource();
        Task<WorkItem<string>> waiting = queue.TakeAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        queue.Add("a");
        Assert.Equal("a", await Take(queue));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(3_000_000)]
    public void AddAfter_BeyondWhatTimersTake_IsNoFailure(int days)
    {
        using var queue = new WorkQueue<string>(TimeProvider.System);

        queue.AddAfter("far", TimeSpan.FromDays(days));
        queue.AddAfter("never", TimeSpan.MaxValue);

        Assert.Equal(0, queue.Length);
    }

    [Fact]
    public void AddAfter_TwoTimes_TheEarlierCounts()
    {
        using var queue = new WorkQueue<string>(_time);
        queue.AddAfter("late-then-early", TimeSpan.FromSeconds(10));
        queue.AddAfter("late-then-early", TimeSpan.FromSeconds(2));
        queue.AddAfter("early-then-late", TimeSpan.FromSeconds(3));
        queue.AddAfter("early-then-late", TimeSpan.FromSeconds(9));
        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal(0, queue.Length);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(1, queue.Length);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, queue.Length);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, queue.Length);
    }

    [Fact]
    public async Task AddRateLimited_EachFailure_DoublesTheDelayUpToTheCap()
    {
        using var queue = new WorkQueue<string>(_time);
        TimeSpan expected = TimeSpan.FromMilliseconds(5);
        for (int i = 0; i < 25; i++)
        {
            queue.AddRateLimited("a");
            _time.Advance(expected - TimeSpan.FromTicks(1));
            Assert.Equal(0, queue.Length);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal("a", await Take(queue));
            queue.Done("a");
            expected = TimeSpan.FromTicks(Math.Min(expected.Ticks * 2, TimeSpan.FromSeconds(1000).Ticks));
        }
        Assert.Equal(25, queue.Failures("a"));
        queue.Forget("a");
        queue.AddRateLimited("a");
        _time.Advance(TimeSpan.FromMilliseconds(6));
        Assert.Equal(1, queue.Length);
    }

    [Fact]
    public void AddRateLimited_ManyKeys_ShareTheBucket()
    {
        using var queue = new WorkQueue<int>(_time);
        for (int key = 0; key < 150; key++)
            queue.AddRateLimited(key);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(100, queue.Length);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(110, queue.Length);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(150, queue.Length);
    }

    [Fact]
    public async Task ShutDown_WithKeysWaiting_HandsThemOutThenEnds()
    {
        var queue = new WorkQueue<string>(_time);
        queue.Add("a");
        queue.AddAfter("delayed", TimeSpan.FromSeconds(1));
        queue.ShutDown();
        queue.Add("late");
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("a", await Take(queue));
        Assert.True((await queue.TakeAsync(default)).IsShutDown);
    }

    [Fact]
    public async Task ShutDownWithDrain_KeysInWork_AreWaitedFor()
    {
        var queue = new WorkQueue<string>(_time);
        queue.Add("a");
        await Take(queue);
        Task drained = queue.ShutDownWithDrainAsync(default);
        Assert.False(drained.IsCompleted);
        queue.Done("a");
        await drained;
    }

    [Fact]
    public async Task RunWorkers_FailureThenSuccess_RetriesAndForgets()
    {
        using var queue = new WorkQueue<string>(_time);
        using var stop = new CancellationTokenSource();
        var succeeded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int calls = 0;
        Task Reconcile(string key, CancellationToken cancellation)
        {
            if (Interlocked.Increment(ref calls) < 3)
                throw new InvalidOperationException("not yet");
            succeeded.SetResult();
            return Task.CompletedTask;
        }

        Task running = queue.RunWorkersAsync(2, Reconcile, NullLogger.Instance, stop.Token);
        queue.Add("a");
        while (!succeeded.Task.IsCompleted)
            await _time.AdvanceAsync(TimeSpan.FromMilliseconds(5));
        await stop.CancelAsync();
        await running;
        Assert.Equal(3, calls);
        Assert.Equal(0, queue.Failures("a"));
    }

    [Fact]
    public async Task Workers_ManyKeysAtOnce_AllWorkAndNoMore()
    {
        using var queue = new WorkQueue<int>(_time);
        using var stop = new CancellationTokenSource();
        using var mayGo = new SemaphoreSlim(0);
        var allBusy = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var allDone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int busy = 0, most = 0, done = 0;
        async Task Reconcile(int key, CancellationToken cancellation)
        {
            int now = Interlocked.Increment(ref busy);
            InterlockedMost(ref most, now);
            if (now == 3)
                allBusy.TrySetResult();
            await mayGo.WaitAsync(cancellation);
            Interlocked.Decrement(ref busy);
            if (Interlocked.Increment(ref done) == 10)
                allDone.SetResult();
        }

        Task running = queue.RunWorkersAsync(3, Reconcile, NullLogger.Instance, stop.Token);
        for (int key = 0; key < 10; key++)
            queue.Add(key);
        await allBusy.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.Equal(7, queue.Length);
        mayGo.Release(10);
        await allDone.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.Equal(3, most);
        await stop.CancelAsync();
        await running;
    }

    private static void InterlockedMost(ref int most, int now)
    {
        for (int seen = most; now > seen; seen = most)
            Interlocked.CompareExchange(ref most, now, seen);
    }

    // Random operations, compared step by step with a slow and obvious twin.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Queue_RandomOperations_MatchTheSlowTwin(int seed)
    {
        var random = new Random(seed);
        using var queue = new WorkQueue<int>(_time);
        var twin = new SlowQueue();
        for (int step = 0; step < 5000; step++)
        {
            int key = random.Next(8);
            var span = TimeSpan.FromMilliseconds(random.Next(1, 40));
            TimeSpan now = _time.GetUtcNow() - VirtualTimeProvider.DefaultStart;
            switch (random.Next(6))
            {
                case 0:
                    queue.Add(key);
                    twin.Add(key);
                    break;
                case 1:
                    queue.AddAfter(key, span);
                    twin.AddAfter(key, now + span);
                    break;
                case 2 when twin.Ready.Count > 0:
                    Assert.Equal(twin.Take(), await Take(queue));
                    break;
                case 3 when twin.InWork.Count > 0:
                    int done = twin.InWork[random.Next(twin.InWork.Count)];
                    queue.Done(done);
                    twin.Done(done);
                    break;
                default:
                    _time.Advance(span / 2);
                    twin.Advance(now + span / 2);
                    break;
            }
            Assert.Equal(twin.Ready.Count, queue.Length);
        }
    }

    private static async Task<T> Take<T>(WorkQueue<T> queue)
        where T : notnull
    {
        WorkItem<T> item = await queue.TakeAsync(default);
        Assert.False(item.IsShutDown);
        return item.Key;
    }

    private sealed class SlowQueue
    {
        private readonly List<int> _again = [];
        private readonly List<(int Key, TimeSpan At)> _delayed = [];

        public List<int> Ready { get; } = [];

        public List<int> InWork { get; } = [];

        public void Add(int key)
        {
            List<int> target = InWork.Contains(key) ? _again : Ready;
            if (!target.Contains(key))
                target.Add(key);
        }

        public void AddAfter(int key, TimeSpan at)
        {
            int index = _delayed.FindIndex(entry => entry.Key == key);
            if (index >= 0 && _delayed[index].At <= at)
                return;
            // An earlier time is a new entry: among equal times it comes after those that were there.
            if (index >= 0)
                _delayed.RemoveAt(index);
            _delayed.Add((key, at));
        }

        public int Take()
        {
            int key = Ready[0];
            Ready.RemoveAt(0);
            InWork.Add(key);
            return key;
        }

        public void Done(int key)
        {
            InWork.Remove(key);
            if (_again.Remove(key))
                Ready.Add(key);
        }

        public void Advance(TimeSpan now)
        {
            foreach ((int key, TimeSpan at) in _delayed.Where(entry => entry.At <= now).OrderBy(entry => entry.At).ToArray())
            {
                _delayed.Remove((key, at));
                Add(key);
            }
        }
    }
}
