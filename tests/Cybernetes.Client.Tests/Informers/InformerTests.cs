using System.Net;
using System.Threading.Channels;
using Cybernetes.Client.Informers;
using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Client.Tests.Informers;

public sealed class InformerTests : IAsyncDisposable
{
    private readonly VirtualTimeProvider _time = new();
    private readonly ScriptedApi _api = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();
    private Task _running = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    [Fact]
    public async Task Informer_FirstList_IsToldThenEventsInOrder()
    {
        _api.Json(List("10", Pod("a", 3), Pod("b", 7)));
        WatchScript watch = _api.Watch();
        Informer<Pod> informer = Start();

        await informer.WaitForSyncAsync(Bounded());
        Assert.Equal(["add a@3", "add b@7"], await Told(2));
        watch.Event("MODIFIED", Pod("a", 11)).Event("ADDED", Pod("c", 12)).Event("DELETED", Pod("b", 13));
        Assert.Equal(["update a@3 a@11", "add c@12", "delete b@13"], await Told(3));

        Assert.Equal(["a", "c"], informer.Store.List().Select(pod => pod.Metadata.Name).Order());
        Assert.Equal("13", informer.LastResourceVersion);
        Assert.Contains("resourceVersion=10", _api.Requests[1]);
        Assert.Contains("allowWatchBookmarks=true", _api.Requests[1]);
    }

    [Fact]
    public async Task Informer_FramesInPieces_AreReadWhole()
    {
        _api.Json(List("1"));
        WatchScript watch = _api.Watch();
        Start();
        string frames = $$"""{"type":"ADDED","object":{{Pod("a", 2)}}}""" + "\n" + $$"""{"object":{{Pod("b",
            3)}},"type":"ADDED"}""" + "\n";
        foreach (char c in frames)
            watch.Send(c.ToString());
        Assert.Equal(["add a@2", "add b@3"], await Told(2));

        string large = Pod("big", 4, new string('x', 100_000));
        watch.Event("ADDED", large).Event("ADDED", Pod("after", 5));
        Assert.Equal(["add big@4", "add after@5"], await Told(2));
    }

    [Fact]
    public async Task Informer_WatchBreaks_ResumesFromTheLastRevisionWithoutAList()
    {
        _api.Json(List("10"));
        WatchScript first = _api.Watch();
        WatchScript second = _api.Watch();
        Start();
        first.Event("ADDED", Pod("a", 11)).Event(
            "BOOKMARK", """{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"40"}}""");
        first.Break();

        await AdvanceUntil(second.Opened.Task);
        second.Event("MODIFIED", Pod("a", 41));
        Assert.Equal(["add a@11", "update a@11 a@41"], await Told(2));
        Assert.Equal(3, _api.Requests.Count);
        Assert.Contains("resourceVersion=40", _api.Requests[2]);
    }

