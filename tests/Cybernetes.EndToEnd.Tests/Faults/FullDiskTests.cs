using System.Net;
using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Faults;

/// <summary>The disk of a server fills up, and has space again.</summary>
public sealed class FullDiskTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [ClusterFact]
    public async Task Disk_FullForAWhile_WritesAreRefusedReadsGoOnAndItRecoversByItself()
    {
        await Machine.PrepareAsync();
        var disk = Machine.CreateScratch("disk");
        (await Command.RunAsync("mount", ["-t", "tmpfs", "-o", "size=48m,mode=700", "tmpfs", disk])).EnsureSuccess();
        try
        {
            await using var server = await CybServer.StartAsync(
                new CybServerOptions { Arguments = ["--disable", "node,proxy,scheduler,controllers", "--data-dir", disk] });
            await FillAndFreeAsync(server, Path.Combine(disk, "filler"));
        }
        finally
        {
            await Command.RunAsync("umount", ["--lazy", disk]);
            Machine.DeleteScratch(disk);
        }
    }

    private static async Task FillAndFreeAsync(CybServer server, string filler)
    {
        var api = new ApiClient(server.Http, "default");
        var before = (await api.CreateAsync("before", 1)).Answer!;
        Fill(filler);
        var (refused, acknowledged) = (false, 0);
        for (var i = 0; !refused; i++)
        {
            // What the log's file has room for is still taken.
            var (code, _) = await api.CreateAsync($"full-{i}", 13 * i);
            refused = code != HttpStatusCode.Created;
            if (refused)
                Assert.InRange((int)code, 500, 599);
            else
                acknowledged++;
        }
        using (var ready = await server.Http.GetAsync("readyz"))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, ready.StatusCode);
            Assert.Contains("[-]etcd failed", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        using (var why = await server.Http.GetAsync("readyz/etcd"))
            Assert.Contains("full", await why.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("The store cannot write", server.LogTail(), StringComparison.Ordinal);
        Assert.Equal(before, (await api.GetAsync("before")).Answer);
        Assert.Equal(acknowledged + 1, (await api.ListAsync()).Values.Count);

        File.Delete(filler);
        await Until.TrueAsync(
            "the server is ready though nobody writes", Patience,
            async () =>
            {
                using var ready = await server.Http.GetAsync("readyz");
                return ready.IsSuccessStatusCode;
            },
            server.LogTail);
        Assert.Equal(HttpStatusCode.Created, (await api.CreateAsync("after", 13)).Code);
        await server.KillAsync();
        await server.StartAgainAsync();
        Assert.Equal(acknowledged + 2, (await api.ListAsync()).Values.Count);
    }

    private static void Fill(string filler)
    {
        using var file = new FileStream(filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[64 * 1024];
        for (var size = block.Length; size >= 4096;)
        {
            try
            {
                file.Write(block.AsSpan(0, size));
            }
            catch (IOException)
            {
                size /= 2; // full for blocks of this size
            }
        }
    }
}
