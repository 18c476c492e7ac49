using System.Diagnostics;
using System.Runtime.Versioning;
using Cybernetes.Node.LocalStorage;

namespace Cybernetes.Node.Tests.LocalStorage;

/// <summary>Directories copied whole, and snapshots that are there or not there.</summary>
[SupportedOSPlatform("linux")]
public sealed class TreeCopyTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("tree-copy").FullName;

    private string From => Path.Combine(_folder, "from");

    private string To => Path.Combine(_folder, "to");

    // Names that are no text are beyond System.IO.
    public void Dispose() => TreeRemoval.Run(_folder);

    [Fact]
    public void Run_FilesOfEveryKind_AreTheSameThere()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "volumes are copied on Linux only");
        Shell("""
            mkdir -p from/deep/er from/empty && cd from
            echo text > deep/er/file && chmod 640 deep/er/file && ln deep/er/file again && ln again deep/third
            ln -s deep/er/file link && ln -s /nowhere/at/all dangling && ln -s . self
            mkfifo pipe && chmod 2750 empty && touch -d 2001-02-03T04:05:06Z again
            truncate -s 64M sparse && printf end | dd of=sparse bs=1 seek=33554432 conv=notrunc status=none
            printf x > "$(printf 'not\377text')" && printf y > "$(printf 'two\nlines')"
            """);
        Copy();

        Assert.Equal(Listing(From), Listing(To));
        Assert.Equal("", Shell("diff -r --no-dereference from/deep to/deep; cmp from/sparse to/sparse"));
        Assert.Equal("1", Shell("stat -c %i to/again to/deep/er/file to/deep/third | sort -u | wc -l").Trim());
        Assert.True(long.Parse(Shell("stat -c %b to/sparse").Trim(), System.Globalization.CultureInfo.InvariantCulture) < 2048, "holes stay holes");
        Assert.Equal(TreeCopy.UsedBytes(From, default), TreeCopy.UsedBytes(To, default));
        // The copy is one of its own.
        File.WriteAllText(Path.Combine(To, "again"), "changed");
        Assert.Equal("text\n", File.ReadAllText(Path.Combine(From, "again")));
    }

    [Fact]
    public void Run_LinksThatLeadOut_AreCopiedNotFollowed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "volumes are copied on Linux only");
        Shell("mkdir from secrets && echo secret > secrets/key && ln -s ../secrets from/out && ln -s ../secrets/key from/key");
        Copy();

        Assert.Equal("../secrets", new DirectoryInfo(Path.Combine(To, "out")).LinkTarget);
        Assert.Equal("../secrets/key", new FileInfo(Path.Combine(To, "key")).LinkTarget);
        TreeRemoval.Run(To);
        Assert.Equal("secret\n", File.ReadAllText(Path.Combine(_folder, "secrets", "key")));
        Assert.Throws<FileCallException>(() => TreeCopy.Run(Path.Combine(From, "out"), From, default));
    }

    [Fact]
    public void Run_CancelledOrTooDeep_Stops()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "volumes are copied on Linux only");
        Shell("mkdir from to && echo x > from/file");
        Assert.Throws<OperationCanceledException>(() => TreeCopy.Run(From, To, new CancellationToken(canceled: true)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(To));
        var deep = string.Join('/', Enumerable.Repeat("d", TreeCopy.MaximumDepth + 1));
        Shell($"cd from && mkdir -p {deep}");
        Assert.Contains("directories within each other",
            Assert.Throws<IOException>(() => TreeCopy.Run(From, To, default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Snapshot_TakenTwiceOrCutShort_IsWholeOrNotThere()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "volumes are copied on Linux only");
        var snapshots = new SnapshotDirectories(new() { NodeName = "n", Directory = _folder });
        Shell("mkdir from && echo one > from/file");
        Assert.Throws<OperationCanceledException>(() => snapshots.Take("s", From, new(Now, 5, 7), new CancellationToken(canceled: true)));
        Assert.Null(snapshots.Find("s"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_folder, ".snapshots")));

        // What a killed process leaves: a part, and a snapshot whose removal had begun.
        Shell("mkdir -p .snapshots/.s.part/data .pvc-1.part .snapshots/t/data && echo half > .snapshots/.s.part/data/file");
        snapshots.Sweep();
        Assert.Equal(["t"], Directory.EnumerateDirectories(Path.Combine(_folder, ".snapshots")).Select(Path.GetFileName));
        Assert.False(Directory.Exists(Path.Combine(_folder, ".pvc-1.part")));
        Assert.Null(snapshots.Find("t"));

        Assert.Equal(new SnapshotFacts(Now, 5, 7), snapshots.Take("t", From, new(Now, 5, 7), default));
        File.WriteAllText(Path.Combine(From, "file"), "two");
        Assert.Equal(new SnapshotFacts(Now, 5, 7), snapshots.Take("t", From, new(Now.AddDays(1), 6, 8), default));
        Assert.Equal("one\n", File.ReadAllText(Path.Combine(snapshots.DataOf("t"), "file")));
        Assert.Equal(7, snapshots.UsedBytes());
        var volume = snapshots.Fill("pvc-1", snapshots.DataOf("t"), default);
        Assert.Equal("one\n", File.ReadAllText(Path.Combine(volume, "file")));
        snapshots.Remove("t");
        snapshots.Remove("t");
        Assert.Null(snapshots.Find("t"));
    }

    /// <summary>Kind, permissions, owner, size, time of change, number of names and target of everything.</summary>
    private string Listing(string folder) => Shell(
        $"cd {folder} && find . -type d -printf '%P %m %U %G %Ts\\n' -o -printf '%P %y %m %U %G %s %Ts %n %l\\n' | sort");

    private void Copy()
    {
        Directory.CreateDirectory(To);
        TreeCopy.Run(From, To, default);
    }

    private string Shell(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", script])
        {
            WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal("", error);
        return output.Result;
    }
}
