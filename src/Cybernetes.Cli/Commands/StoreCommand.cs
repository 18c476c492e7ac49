using Cybernetes.Cli.Flags;
using Cybernetes.Cluster.Serving;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb store migrate</c>: between the embedded store and etcd.</summary>
internal sealed class StoreCommand : Command
{
    private readonly Flag<string> _dataDirectory;
    private readonly EtcdFlags _etcd;
    private readonly Flag<string> _to;

    public StoreCommand()
    {
        _dataDirectory = Flags.Text("data-dir", ServingFlags.DefaultDataDirectory(), "The server's data directory", "directory");
        _etcd = new EtcdFlags(Flags);
        _to = Flags.Text("to", "", "Where the objects shall go: etcd or embedded", "engine");
    }

    public override string Name => "store";

    public override string Summary => "Move the cluster's objects between the data directory and etcd";

    public override string Description => Summary + """
        .
        The servers must be stopped. The source stays as it is; the target must be empty. Versions never go back: etcd is brought up to
        the source's revision first, which takes a small write a revision.
        """;

    public override string Arguments => "migrate";

    public override string Examples => """
        # From the data directory into an empty etcd
        cyb store migrate --to etcd --etcd-servers http://127.0.0.1:2379
        # From etcd into a new data directory
        cyb store migrate --to embedded --etcd-servers http://127.0.0.1:2379 --data-dir /var/lib/cybernetes-new
        """;

    public override async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandConsole console)
    {
        if (arguments is not ["migrate"])
            throw new FlagException("\"cyb store\" takes one argument: migrate");
        var etcd = new StoreLocation("", _etcd.ToOptions() ?? throw new FlagException("--etcd-servers is needed"));
        var embedded = new StoreLocation(Path.GetFullPath(_dataDirectory.Value), null);
        (StoreLocation from, StoreLocation to) = _to.Value switch
        {
            "etcd" => (embedded, etcd),
            "embedded" => (etcd, embedded),
            _ => throw new FlagException("--to must be 'etcd' or 'embedded'"),
        };
        try
        {
            (long keys, long revision) = await StoreBackup.MigrateAsync(from, to, CancellationToken.None).ConfigureAwait(false);
            await console.Out.WriteLineAsync($"{keys} keys of revision {revision} moved from {from} to {to}").ConfigureAwait(false);
            return ExitCodes.Success;
        }
        catch (ControlPlaneException failure)
        {
            await console.Error.WriteLineAsync($"error: {failure.Message}").ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }
}