    [Fact]
    public async Task Informer_WatchCutInsideAFrame_LosesAndDoublesNothing()
    {
        _api.Json(List("10"));
        WatchScript first = _api.Watch();
        WatchScript second = _api.Watch();
        Start();
        first.Event("ADDED", Pod("a", 11)).Send("""{"type":"ADDED","object":{"kind":"Pod","meta""");
        first.End();

        await AdvanceUntil(second.Opened.Task);
        Assert.Contains("resourceVersion=11", _api.Requests[2]);
        second.Event("ADDED", Pod("b", 12));
        Assert.Equal(["add a@11", "add b@12"], await Told(2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Informer_RevisionForgotten_ListsAnewAndTellsTheDifference(bool asEvent)
    {
        const string expired =
            """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old","reason":"Expired","code":410}""";
        _api.Json(List("10", Pod("kept", 1), Pod("changed", 2), Pod("gone", 3)));
        if (asEvent)
        {
            _api.Watch().Event("ERROR", expired);
        }
        else
            _api.Json(expired, HttpStatusCode.Gone);
        _api.Json(List("50", Pod("kept", 1), Pod("changed", 45), Pod("new", 46)));
        WatchScript watch = _api.Watch();
        Informer<Pod> informer = Start();

        await AdvanceUntil(watch.Opened.Task);
        string[] told = await Told(6);
        Assert.Equal(["add changed@2", "add gone@3", "add kept@1"], told[..3].Order());
        Assert.Equal(["update changed@2 changed@45", "add new@46", "delete gone@3"], told[3..]);
        Assert.Equal(3, informer.Store.Count);
        Assert.Contains("resourceVersion=50", _api.Requests[3]);
    }

    [Fact]
    public async Task Informer_ListFails_WaitsLongerEachTime()
    {
        for (int i = 0; i < 4; i++)
            _api.Json("no", HttpStatusCode.InternalServerError);
        _api.Json(List("1"));
        Informer<Pod> informer = Start();

        await AdvanceUntil(informer.WaitForSyncAsync(Bounded()));
        // 0.8 + 1.6 + 3.2 + 6.4 s at least, twice that with full jitter.
        TimeSpan spent = _time.GetUtcNow() - VirtualTimeProvider.DefaultStart;
        Assert.InRange(spent.TotalSeconds, 12, 24);
    }

    [Fact]
    public async Task Informer_PagedList_IsJoined()
    {
        _api.Json(ListPage("5", "token", [Pod("a", 1)])).Json(
            ListPage("5", "token2", [Pod("b", 2)])).Json(List("5", Pod("c", 3)));
        Informer<Pod> informer = Start();
        await informer.WaitForSyncAsync(Bounded());
        Assert.Equal(3, informer.Store.Count);
        Assert.Equal("GET /api/v1/pods?limit=500", _api.Requests[0]);
        Assert.Equal("GET /api/v1/pods?limit=500&continue=token", _api.Requests[1]);
        Assert.Equal("GET /api/v1/pods?limit=500&continue=token2", _api.Requests[2]);
    }

    [Fact]
    public async Task Informer_PageTokenExpired_ListsInOnePiece()
    {
        _api.Json(ListPage("5", "token", [Pod("a", 1)]));
        _api.Json("""{"kind":"Status","apiVersion":"v1","reason":"Expired","code":410}""", HttpStatusCode.Gone);
        _api.Json(List("9", Pod("a", 1), Pod("b", 8)));
        Informer<Pod> informer = Start();
        await informer.WaitForSyncAsync(Bounded());
        Assert.Equal(2, informer.Store.Count);
        Assert.Equal("GET /api/v1/pods", _api.Requests[2]);
    }

    [Fact]
    public async Task Informer_HandlerAddedLate_IsToldWhatIsThereFirst()
    {
        _api.Json(List("10", Pod("a", 1)));
        WatchScript watch = _api.Watch();
        Informer<Pod> informer = Start();
        await informer.WaitForSyncAsync(Bounded());

        Channel<string> late = Channel.CreateUnbounded<string>();
        IInformerRegistration registration = informer.AddHandler(new Recorder(late.Writer));
        await registration.Synced.WaitAsync(Bounded());
        watch.Event("MODIFIED", Pod("a", 11));
        Assert.Equal("add a@1", await late.Reader.ReadAsync(Bounded()));
        Assert.Equal("update a@1 a@11", await late.Reader.ReadAsync(Bounded()));
    }

    [Fact]
    public async Task Informer_HandlerLagsAndThrows_LosesNothing()
    {
        const int count = 500;
        _api.Json(List("1"));
        WatchScript watch = _api.Watch();
        using var open = new SemaphoreSlim(0);
        var informer = new Informer<Pod>(_api.Client(_time), new InformerOptions { HandlerBacklog = 4 }, NullLogger.Instance);
        informer.AddHandler(added: pod =>
        {
            open.Wait();
            _told.Writer.TryWrite(pod.Metadata.Name);
            if (pod.Metadata.Name == "pod7")
                throw new InvalidOperationException("a bug");
        });
        _running = informer.RunAsync(_stop.Token);
        for (int i = 0; i < count; i++)
            watch.Event("ADDED", Pod($"pod{i}", i + 2));
        open.Release(count);
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"pod{i}"), await Told(count));
    }

    [Fact]
    public async Task MetadataHandler_AnotherObjectOfTheSameName_TellsThatTheFirstIsGone()
    {
        _api.Json(List("10", Pod("a", 3)));
        WatchScript watch = _api.Watch();
        Informer<Pod> informer = Start();
        Channel<string> told = Channel.CreateUnbounded<string>();
        using IInformerRegistration place = informer.AddMetadataHandler(
            seen => told.Writer.TryWrite("seen " + seen.UID), gone => told.Writer.TryWrite("gone " + gone.UID));
        await place.Synced.WaitAsync(Bounded());
        watch.Event("MODIFIED", Pod("a", 11)).Event("MODIFIED", Pod("a", 12).Replace("\"uid\":\"a\"", "\"uid\":\"other\"", StringComparison.Ordinal))
            .Event("DELETED", Pod("a", 13).Replace("\"uid\":\"a\"", "\"uid\":\"other\"", StringComparison.Ordinal));
        foreach (string expected in (string[])["seen a", "seen a", "gone a", "seen other", "gone other"])
            Assert.Equal(expected, await told.Reader.ReadAsync(Bounded()));
    }

    [Fact]
    public async Task Store_Indexes_FollowChanges()
    {
        _api.Json(List("10", Pod("a", 1, node: "n1"), Pod("b", 2, node: "n1"), Pod("c", 3, node: "n2")));
        WatchScript watch = _api.Watch();
        Informer<Pod> informer = Start();
        informer.Store.AddIndex("node", pod => [pod.Spec.NodeName]);
        await informer.WaitForSyncAsync(Bounded());
        Assert.Equal(2, informer.Store.ByIndex("node", "n1").Count);
        watch.Event("MODIFIED", Pod("a", 11, node: "n2")).Event("DELETED", Pod("b", 12, node: "n1"));
        await Told(5);
        Assert.Empty(informer.Store.ByIndex("node", "n1"));
        Assert.Equal(["a", "c"], informer.Store.ByIndex("node", "n2").Select(pod => pod.Metadata.Name).Order());
        Assert.Equal(2, informer.Store.ListNamespace("default").Count);
        Assert.Empty(informer.Store.ListNamespace("other"));
    }

    [Fact]
    public async Task Factory_SameSelection_IsOneInformer()
    {
        var factory = new InformerFactory(_api.Client(_time), NullLogger.Instance);
        Informer<Pod> all = factory.For<Pod>();
        Assert.Same(all, factory.For<Pod>(new InformerOptions { PageSize = 7 }));
        Assert.NotSame(all, factory.For<Pod>(new InformerOptions { FieldSelector = "spec.nodeName=n1" }));
        await Assert.ThrowsAsync<InvalidOperationException>(() => factory.WaitForSyncAsync(_stop.Token));
    }

    private Informer<Pod> Start()
    {
        var informer = new Informer<Pod>(_api.Client(_time), null, NullLogger.Instance);
        informer.AddHandler(new Recorder(_told.Writer));
        _running = informer.RunAsync(_stop.Token);
        return informer;
    }

    private async Task<string[]> Told(int count)
    {
        var told = new string[count];
        for (int i = 0; i < count; i++)
            told[i] = await _told.Reader.ReadAsync(Bounded());
        return told;
    }

    // Only a guard for a test that hangs: nothing is measured by it.
    private static CancellationToken Bounded() =>
        new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System).Token;

