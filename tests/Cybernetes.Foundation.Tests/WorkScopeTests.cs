namespace Cybernetes.Foundation.Tests;

public sealed class WorkScopeTests
{
    [Fact]
    public async Task Running_WorkOfTheScopeAndOthers_CountsThreadsInItOnly()
    {
        var scope = new WorkScope();
        var (entered, leave) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new ManualResetEventSlim());
        var work = Begin(() =>
        {
            entered.SetResult();
            leave.Wait(TestContext.Current.CancellationToken);
        });
        await entered.Task;

        Assert.Equal(1, scope.Running);
        leave.Set();
        await work;
        await UntilAsync(() => scope.Running == 0);

        async Task Begin(Action run)
        {
            scope.Enter();
            await Task.Run(run);
        }
    }

    [Fact]
    public async Task Running_WaitingForATimer_IsNone()
    {
        var (scope, clock) = (new WorkScope(), new VirtualTimeProvider());
        var ended = 0;
        var work = Begin();
        await clock.WhenTimersArmedAsync(1, TestContext.Current.CancellationToken);
        await UntilAsync(() => scope.Running == 0);
        var before = scope.Entries;

        clock.Advance(TimeSpan.FromHours(1));
        await work;
        Assert.Equal(1, ended);
        Assert.True(scope.Entries > before);

        async Task Begin()
        {
            scope.Enter();
            await Task.Delay(TimeSpan.FromHours(1), clock);
            ended++;
        }
    }

    [Fact]
    public async Task AdvanceAsync_SettledBySomebody_WaitsForHimAfterEachTimer()
    {
        var clock = new VirtualTimeProvider();
        var asked = 0;
        var settling = clock.SettleBy(() =>
        {
            asked++;
            return Task.CompletedTask;
        });
        using var timer = clock.CreateTimer(_ => { }, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        await clock.AdvanceAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(4, asked);
        settling.Dispose();
        await clock.AdvanceAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(4, asked);
    }

    // A thread that has just done its work may not have left the scope yet.
    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, TestContext.Current.CancellationToken);
    }
}
