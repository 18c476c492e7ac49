using System.Text;

namespace Cybernetes.Network.ServiceProxy.Iptables;

/// <summary>Removes what a service proxy made: jumps first, then rules, then chains.</summary>
internal static class IptablesCleaner
{
    private static readonly string[] s_prefixes = ["KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-", "KUBE-SEP-"];

    /// <summary>Whether a nat chain belongs to a single service.</summary>
    public static bool IsServiceChain(string chain) => s_prefixes.Any(p => chain.StartsWith(p, StringComparison.Ordinal));

    public static async Task CleanAsync(CancellationToken cancellation)
    {
        foreach (var table in new[] { "filter", "nat" })
        {
            var (exit, saved, _) = await CommandRunner.RunAsync("iptables-save", ["-t", table], null, cancellation).ConfigureAwait(false);
            if (exit == 0 && Removal(table, saved) is { } removal)
                await new IptablesCommands().RestoreAsync(removal, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>From a table's dump, the restore input that takes our part out of it; null when there is none.</summary>
    internal static string? Removal(string table, string saved)
    {
        var lines = saved.Split('\n');
        var chains = lines.Where(l => l.StartsWith(":KUBE-", StringComparison.Ordinal)).Select(l => l[1..l.IndexOf(' ')]).ToList();
        if (chains.Count == 0)
            return null;
        var text = new StringBuilder("*" + table + "\n");
        foreach (var chain in chains)
            text.Append(':').Append(chain).Append(" - [0:0]\n");
        foreach (var line in lines.Where(l => l.StartsWith("-A ", StringComparison.Ordinal) && !l.StartsWith("-A KUBE-", StringComparison.Ordinal)))
        {
            if (line.Contains(" -j KUBE-", StringComparison.Ordinal))
                text.Append("-D ").Append(line.AsSpan(3)).Append('\n');
        }
        foreach (var chain in chains)
            text.Append("-X ").Append(chain).Append('\n');
        return text.Append("COMMIT\n").ToString();
    }
}