    private async Task AdvanceUntil(Task reached)
    {
        while (!reached.IsCompleted)
        {
            await Task.WhenAny(reached, _time.WhenTimersArmedAsync(1, Bounded()));
            if (!reached.IsCompleted)
                await _time.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        }
        await reached;
    }

    internal static string Pod(string name, int version, string note = "", string node = "") =>
        $$$"""
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"{{{name}}}","namespace":"default","uid":"{{{name}}}",
        "resourceVersion":"{{{version}}}","annotations":{"note":"{{{note}}}"}},"spec":{"nodeName":"{{{node}}}"},"status":{}}
        """.ReplaceLineEndings("");

    private static string List(string version, params string[] pods) => ListPage(version, "", pods);

    private static string ListPage(string version, string next, string[] pods) =>
        $$$"""
        {"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"{{{version}}}","continue":"{{{next}}}"},
        "items":[{{{string.Join(',', pods)}}}]}
        """;

    private sealed class Recorder(ChannelWriter<string> told) : IInformerHandler<Pod>
    {
        public void OnAdd(Pod value, bool isInInitialList) => told.TryWrite("add " + Show(value));

        public void OnUpdate(Pod old, Pod value) => told.TryWrite($"update {Show(old)} {Show(value)}");

        public void OnDelete(Pod last) => told.TryWrite("delete " + Show(last));

        private static string Show(Pod pod) => $"{pod.Metadata.Name}@{pod.Metadata.ResourceVersion}";
    }
}
