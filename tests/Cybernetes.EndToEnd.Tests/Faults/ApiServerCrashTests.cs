using System.Globalization;
using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Faults;

/// <summary>
/// The server process is killed again and again under concurrent load, also while it starts: what clients were told stays true. A seed
/// names the course of the load and the moments of the kills.
/// </summary>
public sealed class ApiServerCrashTests(ITestOutputHelper output)
{
    private const int Clients = 8;
    private const int MostWritesBetweenKills = 300;
    private const string Namespace = "default";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    // ./dev soak asks for more.
    private static readonly int Rounds = Number("CYBERNETES_CRASH_ROUNDS", 6);
    private static readonly int Seed = Number("CYBERNETES_CRASH_SEED", 1);

    [ClusterFact]
    public async Task Kill_AtRandomMomentsUnderLoad_LeavesOneTrueHistory()
    {
        var random = new Random(Seed);
        await using var server = await CybServer.StartAsync(new CybServerOptions { Arguments = ["--disable", "node,proxy,scheduler,controllers"] });
        var api = new ApiClient(server.Http, Namespace);
        var history = new ApiHistory();
        for (var i = 0; i < ApiLoad.SharedObjects; i++)
            await api.CreateAsync(ApiLoad.Shared(i), 0);
        var (start, values) = await api.ListAsync();
        // What was there before stands before all changes.
        var first = values.Select((one, i) => new ApiEvent("ADDED", one.Key, -i, one.Value)).ToList();

        var end = new TaskCompletionSource<long>();
        ApiWatcher[] watchers =
        [
            new(api, history, start, "", _ => true),
            new(api, history, start, "", _ => true),
            new(api, history, start, "&fieldSelector=metadata.name%3D" + ApiLoad.Shared(0), change => change.Name == ApiLoad.Shared(0)),
        ];
        var watching = watchers.Select(watcher => watcher.RunAsync(end.Task)).ToArray();
        var load = new ApiLoad(api, history, Clients, Seed);
        var loading = load.RunAsync();

        for (var round = 0; round < Rounds; round++)
        {
            var goal = history.Acknowledged + random.Next(1, MostWritesBetweenKills);
            await Until.TrueAsync("writes are acknowledged", Patience, () => history.Acknowledged >= goal, server.LogTail);
            await server.KillAsync();
            if (round % 4 == 3)
                await server.KillWhileStartingAsync(TimeSpan.FromMilliseconds(random.Next(1200)));
            await server.StartAgainAsync();
        }
        load.Stop();
        await loading;
        end.SetResult((await api.ReplaceAsync(ApiLoad.Shared(0), 1, 0)).Answer!.Revision);
        // One more, for those who had seen the first before they were told that it is the end.
        var last = (await api.ReplaceAsync(ApiLoad.Shared(0), 2, 0)).Answer!.Revision;
        await Task.WhenAll(watching).WaitAsync(Patience, TimeProvider.System);

        var truth = new List<ApiEvent>();
        await foreach (var change in api.WatchAsync(start, ""))
        {
            if (change.Type != "BOOKMARK")
                truth.Add(change);
            if (change.Revision >= last)
                break;
        }
        var state = (await api.ListAsync()).Values;
        output.WriteLine(
            $"{Rounds} kills, seed {Seed}: {history.Acknowledged} writes acknowledged, {truth.Count} changes, " +
            $"watches resumed {string.Join('/', watchers.Select(watcher => watcher.Resumptions))} times");
        Assert.Empty(history.Violations([.. first, .. truth], state).Take(10));
        foreach (var watcher in watchers)
            Assert.Empty(watcher.Violations(truth).Take(10));
        Assert.DoesNotContain(load.Own, own => own.Value != state.ContainsKey(own.Key));
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
