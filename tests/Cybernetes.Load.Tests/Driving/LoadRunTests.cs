using Cybernetes.Load.Driving;
using Cybernetes.Load.Measuring;

namespace Cybernetes.Load.Tests.Driving;

public sealed class LoadRunTests(LoadedServer server) : IClassFixture<LoadedServer>
{
    private const int Requests = 24;

    public static TheoryData<string, bool> Simple => new(
        from name in new[] { "create", "get", "update", "patch", "strategic", "apply", "list", "pages", "mixed" }
        from http2 in new[] { false, true }
        select (name, http2));

    [Theory]
    [MemberData(nameof(Simple))]
    public void Scenario_AFewRequests_AllAnsweredAndCounted(string scenario, bool http2)
    {
        var result = Run(Settings(scenario, http2) with { Namespace = $"{scenario}-{http2}".ToLowerInvariant() });
        AssertClean(result);
        Assert.Equal(Requests, result.Done);
        Assert.Equal(Requests, result.Latencies.Sum(l => l.Count));
        Assert.All(result.Latencies, l => Assert.InRange(l.P50Ms, 0.001, l.MaximumMs));
        Assert.True(result.Bytes > Requests * 100);
    }

    [Theory]
    [InlineData("application/json", false)]
    [InlineData("application/json", true)]
    [InlineData("application/vnd.kubernetes.protobuf", false)]
    public void Watch_SomeWrites_EveryWatcherSeesEachOnce(string accept, bool update)
    {
        var settings = Settings("watch", http2: false) with
        {
            Namespace = $"watch-{accept.Length}-{update}".ToLowerInvariant(),
            Watchers = 5,
            WatchCreates = !update,
            Accept = accept,
        };
        var result = Run(settings);
        AssertClean(result);
        Assert.Equal(5 * Requests, result.Done);
        Assert.Equal(5 * Requests, result.Latencies.Single(l => l.Name == "seen after sent").Count);
        Assert.Equal(Requests, result.Latencies.Single(l => l.Name == (update ? "patch" : "create")).Count);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/vnd.kubernetes.protobuf")]
    public void List_SpreadOverNamespaces_HoldsEachObjectAsLargeAsWanted(string accept)
    {
        // A list that holds fewer than 30 objects would be an error.
        var result = Run(Settings("list", http2: false) with { Namespace = $"spread{accept.Length}", Namespaces = 3, Accept = accept });
        AssertClean(result);
        Assert.InRange(result.Bytes / result.Done, 30 * 1024, 1 << 20);
    }

    [Fact]
    public void Pods_MadeByHundreds_AreTwoKilobytesEach()
    {
        var result = Run(Settings("get", http2: false) with { Namespace = "pods", Resource = "pods" });
        AssertClean(result);
        Assert.InRange(result.Bytes / result.Done, 2048, 8192);
    }

    [Fact]
    public void Delete_AllObjects_LeavesNone()
    {
        var settings = Settings("delete", http2: false) with { Namespace = "deleted", Objects = Requests };
        AssertClean(Run(settings));
        var gone = Run(settings with { Scenario = "get", IsFilled = true });
        Assert.Equal(0, gone.Done);
        Assert.Equal(Requests, gone.Errors["get: HTTP 404"]);
        Assert.Contains("not found", gone.FirstError);
    }

    [Fact]
    public void Rate_Given_IsKept()
    {
        var result = Run(Settings("get", http2: false) with { Namespace = "paced", Rate = 200 });
        AssertClean(result);
        // 24 requests at 200 a second: the last leaves 115 ms after the first, never earlier.
        Assert.True(result.Seconds >= 0.114, $"{result.Seconds} s");
    }

    [Fact]
    public void Server_Unreachable_IsToldAsSuch()
    {
        var nowhere = server.EndpointOf(http2: false) with { Port = 1 };
        var failure = Assert.Throws<IOException>(() => Run(Settings("get", http2: false) with { Endpoint = nowhere }));
        Assert.Contains("127.0.0.1:1", failure.Message);
    }

    private static void AssertClean(RunResult result) =>
        Assert.True(result.Errors.Count == 0, string.Join('\n', result.Errors.Select(e => $"{e.Value} × {e.Key}").Append(result.FirstError)));

    private static RunResult Run(LoadSettings settings) => new LoadRun(settings).Run();

    private LoadSettings Settings(string scenario, bool http2) => new()
    {
        Endpoint = server.EndpointOf(http2), Scenario = scenario, Clients = 3, Count = Requests, WarmUpSeconds = 0, Objects = 30, Limit = 7,
    };
}
