namespace Cybernetes.ApiServer.Tests.Watch;

public sealed class WatchTests
{
    private const string Collection = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task Watch_WithoutRevision_BeginsWithTheState()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        using var watch = await WatchReader.OpenAsync(server, $"{Collection}?watch=1");
        Assert.Equal("ADDED one", await watch.NextAsync());
        await server.CreateConfigMapAsync("two");
        Assert.Equal("ADDED two", await watch.NextAsync());
        await server.SendAsync("PATCH", $"{Collection}/two", """{"data":{"a":"9"}}""", "application/merge-patch+json");
        Assert.Equal("MODIFIED two", await watch.NextAsync());
        await server.SendAsync("DELETE", $"{Collection}/one");
        Assert.Equal("DELETED one", await watch.NextAsync());
    }

    [Fact]
    public async Task Watch_FromRevision_GetsWhatCameAfter()
    {
        await using var server = await ServerFixture.StartAsync();
        var first = await server.CreateConfigMapAsync("one");
        await server.CreateConfigMapAsync("two");
        using var watch = await WatchReader.OpenAsync(server, $"{Collection}?watch=1&resourceVersion={first.At("metadata.resourceVersion")}");

        Assert.Equal("ADDED two", await watch.NextAsync());
    }

    [Fact]
    public async Task Watch_DeletedEvent_BearsTheDeletionsRevision()
    {
        await using var server = await ServerFixture.StartAsync();
        var first = await server.CreateConfigMapAsync("one");
        using var watch = await WatchReader.OpenAsync(server, $"{Collection}?watch=1&resourceVersion={first.At("metadata.resourceVersion")}");
        await server.SendAsync("DELETE", $"{Collection}/one");
        var frame = await watch.NextFrameAsync();

        Assert.True(long.Parse(frame["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>()) > long.Parse(first.At("metadata.resourceVersion")));
    }

    [Fact]
    public async Task Watch_ObjectLeavesSelector_IsDeletedThere()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one", ",\"labels\":{\"x\":\"1\"}");
        await server.CreateConfigMapAsync("other");
        using var watch = await WatchReader.OpenAsync(server, $"{Collection}?watch=1&labelSelector=x%3D1");
        Assert.Equal("ADDED one", await watch.NextAsync());
        await server.SendAsync("PATCH", $"{Collection}/one", """{"metadata":{"labels":{"x":"2"}}}""", "application/merge-patch+json");
        Assert.Equal("DELETED one", await watch.NextAsync());
        await server.SendAsync("PATCH", $"{Collection}/other", """{"metadata":{"labels":{"x":"1"}}}""", "application/merge-patch+json");
        Assert.Equal("ADDED other", await watch.NextAsync());
    }

    [Fact]
    public async Task Watch_CompactedRevision_SaysSoInTheStream()
    {
        await using var server = await ServerFixture.StartAsync();
        for (var i = 0; i < 300; i++)
            await server.SendAsync("PATCH", "/api/v1/namespaces/default", $"{{\"metadata\":{{\"annotations\":{{\"n\":\"{i}\"}}}}}}", "application/merge-patch+json");
        var cache = server.Host.Services.Hub.CacheOf(server.Host.Services.Catalog.FindStored("", "namespaces")!);
        // The caches follow the store: only when they have seen the last change is revision 2 older than all they keep.
        Assert.True((await server.Host.Services.Store.GetAsync("/registry/namespaces/default")).TryGet(out var stored, out _));
        await server.Host.Services.Hub.WaitForAsync(stored.Record!.ModRevision, CancellationToken.None);
        cache.Start(server.Host.Services.Hub.Revision);
        using var watch = await WatchReader.OpenAsync(server, "/api/v1/namespaces?watch=1&resourceVersion=2");
        var frame = await watch.NextFrameAsync();

        Assert.Equal("ERROR", frame["type"]!.GetValue<string>());
        Assert.Equal(410, frame["object"]!["code"]!.GetValue<int>());
        Assert.Equal("Expired", frame["object"]!["reason"]!.GetValue<string>());
        Assert.Null(await watch.LastLineAsync());
    }

    [Fact]
    public async Task Watch_SendInitialEvents_MarksTheirEnd()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        using var watch = await WatchReader.OpenAsync(server,
            $"{Collection}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
        Assert.Equal("ADDED one", await watch.NextAsync());
        var bookmark = await watch.NextFrameAsync();

        Assert.Equal("BOOKMARK", bookmark["type"]!.GetValue<string>());
        Assert.Equal("true", bookmark["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.GetValue<string>());
    }

    [Fact]
    public async Task Watch_Many_AllSeeAllInOrder()
    {
        await using var server = await ServerFixture.StartAsync();
        var start = (await server.GetAsync(Collection)).At("metadata.resourceVersion");
        var watches = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => WatchReader.OpenAsync(server, $"{Collection}?watch=1&resourceVersion={start}")));
        for (var i = 0; i < 50; i++)
            await server.CreateConfigMapAsync($"m{i}");
        foreach (var watch in watches)
        {
            for (var i = 0; i < 50; i++)
                Assert.Equal($"ADDED m{i}", await watch.NextAsync());
            watch.Dispose();
        }
    }

    [Fact]
    public async Task Watch_Disposed_LeavesTheCache()
    {
        await using var server = await ServerFixture.StartAsync();
        var cache = server.Host.Services.Hub.CacheOf(server.Host.Services.Catalog.FindStored("", "configmaps")!);
        var watch = await WatchReader.OpenAsync(server, $"{Collection}?watch=1");
        Assert.Equal(1, cache.Watchers);
        watch.Dispose();
        for (var i = 0; i < 200 && cache.Watchers > 0; i++)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);

        Assert.Equal(0, cache.Watchers);
    }

    [Fact]
    public async Task Watch_AsTable_SendsColumnsOnce()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        await server.CreateConfigMapAsync("two");
        using var watch = await WatchReader.OpenAsync(server, $"{Collection}?watch=1", "application/json;as=Table;v=v1;g=meta.k8s.io");
        var first = await watch.NextFrameAsync();
        var second = await watch.NextFrameAsync();

        Assert.Equal(3, first["object"]!["columnDefinitions"]!.AsArray().Count);
        Assert.Null(second["object"]!["columnDefinitions"]);
        Assert.Equal("two", second["object"]!["rows"]![0]!["cells"]![0]!.GetValue<string>());
    }

    [Theory]
    [InlineData("/api/v1/watch/namespaces/default/configmaps/two?resourceVersion=1")]
    [InlineData("/api/v1/namespaces/default/configmaps/two?watch=1&resourceVersion=1")]
    [InlineData("/api/v1/configmaps?watch=1&resourceVersion=1&fieldSelector=metadata.name%3Dtwo")]
    public async Task Watch_OfOneName_TellsOfNoOther(string path)
    {
        await using var server = await ServerFixture.StartAsync();
        using var watch = await WatchReader.OpenAsync(server, path);
        await server.CreateConfigMapAsync("one");
        await server.CreateConfigMapAsync("two");

        Assert.Equal("ADDED two", await watch.NextAsync());
    }

    [Fact]
    public async Task Watch_SendInitialEventsWithoutBookmarks_DoesNotMarkTheirEnd()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        using var watch = await WatchReader.OpenAsync(server, $"{Collection}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
        Assert.Equal("ADDED one", await watch.NextAsync());
        await server.CreateConfigMapAsync("two");

        Assert.Equal("ADDED two", await watch.NextAsync());
    }

    [Fact]
    public async Task Watch_WithoutInitialEvents_BeginsNow()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        using var watch = await WatchReader.OpenAsync(server, $"{Collection}?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan");
        await server.CreateConfigMapAsync("two");

        Assert.Equal("ADDED two", await watch.NextAsync());
    }

    [Fact]
    public async Task Watch_AtItsTimeout_EndsWithABookmark()
    {
        await using var server = await ServerFixture.StartAsync();
        using var watch = await WatchReader.OpenAsync(server, $"{Collection}?watch=1&resourceVersion=1&timeoutSeconds=1&allowWatchBookmarks=true");
        var frame = await watch.NextFrameAsync();

        Assert.Equal("BOOKMARK", frame["type"]!.GetValue<string>());
        Assert.Null(await watch.LastLineAsync());
    }

    [Fact]
    public async Task Event_EncodedForTwoWatchers_IsMadeOnce()
    {
        await using var server = await ServerFixture.StartAsync();
        var kind = server.Host.Services.Catalog.FindStored("", "configmaps")!;
        await server.CreateConfigMapAsync("one");
        Assert.True((await server.Store.GetAsync("/registry/configmaps/default/one")).TryGet(out var stored, out _));
        var change = new Cybernetes.ApiServer.Watch.CachedEvent(stored.Record!, null, TimeProvider.System.GetUtcNow());
        var made = 0;
        var version = kind.Served[0];
        var first = change.Encoded(new(version, Protobuf: true), last: false, s => { made++; return s.ToArray(); });
        var second = change.Encoded(new(version, Protobuf: true), last: false, s => { made++; return s.ToArray(); });
        change.Encoded(new(version, Protobuf: false), last: false, s => { made++; return s.ToArray(); });

        Assert.Equal(2, made);
        Assert.True(first.Equals(second));
    }
}
