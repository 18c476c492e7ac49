using System.Globalization;
using Cybernetes.Cli.Flags;
using Cybernetes.Cluster.Serving;
using Cybernetes.Store.Snapshots;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb snapshot save|status|restore FILE</c>, in etcdctl's words.</summary>
internal sealed class SnapshotCommand : Command
{
    private readonly Flag<string> _dataDirectory;
    private readonly EtcdFlags _etcd;
    private readonly Flag<string> _output;
    private readonly Flag<int> _bump;

    public SnapshotCommand()
    {
        _dataDirectory = Flags.Text(
            "data-dir", ServingFlags.DefaultDataDirectory(), "The server's data directory; for restore: a new one", "directory");
        _etcd = new EtcdFlags(Flags);
        _output = Flags.Text("write-out", "simple", "How the result is printed: simple, table or json", "format", 'w');
        _bump = Flags.Number(
            "bump-revision", 1_000_000_000, "restore: how many revisions to skip, so that none is given out twice", 0, int.MaxValue);
    }

    public override string Name => "snapshot";

    public override string Summary => "Save the cluster's objects to a file, look at such a file, or restore it";

    public override string Description => Summary + """
        .
        save may be run beside a running server, on its machine (or against its etcd), and takes one consistent state.
        restore makes a new store out of the file; certificates and keys are not in it: copy the data directory's pki as well.
        """;

    public override string Arguments => "save|status|restore FILE";

    public override string Examples => """
        # Beside a running server
        cyb snapshot save /var/backups/cluster.snapshot
        # What is in it, and is it whole
        cyb snapshot status /var/backups/cluster.snapshot -w table
        # Into a new data directory, then start the server on it
        cyb snapshot restore /var/backups/cluster.snapshot --data-dir /var/lib/cybernetes-restored
        """;

    public override async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandConsole console)
    {
        if (arguments.Count != 2)
            throw new FlagException("\"cyb snapshot\" takes what to do and a file: cyb snapshot save FILE");
        if (_output.Value is not ("simple" or "table" or "json"))
            throw new FlagException("--write-out must be 'simple', 'table' or 'json'");
        string file = arguments[1];
        var place = new StoreLocation(Path.GetFullPath(_dataDirectory.Value), _etcd.ToOptions());
        try
        {
            switch (arguments[0])
            {
                case "save":
                    SnapshotStatus saved = await StoreBackup.SaveAsync(place, file, CancellationToken.None).ConfigureAwait(false);
                    await console.Out.WriteAsync(Show(saved)).ConfigureAwait(false);
                    await console.Error.WriteLineAsync($"Snapshot saved at {file}").ConfigureAwait(false);
                    return ExitCodes.Success;
                case "status":
                    await console.Out.WriteAsync(Show(StoreBackup.Status(file))).ConfigureAwait(false);
                    return ExitCodes.Success;
                case "restore":
                    SnapshotStatus restored = await StoreBackup.RestoreAsync(place, file, _bump.Value, CancellationToken.None).ConfigureAwait(false);
                    await console.Out.WriteAsync(Show(restored)).ConfigureAwait(false);
                    await console.Error.WriteLineAsync($"Snapshot restored to {place}").ConfigureAwait(false);
                    return ExitCodes.Success;
                default:
                    throw new FlagException($"unknown argument \"{arguments[0]}\" for \"cyb snapshot\": save, status or restore");
            }
        }
        catch (ControlPlaneException failure)
        {
            await console.Error.WriteLineAsync($"error: {failure.Message}").ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }

    private string Show(SnapshotStatus status) => _output.Value switch
    {
        "table" => Table(status),
        "json" => Json(status) + "\n",
        _ => string.Join(", ", Cells(status)) + "\n",
    };

    private static string Json(SnapshotStatus status) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"hash":{{status.Hash}},"revision":{{status.Revision}},"totalKey":{{status.TotalKeys}},"totalSize":{{status.TotalBytes}}}""");

    private static string Table(SnapshotStatus status)
    {
        string[] heads = ["HASH", "REVISION", "TOTAL KEYS", "TOTAL SIZE"];
        string[] cells = Cells(status);
        int[] widths = [.. heads.Zip(cells, (head, cell) => Math.Max(head.Length, cell.Length) + 2)];
        string line = "+" + string.Join('+', widths.Select(width => new string('-', width))) + "+\n";
        string headRow = "|" + string.Join('|', heads.Zip(widths, Centred)) + "|\n";
        string cellRow = "|" + string.Join('|', cells.Zip(widths, (cell, width) => cell.PadLeft(width - 1) + " ")) + "|\n";
        return line + headRow + line + cellRow + line;
    }

    private static string[] Cells(SnapshotStatus status) =>
    [
        status.Hash.ToString("x", CultureInfo.InvariantCulture), status.Revision.ToString(CultureInfo.InvariantCulture),
        status.TotalKeys.ToString(CultureInfo.InvariantCulture), Size(status.TotalBytes),
    ];

    private static string Centred(string text, int width) => text.PadLeft(((width - text.Length) / 2) + text.Length).PadRight(width);

    /// <summary>As etcdctl shows sizes: powers of 1000, one decimal below ten.</summary>
    private static string Size(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        double size = bytes;
        int unit = 0;
        for (; size >= 1000 && unit < units.Length - 1; unit++)
            size /= 1000;
        string number = size.ToString(unit > 0 && size < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture);
        return $"{number} {units[unit]}";
    }
}
