using System.Globalization;
using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Figures;

/// <summary>Measured, not asserted: <c>./dev bench figures</c>.</summary>
public sealed class ServerFigures(ITestOutputHelper output)
{
    private const int Runs = 5;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(20);

    [ClusterFact(Explicit = true)]
    public async Task Server_WithoutNodeAndProxy_StartTimeAndIdleMemory()
    {
        await using var server = await CybServer.StartAsync(new CybServerOptions { Arguments = [] });
        var first = server.LastStart;
        var again = new List<double>();
        for (var run = 0; run < Runs; run++)
        {
            await server.StopAsync();
            await server.StartAgainAsync();
            again.Add(server.LastStart.TotalMilliseconds);
        }
        await Task.Delay(IdleTime, TimeProvider.System);

        output.WriteLine($"exec to /readyz, first start (keys are made): {first.TotalMilliseconds:0} ms");
        output.WriteLine($"exec to /readyz, later starts: {string.Join(", ", again.Select(ms => ms.ToString("0", CultureInfo.InvariantCulture)))} ms");
        output.WriteLine($"memory after {IdleTime.TotalSeconds} s: {await MemoryAsync(server.ProcessId)}");
    }

    private static async Task<string> MemoryAsync(int processId) => string.Join(", ", (await File.ReadAllLinesAsync($"/proc/{processId}/status"))
        .Where(line => line.StartsWith("VmRSS", StringComparison.Ordinal) || line.StartsWith("RssAnon", StringComparison.Ordinal))
        .Select(line => string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))));
}
