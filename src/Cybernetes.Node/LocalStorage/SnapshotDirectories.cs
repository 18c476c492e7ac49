using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using Cybernetes.Foundation.Files;

namespace Cybernetes.Node.LocalStorage;

/// <summary>
/// Snapshots on the disk: <c>.snapshots/NAME/data</c> beside the volumes, with what is known of it in <c>facts</c>. Each comes by one rename
/// once all of it is on the disk: whoever is killed before leaves a <c>.part</c>, which is swept away.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class SnapshotDirectories(LocalStorageOptions options)
{
    private const string Unfinished = ".part";
    private const string FactsFile = "facts";

    private string Root => Path.Combine(options.Directory, ".snapshots");

    /// <summary>Bytes that the snapshots took when they were taken.</summary>
    public long UsedBytes() => Directory.Exists(Root)
        ? Directory.EnumerateDirectories(Root).Sum(d => Read(Path.Combine(d, FactsFile))?.UsedBytes ?? 0) : 0;

    /// <summary>Removes what a killed predecessor did not finish, of snapshots and of volumes.</summary>
    public void Sweep()
    {
        foreach (var parent in new[] { Root, options.Directory }.Where(Directory.Exists))
        {
            foreach (var left in Directory.EnumerateDirectories(parent, ".*" + Unfinished))
                TreeRemoval.Run(left);
        }
    }

    public SnapshotFacts? Find(string name) => Read(Path.Combine(Root, name, FactsFile));

    /// <summary>Where the data of a snapshot is.</summary>
    public string DataOf(string name) => Path.Combine(Root, name, "data");

    /// <summary>Copies a volume as it is; a snapshot that is there already stays as it is.</summary>
    /// <exception cref="IOException">It could not be copied whole; nothing is left of it.</exception>
    public SnapshotFacts Take(string name, string volumePath, SnapshotFacts facts, CancellationToken cancellation)
    {
        if (Find(name) is { } there)
            return there;
        Finish(Root, name, part =>
        {
            var data = Path.Combine(part, "data");
            Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            AtomicFile.Write(Path.Combine(part, FactsFile), Write(facts), AtomicFile.OwnerOnly);
            TreeCopy.Run(volumePath, data, cancellation);
        });
        return facts;
    }

    /// <summary>Makes a volume's directory out of another one; one that is there already is whole.</summary>
    /// <exception cref="IOException">It could not be copied whole; nothing is left of it.</exception>
    public string Fill(string volume, string from, CancellationToken cancellation)
    {
        var path = Path.Combine(options.Directory, volume);
        if (!Directory.Exists(path))
            Finish(options.Directory, volume, part => TreeCopy.Run(from, part, cancellation));
        return path;
    }

    /// <summary>Removes a snapshot; gone already is as good.</summary>
    public void Remove(string name)
    {
        var path = Path.Combine(Root, name);
        if (!Directory.Exists(path))
            return;
        // The facts go first: a snapshot that is half removed is none.
        File.Delete(Path.Combine(path, FactsFile));
        TreeRemoval.Run(path);
    }

    private static void Finish(string parent, string name, Action<string> fill)
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(parent);
        var (part, whole) = (Path.Combine(parent, "." + name + Unfinished), Path.Combine(parent, name));
        if (Directory.Exists(part))
            TreeRemoval.Run(part);
        // What stands here without being whole was being removed.
        if (Directory.Exists(whole))
            TreeRemoval.Run(whole);
        Directory.CreateDirectory(part, ownerOnly);
        try
        {
            fill(part);
        }
        catch
        {
            TreeRemoval.Run(part);
            throw;
        }
        Directory.Move(part, whole);
        FileCalls.FlushDirectory(parent);
    }

    private static byte[] Write(SnapshotFacts facts) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{facts.TakenAt.UtcTicks} {facts.RestoreBytes} {facts.UsedBytes}\n"));

    /// <summary>Null when there are none, or none that we have written.</summary>
    private static SnapshotFacts? Read(string path)
    {
        if (!File.Exists(path) || File.ReadAllText(path).Split(' ') is not [var ticks, var restore, var used])
            return null;
        return long.TryParse(ticks, CultureInfo.InvariantCulture, out var takenAt) && long.TryParse(restore, CultureInfo.InvariantCulture, out var restoreBytes)
            && long.TryParse(used, CultureInfo.InvariantCulture, out var usedBytes)
            ? new(new DateTimeOffset(takenAt, TimeSpan.Zero), restoreBytes, usedBytes) : null;
    }
}
