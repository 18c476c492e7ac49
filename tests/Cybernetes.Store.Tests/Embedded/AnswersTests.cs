using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;

namespace Cybernetes.Store.Tests.Embedded;

/// <summary>Those who are answered go on with the thread that has made their write durable.</summary>
public class AnswersTests
{
    private readonly SteppedJournal _journal = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writer_AnswersAreHeldUp_GoesOnWithOtherThreads()
    {
        const int Held = 4;
        await using var store = Open();
        using var gate = new ManualResetEventSlim();
        var held = new List<Task>();
        for (var i = 0; i < Held; i++)
        {
            var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            held.Add(await AnsweredByWriterAsync(store, $"/held/{i}", () =>
            {
                entered.SetResult();
                gate.Wait(Cancellation);
            }));
            await entered.Task.WaitAsync(Cancellation);
        }
        try
        {
            await (await AnsweredByWriterAsync(store, "/free", () => { })).WaitAsync(Cancellation);
            Assert.DoesNotContain(held, task => task.IsCompleted);
        }
        finally
        {
            gate.Set();
        }
        await Task.WhenAll(held);
        Assert.Equal((2 * Held) + 2, (await store.StatusAsync(Cancellation)).Value.Keys);
    }

    [Fact]
    public async Task Answered_WritesAgain_ThoseBehindAreAnsweredBeforeThat()
    {
        await using var store = Open();
        var caller = Task.Run(() => store.PutAsync("/caller", []).AsTask(), Cancellation);
        await _journal.EnteredAsync(Cancellation);
        var again = Task.CompletedTask;
        var first = ContinueAsync(store, "/first", () => again = store.PutAsync("/again", []).AsTask());
        var behind = store.PutAsync("/behind", []).AsTask();
        _journal.Step(null);
        await caller;
        // Both, in one group.
        await _journal.EnteredAsync(Cancellation);
        _journal.Step(null);
        Assert.Null((await behind.WaitAsync(Cancellation)).Error);
        await first.WaitAsync(Cancellation);
        await _journal.EnteredAsync(Cancellation);
        Assert.False(again.IsCompleted);
        _journal.Step(null);
        await again.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task Store_ClosedByOneWhoWasAnswered_Ends()
    {
        var store = Open();
        var closing = Task.CompletedTask;
        await (await AnsweredByWriterAsync(store, "/last", () => closing = store.DisposeAsync().AsTask())).WaitAsync(Cancellation);
        await closing.WaitAsync(Cancellation);
        Assert.NotNull((await store.PutAsync("/late", [])).Error);
    }

    [Fact]
    public async Task Writers_EachGoesOnAtOnce_AreNeverDeepInOneAnother()
    {
        const int Writers = 300;
        await using var store = Open();
        _journal.Go();
        var deepest = 0;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.Null((await store.PutAsync($"/w/{writer}", []).ConfigureAwait(false)).Error);
                InterlockedMax(ref deepest, new System.Diagnostics.StackTrace().FrameCount);
            }
        })));
        Assert.InRange(deepest, 1, 80);
        Assert.Equal(Writers, (await store.StatusAsync(Cancellation)).Value.Keys);
    }

    private static void InterlockedMax(ref int place, int value)
    {
        for (var seen = Volatile.Read(ref place); value > seen; seen = Volatile.Read(ref place))
            Interlocked.CompareExchange(ref place, value, seen);
    }

    private EmbeddedStore Open() =>
        EmbeddedStore.OpenWith(_journal, new VirtualTimeProvider(), new() { AnswersGoOnWithWriter = true }, ownThreads: true);

    /// <summary>A write that comes while another is on its way, so that one of the store's own threads commits and answers it.</summary>
    /// <returns>The write and what is done upon its answer.</returns>
    private async Task<Task> AnsweredByWriterAsync(IStore store, string key, Action answered)
    {
        var caller = Task.Run(() => store.PutAsync($"{key}/caller", []).AsTask(), Cancellation);
        await _journal.EnteredAsync(Cancellation);
        var writing = ContinueAsync(store, key, answered);
        _journal.Step(null);
        await caller;
        await _journal.EnteredAsync(Cancellation);
        _journal.Step(null);
        return writing;
    }

    private static async Task ContinueAsync(IStore store, string key, Action answered)
    {
        Assert.Null((await store.PutAsync(key, []).ConfigureAwait(false)).Error);
        answered();
    }
}
