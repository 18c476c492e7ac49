using System.Net;
using System.Net.Sockets;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>One etcd member on loopback with its own data. Disposing ends it and deletes the data.</summary>
internal sealed class Etcd : IAsyncDisposable
{
    private readonly string _folder;
    private readonly BackgroundProcess _process;

    private Etcd(string folder, BackgroundProcess process, string address) =>
        (_folder, _process, Address) = (folder, process, address);

    /// <summary>For <c>--etcd-servers</c>.</summary>
    public string Address { get; }

    public static async Task<Etcd> StartAsync()
    {
        await Machine.PrepareAsync();
        var folder = Machine.CreateScratch("etcd");
        var (client, peer) = ($"http://127.0.0.1:{FreePort()}", $"http://127.0.0.1:{FreePort()}");
        string[] arguments =
        [
            "--name", "m0", "--data-dir", folder + "/data", "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"m0={peer}",
        ];
        var process = BackgroundProcess.Start(null, folder + "/etcd.log", "/usr/bin/etcd", arguments);
        var etcd = new Etcd(folder, process, client);
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri(client) };
            await Until.TrueAsync("etcd is healthy", TimeSpan.FromSeconds(60), () => IsHealthyAsync(http), () => process.LogTail());
            return etcd;
        }
        catch
        {
            await etcd.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Machine.DeleteScratch(_folder);
    }

    private static async Task<bool> IsHealthyAsync(HttpClient http)
    {
        try
        {
            return (await http.GetStringAsync("health")).Contains("true", StringComparison.Ordinal);
        }
        catch (Exception notYet) when (notYet is HttpRequestException or IOException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
