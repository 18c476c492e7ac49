using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Faults;

/// <summary>Snapshots and moves of the store are killed in the middle.</summary>
public sealed class BackupCrashTests
{
    private const int Rounds = 6;

    [ClusterFact]
    public async Task SnapshotSave_UnderLoadAndKilled_LeavesAWholeFileOrTheOneBefore()
    {
        var random = new Random(1);
        await using var server = await CybServer.StartAsync(new CybServerOptions { Arguments = ["--disable", "node,proxy,scheduler,controllers"] });
        var folder = Machine.CreateScratch("snapshot");
        var file = Path.Combine(folder, "cluster.snapshot");
        var (history, api) = (new ApiHistory(), new ApiClient(server.Http, "default"));
        var load = new ApiLoad(api, history, 4, seed: 1);
        var loading = load.RunAsync();
        string[] save = ["snapshot", "save", file, "--data-dir", server.DataDirectory];
        (await Command.RunAsync(Machine.Program, save)).EnsureSuccess();
        for (var round = 0; round < Rounds; round++)
        {
            await KillWhileRunningAsync(save, folder, TimeSpan.FromMilliseconds(random.Next(50, 400)));
            (await Command.RunAsync(Machine.Program, ["snapshot", "status", file])).EnsureSuccess();
        }
        (await Command.RunAsync(Machine.Program, save)).EnsureSuccess();
        load.Stop();
        await loading;

        // What it holds is one state: restored, it serves.
        await server.KillAsync();
        var restored = Path.Combine(folder, "restored");
        (await Command.RunAsync(Machine.Program, ["snapshot", "restore", file, "--data-dir", restored])).EnsureSuccess();
        await using var again = await CybServer.StartAsync(
            new CybServerOptions { Arguments = ["--disable", "node,proxy,scheduler,controllers", "--data-dir", restored] });
        Assert.NotEmpty((await new ApiClient(again.Http, "default").ListAsync()).Values);
        Machine.DeleteScratch(folder);
    }

    [ClusterFact]
    public async Task Migrate_KilledInTheMiddle_LeavesTheSourceAndIsRefusedOrWholeTheNextTime()
    {
        var random = new Random(2);
        await using var etcd = await Etcd.StartAsync();
        await using var server = await CybServer.StartAsync(new CybServerOptions { Arguments = ["--disable", "node,proxy,scheduler,controllers"] });
        var folder = Machine.CreateScratch("migrate");
        var api = new ApiClient(server.Http, "default");
        for (var i = 0; i < 300; i++)
            await api.CreateAsync($"moved-{i}", i);
        var expected = (await api.ListAsync()).Values;
        await server.StopAsync();
        for (var round = 0; round < Rounds; round++)
        {
            var migrate = Migrate($"/killed-{round}");
            await KillWhileRunningAsync(migrate, folder, TimeSpan.FromMilliseconds(random.Next(50, 600)));
            var again = await Command.RunAsync(Machine.Program, migrate);
            if (again.ExitCode != 0)
                Assert.Contains("already", again.Error, StringComparison.Ordinal);
        }
        // The source is as it was, and goes over whole.
        (await Command.RunAsync(Machine.Program, Migrate("/whole"))).EnsureSuccess();
        await server.StartAgainAsync();
        Assert.Equal(expected.OrderBy(one => one.Key), (await api.ListAsync()).Values.OrderBy(one => one.Key));
        await using var moved = await CybServer.StartAsync(new CybServerOptions
        {
            Arguments = ["--disable", "node,proxy,scheduler,controllers", "--etcd-servers", etcd.Address, "--etcd-prefix", "/whole"],
        });
        Assert.Equal(
            expected.OrderBy(one => one.Key), (await new ApiClient(moved.Http, "default").ListAsync()).Values.OrderBy(one => one.Key));
        Machine.DeleteScratch(folder);

        string[] Migrate(string prefix) =>
            ["store", "migrate", "--to", "etcd", "--etcd-servers", etcd.Address, "--etcd-prefix", prefix, "--data-dir", server.DataDirectory];
    }

    private static async Task KillWhileRunningAsync(string[] arguments, string folder, TimeSpan after)
    {
        await using var process = BackgroundProcess.Start(null, Path.Combine(folder, "log"), Machine.Program, arguments);
        await Task.Delay(after, TimeProvider.System);
        await process.KillAsync();
    }
}
