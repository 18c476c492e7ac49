using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Tests.Queue;

public sealed class SchedulingQueueTests
{
    private readonly VirtualTimeProvider _time = new();

    [Fact]
    public async Task Take_SeveralPods_HighestPriorityThenOldestFirst()
    {
        using var queue = new SchedulingQueue(_time);
        queue.Put(Cluster.Pod("low"));
        _time.Advance(TimeSpan.FromSeconds(1));
        queue.Put(Cluster.Pod("high-late", with: p => p.Spec.Priority = 10));
        _time.Advance(TimeSpan.FromSeconds(1));
        queue.Put(Cluster.Pod("high-later", with: p => p.Spec.Priority = 10));
        var order = new List<string>();
        for (var i = 0; i < 3; i++)
            order.Add((await queue.TakeAsync(default)).Uid);
        Assert.Equal(["high-late", "high-later", "low"], order);
    }

    [Fact]
    public async Task PutBack_Unschedulable_WaitsForAnEventItsPluginsWantAndBacksOff()
    {
        using var queue = new SchedulingQueue(_time);
        queue.Put(Cluster.Pod("p"));
        var taken = await queue.TakeAsync(default);
        queue.PutBack(taken, ClusterEvent.NodeAdded);
        Assert.Equal(QueuePlace.Unschedulable, taken.Place);

        queue.Move(new(ClusterEvent.NodeTaintsChanged));
        Assert.Equal(QueuePlace.Unschedulable, taken.Place);

        queue.Move(new(ClusterEvent.NodeAdded));
        Assert.Equal(QueuePlace.Backoff, taken.Place);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(QueuePlace.Active, taken.Place);
    }

    [Fact]
    public async Task PutBack_EventDuringTheAttempt_IsNotMissed()
    {
        using var queue = new SchedulingQueue(_time);
        queue.Put(Cluster.Pod("p"));
        var taken = await queue.TakeAsync(default);
        queue.Move(new(ClusterEvent.NodeAdded));
        queue.PutBack(taken, ClusterEvent.NodeAdded);
        Assert.Equal(QueuePlace.Backoff, taken.Place);
    }

    [Fact]
    public async Task PutBack_ManyAttempts_BackoffDoublesToTenSeconds()
    {
        using var queue = new SchedulingQueue(_time);
        queue.Put(Cluster.Pod("p"));
        foreach (var seconds in new[] { 1, 2, 4, 8, 10, 10 })
        {
            var taken = await queue.TakeAsync(default);
            queue.PutBack(taken, ClusterEvent.None);
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(QueuePlace.Backoff, taken.Place);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(QueuePlace.Active, taken.Place);
        }
    }

    [Fact]
    public async Task PutBack_NothingHappens_FiveMinutesWakeThePod()
    {
        using var queue = new SchedulingQueue(_time);
        queue.Put(Cluster.Pod("p"));
        var taken = await queue.TakeAsync(default);
        queue.PutBack(taken, ClusterEvent.NodeAdded);
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(QueuePlace.Active, taken.Place);
    }

    [Fact]
    public async Task Put_GatedPod_StaysOutUntilTheGateIsGone()
    {
        using var queue = new SchedulingQueue(_time);
        var gated = Cluster.Pod("p", with: p => p.Spec.SchedulingGates = [new PodSchedulingGate { Name = "wait" }]);
        queue.Put(gated);
        Assert.Equal(1, queue.Count(QueuePlace.Gated));
        var free = gated.DeepClone();
        free.Spec.SchedulingGates = null;
        queue.Put(free);
        Assert.Equal("p", (await queue.TakeAsync(default)).Uid);
    }

    [Fact]
    public async Task Remove_WaitingPod_IsNeverHandedOut()
    {
        using var queue = new SchedulingQueue(_time);
        queue.Put(Cluster.Pod("gone"));
        queue.Remove("gone");
        queue.Put(Cluster.Pod("stays"));
        Assert.Equal("stays", (await queue.TakeAsync(default)).Uid);
    }

    [Fact]
    public async Task Put_PodChangedWhileDecidedFor_IsTriedAgain()
    {
        using var queue = new SchedulingQueue(_time);
        var pod = Cluster.Pod("p");
        queue.Put(pod);
        var taken = await queue.TakeAsync(default);
        var tolerant = pod.DeepClone();
        tolerant.Metadata.Generation = 2;
        queue.Put(tolerant);
        queue.PutBack(taken, ClusterEvent.NodeAdded);
        Assert.Equal(QueuePlace.Backoff, taken.Place);
        // Only a change that matters: a status that was written is none.
        _time.Advance(TimeSpan.FromSeconds(1));
        taken = await queue.TakeAsync(default);
        queue.Put(tolerant.DeepClone());
        queue.PutBack(taken, ClusterEvent.NodeAdded);
        Assert.Equal(QueuePlace.Unschedulable, taken.Place);
    }

    [Theory]
    [InlineData(-24)]
    [InlineData(24)]
    public async Task Backoff_ClockJumps_WaitsNeitherLongerNorShorter(int hours)
    {
        var clock = new JumpingClock(_time);
        using var queue = new SchedulingQueue(clock);
        queue.Put(Cluster.Pod("p"));
        var taken = await queue.TakeAsync(default);
        queue.PutBack(taken, ClusterEvent.None);
        clock.Jump = TimeSpan.FromHours(hours);
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(QueuePlace.Backoff, taken.Place);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(QueuePlace.Active, taken.Place);
        taken = await queue.TakeAsync(default);
        queue.PutBack(taken, ClusterEvent.NodeAdded);
        clock.Jump = TimeSpan.Zero;
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(QueuePlace.Unschedulable, taken.Place);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(QueuePlace.Active, taken.Place);
    }

    [Fact]
    public async Task Move_FlappingNode_PodBacksOffFurtherAndOthersComeFirst()
    {
        using var queue = new SchedulingQueue(_time);
        queue.Put(Cluster.Pod("unlucky"));
        var attempts = 0;
        for (var second = 0; second < 300; second++)
        {
            if (queue.Count(QueuePlace.Active) > 0)
            {
                queue.PutBack(await queue.TakeAsync(default), ClusterEvent.NodeAdded);
                attempts++;
            }
            for (var flaps = 0; flaps < 100; flaps++)
                queue.Move(new(ClusterEvent.NodeAdded));
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        // 1 + 2 + 4 + 8 s, then every 10 s: not once a flap.
        Assert.InRange(attempts, 25, 35);
        queue.Put(Cluster.Pod("fresh"));
        Assert.Equal("fresh", (await queue.TakeAsync(default)).Uid);
    }

    /// <summary>A clock that somebody sets; its timers and time stamps go on as before.</summary>
    private sealed class JumpingClock(VirtualTimeProvider time) : TimeProvider
    {
        public TimeSpan Jump { get; set; }

        public override long TimestampFrequency => time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + Jump;

        public override long GetTimestamp() => time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            time.CreateTimer(callback, state, dueTime, period);
    }
}
