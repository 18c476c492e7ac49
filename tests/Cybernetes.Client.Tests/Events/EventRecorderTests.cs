using System.Text.Json.Nodes;
using Cybernetes.Client.Events;
using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Client.Tests.Events;

public sealed class EventRecorderTests : IAsyncDisposable
{
    private readonly VirtualTimeProvider _time = new();
    private readonly MemoryApi _api = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    private readonly Pod _pod = new()
    {
        Metadata = new ObjectMeta { Name = "web", Namespace = "shop", UID = "u1", ResourceVersion = "7" },
    };

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    [Fact]
    public async Task Recorder_FirstEvent_IsMadeAsUpstreamMakesIt()
    {
        EventRecorder recorder = Start();
        recorder.Event(_pod, "Normal", "Pulled", "Container image already present");
        await Settle(1);
        Event made = Events().Single();
        ObjectReference about = made.InvolvedObject;
        Assert.Equal("shop", made.Metadata.Namespace);
        Assert.StartsWith("web.", made.Metadata.Name);
        Assert.Equal(("Pod", "shop", "web", "u1", "v1"), (about.Kind, about.Namespace, about.Name, about.UID, about.APIVersion));
        Assert.Equal(("kubelet", "node1", 1), (made.Source.Component, made.Source.Host, made.Count));
        Assert.Equal("kubelet", made.ReportingController);
        Assert.NotNull(made.FirstTimestamp);
    }

    [Fact]
    public async Task Recorder_EqualEvents_AreCountedOnOne()
    {
        EventRecorder recorder = Start();
        for (int i = 1; i <= 5; i++)
        {
            recorder.Event(_pod, "Warning", "BackOff", "Back-off restarting failed container");
            await Settle(i);
            await _time.AdvanceAsync(TimeSpan.FromSeconds(10));
        }
        Event counted = Events().Single();
        Assert.Equal(5, counted.Count);
        Assert.Equal(TimeSpan.FromSeconds(40), counted.LastTimestamp - counted.FirstTimestamp);
        Assert.Single(_api.Writes, write => write.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Recorder_SimilarEvents_AreCombinedFromTheTenthOn()
    {
        EventRecorder recorder = Start();
        for (int i = 1; i <= 14; i++)
            recorder.Event(_pod, "Warning", "Failed", $"Error number {i}");
        await Settle(14);
        Event[] events = Events();
        Assert.Equal(10, events.Length);
        Event combined = Assert.Single(events, value => value.Message.StartsWith("(combined", StringComparison.Ordinal));
        Assert.Equal("(combined from similar events): Error number 14", combined.Message);
        Assert.Equal(5, combined.Count);
    }

    [Fact]
    public async Task Recorder_Flood_IsCutAtTwentyFiveAndRefillsSlowly()
    {
        EventRecorder recorder = Start();
        for (int i = 0; i < 40; i++)
            recorder.Event(_pod, "Warning", "Unhealthy", "Liveness probe failed");
        await Settle(25);
        await _time.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(25, _api.Writes.Count);
        recorder.Event(_pod, "Warning", "Unhealthy", "Liveness probe failed");
        recorder.Event(_pod, "Warning", "Unhealthy", "Liveness probe failed");
        await Settle(26);
        Assert.Equal(26, _api.Writes.Count);
        // What was cut counts nevertheless.
        Assert.Equal(41, Events().Single().Count);
    }

    [Fact]
    public async Task Recorder_EventGoneFromTheServer_IsMadeAgain()
    {
        EventRecorder recorder = Start();
        recorder.Event(_pod, "Normal", "Started", "Started container");
        await Settle(1);
        _api.Remove("/api/v1/namespaces/shop/events/" + Events().Single().Metadata.Name);
        recorder.Event(_pod, "Normal", "Started", "Started container");
        await Settle(3);
        Assert.Equal(2, Events().Single().Count);
    }

    [Fact]
    public async Task SeriesRecorder_EqualEvents_OpenASeriesAndEndIt()
    {
        var recorder = new EventSeriesRecorder(_api.Client(_time), "default-scheduler", "host1", NullLogger.Instance);
        _running = recorder.RunAsync(_stop.Token);
        for (int i = 0; i < 5; i++)
            recorder.Event(_pod, "Warning", "FailedScheduling", "0/1 nodes are available", "Scheduling");
        // Events are sent in order: when this one is written, all before it have been counted.
        recorder.Event(_pod, "Normal", "Last", "told last", "Scheduling");
        await Settle(3);
        JsonObject made = Failures().Single();
        Assert.Equal("events.k8s.io/v1", made["apiVersion"]!.GetValue<string>());
        Assert.Equal(2, made["series"]!["count"]!.GetValue<int>());
        Assert.Equal("Scheduling", made["action"]!.GetValue<string>());

        await _time.AdvanceAsync(TimeSpan.FromMinutes(13));
        await Settle(4);
        Assert.Equal(5, Failures().Single()["series"]!["count"]!.GetValue<int>());
        recorder.Event(_pod, "Warning", "FailedScheduling", "0/1 nodes are available", "Scheduling");
        await Settle(5);
        Assert.Equal(2, Failures().Length);

        JsonObject[] Failures() => [.. _api.All().Where(value => value["reason"]!.GetValue<string>() == "FailedScheduling")];
    }

    private EventRecorder Start()
    {
        var recorder = new EventRecorder(_api.Client(_time), "kubelet", "node1", NullLogger.Instance);
        _running = recorder.RunAsync(_stop.Token);
        return recorder;
    }

    private Event[] Events() => [.. _api.All().Select(value => TestJson.Read<Event>(value.ToJsonString()))];

    // The bound is only a guard for a test that hangs.
    private Task Settle(int writes) => _api.WhenWritten(writes).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
}
