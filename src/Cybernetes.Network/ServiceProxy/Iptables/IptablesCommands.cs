using System.ComponentModel;

namespace Cybernetes.Network.ServiceProxy.Iptables;

/// <summary>A packet filter command failed; the message holds what it printed.</summary>
internal sealed class IptablesException(string message) : Exception(message);

/// <summary>Runs iptables and iptables-restore of the host.</summary>
internal sealed class IptablesCommands
{
    /// <summary>Creates our chains and the jumps to them where they are missing.</summary>
    public async Task EnsureBaseAsync(CancellationToken cancellation)
    {
        foreach (var table in new[] { "filter", "nat" })
        {
            var own = BaseChains.Jumps.Where(j => j.Table == table).Select(j => j.To).Distinct().Append(BaseChains.Canary);
            // Declaring a chain that exists would empty it, so each is made by itself and may be there already.
            foreach (var chain in own.Concat(table == "nat" ? ["KUBE-NODEPORTS", "KUBE-MARK-MASQ"] : []).Distinct())
                await RunAsync("iptables", ["-w", "5", "-t", table, "-N", chain], null, mayFail: true, cancellation).ConfigureAwait(false);
        }
        foreach (var jump in BaseChains.Jumps)
        {
            string[] Arguments(string verb) => ["-w", "5", "-t", jump.Table, verb, jump.From, .. BaseChains.RuleArguments(jump)];
            if (!await RunAsync("iptables", Arguments("-C"), null, mayFail: true, cancellation).ConfigureAwait(false))
                await RunAsync("iptables", Arguments("-I"), null, mayFail: false, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the canary still lives; false after somebody flushed or deleted our chains.</summary>
    public Task<bool> IsInPlaceAsync(CancellationToken cancellation) =>
        RunAsync("iptables", ["-w", "5", "-t", "nat", "-S", BaseChains.Canary], null, mayFail: true, cancellation);

    /// <summary>Applies a rule set in one transaction a table.</summary>
    /// <exception cref="IptablesException">The kernel or the command refused; nothing of that table changed.</exception>
    public Task RestoreAsync(string rules, CancellationToken cancellation) =>
        RunAsync("iptables-restore", ["-w", "5", "--noflush", "--counters"], rules, mayFail: false, cancellation);

    /// <summary>The names of the nat table's chains, to find what an earlier run left.</summary>
    public async Task<IReadOnlyList<string>> NatChainsAsync(CancellationToken cancellation)
    {
        var (exit, output, _) = await CommandRunner.RunAsync("iptables-save", ["-t", "nat"], null, cancellation).ConfigureAwait(false);
        if (exit != 0)
            return [];
        return [.. output.Split('\n').Where(l => l.StartsWith(':')).Select(l => l[1..l.IndexOf(' ')])];
    }

    private static async Task<bool> RunAsync(string command, string[] arguments, string? input, bool mayFail, CancellationToken cancellation)
    {
        try
        {
            var (exit, _, error) = await CommandRunner.RunAsync(command, arguments, input, cancellation).ConfigureAwait(false);
            if (exit != 0 && !mayFail)
                throw new IptablesException($"{command} {string.Join(' ', arguments)}: {error.Trim()}");
            return exit == 0;
        }
        catch (Win32Exception missing)
        {
            throw new IptablesException($"{command} cannot be started ({missing.Message}): install the package iptables, or run without the proxy part");
        }
    }
}
