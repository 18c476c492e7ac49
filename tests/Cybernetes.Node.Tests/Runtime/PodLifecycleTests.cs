using System.Threading.Channels;
using Cybernetes.Foundation;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;
using Cybernetes.Node.Simulated;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Node.Tests.Runtime;

public sealed class PodLifecycleTests
{
    public static TheoryData<ContainerState?, ContainerState?, PodLifecycleEventType[]> Changes => new()
    {
        { null, ContainerState.ContainerRunning, [PodLifecycleEventType.ContainerStarted] },
        { null, ContainerState.ContainerExited, [PodLifecycleEventType.ContainerDied] },
        { null, ContainerState.ContainerCreated, [PodLifecycleEventType.ContainerChanged] },
        { ContainerState.ContainerCreated, ContainerState.ContainerRunning, [PodLifecycleEventType.ContainerStarted] },
        { ContainerState.ContainerRunning, ContainerState.ContainerRunning, [] },
        { ContainerState.ContainerRunning, ContainerState.ContainerExited, [PodLifecycleEventType.ContainerDied] },
        { ContainerState.ContainerRunning, null, [PodLifecycleEventType.ContainerDied, PodLifecycleEventType.ContainerRemoved] },
        { ContainerState.ContainerExited, null, [PodLifecycleEventType.ContainerRemoved] },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Listing_ChangesSince_GivesTheEvents(
        ContainerState? before, ContainerState? after, PodLifecycleEventType[] expected)
    {
        var changes = ListingOf(after).ChangesSince(ListingOf(before));

        Assert.Equal(expected.Select(type => new PodLifecycleEvent("uid", type, "c")), changes);
    }

    [Fact]
    public void Listing_ForeignContainer_IsLeftOut()
    {
        var listing = new RuntimeListing([], [new Container { Id = "foreign", State = ContainerState.ContainerRunning }]);

        Assert.Empty(listing.ChangesSince(RuntimeListing.Empty));
    }

    [Fact]
    public async Task Source_RuntimeWithEvents_TellsOfExitWithoutListing()
    {
        var time = new VirtualTimeProvider();
        var runtime = new SimulatedRuntime(new SimulatedRuntimeOptions(), time);
        var source = new PodLifecycleSource(runtime, time, NullLogger.Instance);
        var events = Channel.CreateUnbounded<PodLifecycleEvent>();
        using var ending = new CancellationTokenSource();
        var running = source.RunAsync(change => events.Writer.TryWrite(change), ending.Token);

        var (sandbox, container) = await SimulatedPods.RunAsync(runtime, "uid-1");
        runtime.Kill(container, exitCode: 1);

        await WaitForAsync(events.Reader, new PodLifecycleEvent("uid-1", PodLifecycleEventType.ContainerDied, container));
        Assert.NotEmpty(sandbox);
        await ending.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Source_RuntimeWithoutEvents_ListsEachSecond()
    {
        var time = new VirtualTimeProvider();
        var runtime = new EventlessRuntime(new SimulatedRuntime(new SimulatedRuntimeOptions(), time));
        var source = new PodLifecycleSource(runtime, time, NullLogger.Instance);
        var events = Channel.CreateUnbounded<PodLifecycleEvent>();
        using var ending = new CancellationTokenSource();
        var running = source.RunAsync(change => events.Writer.TryWrite(change), ending.Token);
        var (_, container) = await SimulatedPods.RunAsync(runtime.Inner, "uid-1");
        await time.WhenTimersArmedAsync(1);
        await time.AdvanceAsync(PodLifecycleSource.ListPeriod);
        await WaitForAsync(events.Reader, new PodLifecycleEvent("uid-1", PodLifecycleEventType.ContainerStarted, container));

        runtime.Inner.Kill(container, exitCode: 0);
        await time.WhenTimersArmedAsync(1);
        await time.AdvanceAsync(PodLifecycleSource.ListPeriod);

        await WaitForAsync(events.Reader, new PodLifecycleEvent("uid-1", PodLifecycleEventType.ContainerDied, container));
        Assert.True(source.IsHealthy);
        await ending.CancelAsync();
        await running;
    }

    private static async Task WaitForAsync(ChannelReader<PodLifecycleEvent> events, PodLifecycleEvent wanted)
    {
        while (await events.ReadAsync(TestContext.Current.CancellationToken) != wanted)
        {
            // Others before it.
        }
    }

    private static RuntimeListing ListingOf(ContainerState? state) => state is { } value
        ? new RuntimeListing([], [new Container { Id = "c", State = value, Labels = { [RuntimeLabels.PodUid] = "uid" } }])
        : RuntimeListing.Empty;
}
