using System.Diagnostics;
using System.Globalization;
using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Tests.Embedded;

namespace Cybernetes.Store.Tests.Crash;

public class CrashTests
{
    private static readonly int Rounds = Soak.Rounds(8);

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Kill_AtRandomMoments_LosesNoAnsweredWrite(int seed, bool compacts)
    {
        var random = new Random(Soak.Seed(seed));
        await using var folder = new TemporaryFolder();
        var lastRevision = 1L;
        var nextCount = 0;
        var watched = new List<long>();
        for (var round = 0; round < Rounds; round++)
        {
            var answers = await WriteUntilKilledAsync(
                folder.Path, nextCount, compacts ? null : watched, killAfter: random.Next(1, 3000));
            Assert.NotEmpty(answers);
            var revisions = answers.Select(answer => answer.Revision).ToList();
            // Deletions of what is not there answer with a revision that is not theirs.
            var own = answers.Where(answer => answer.Count % 7 != 6).Select(answer => answer.Revision).ToList();
            Assert.Equal(own.Count, own.Distinct().Count());
            Assert.True(revisions.Min() >= lastRevision, "a revision was used twice");
            lastRevision = await CheckAsync(folder.Path, answers, compacts);
            nextCount = answers.Max(answer => answer.Count) + 100;
        }
        if (!compacts)
            await CheckWatchAsync(folder.Path, watched);
    }

    private static async Task<List<Answer>> WriteUntilKilledAsync(string folder, int firstCount, List<long>? watched, int killAfter)
    {
        // Not this process's own path: that may be the dotnet host.
        var program = Path.Combine(
            AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Cybernetes.Store.Tests.exe" : "Cybernetes.Store.Tests");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        foreach (var argument in new[] { CrashingWriter.Argument, folder, $"{firstCount}", watched is null ? "compact" : "keep", $"{ResumeFrom(watched)}" })
            start.ArgumentList.Add(argument);
        using var child = Process.Start(start)!;
        var answers = new List<Answer>();
        try
        {
            while (answers.Count < killAfter && await child.StandardOutput.ReadLineAsync() is { } line)
                Take(line, answers, watched);
        }
        finally
        {
            child.Kill();
        }
        // What was in the pipe when it was killed was answered as well; the last line may be torn.
        var rest = await child.StandardOutput.ReadToEndAsync();
        foreach (var line in rest.Split('\n')[..^1])
            Take(line, answers, watched);
        await child.WaitForExitAsync();
        return answers;
    }

    private static long ResumeFrom(List<long>? watched) => watched is null ? 0 : watched.Count == 0 ? 2 : watched[^1] + 1;

    private static void Take(string line, List<Answer> answers, List<long>? watched)
    {
        if (line.StartsWith(CrashingWriter.WatchMark, StringComparison.Ordinal))
            watched!.Add(long.Parse(line.AsSpan(CrashingWriter.WatchMark.Length), CultureInfo.InvariantCulture));
        else
            answers.Add(Answer.Parse(line));
    }

    /// <summary>A watcher that began again after each crash behind the last change it had seen saw each change exactly once, in order.</summary>
    private static async Task CheckWatchAsync(string folder, List<long> watched)
    {
        await using var store = EmbeddedStore.Open(
            folder, new VirtualTimeProvider(), new EmbeddedStoreOptions { CompactionInterval = TimeSpan.Zero }).Value;
        await using var watch = store.Watch(new WatchRequest(KeyRange.All) { StartRevision = 2 });
        Assert.NotEmpty(watched);
        var happened = new List<long>();
        while (happened.Count == 0 || happened[^1] < watched[^1])
            happened.AddRange((await watch.ReadAsync()).Events.Select(change => change.Record.ModRevision));
        Assert.Equal(happened.Take(watched.Count), watched);
    }

    private static async Task<long> CheckAsync(string folder, List<Answer> answers, bool compacts)
    {
        await using var store = EmbeddedStore.Open(
            folder, new VirtualTimeProvider(), new EmbeddedStoreOptions { CompactionInterval = TimeSpan.Zero }).Value;
        var status = (await store.StatusAsync()).Value;
        Assert.True(status.Revision >= answers.Max(answer => answer.Revision), "an answered revision is gone");
        foreach (var record in (await store.RangeAsync(new RangeRequest(KeyRange.All))).Value.Records)
            AssertWhole(record);
        foreach (var key in answers.GroupBy(answer => CrashingWriter.Key(answer.Writer, answer.Count)))
        {
            var last = key.MaxBy(answer => answer.Count)!;
            var record = (await store.GetAsync(key.Key)).Value.Record;
            // A write that was not answered any more may have followed, but nothing older may be there.
            if (record is not null)
                Assert.True(CrashingWriter.CountOf(record.Value) >= last.Count, $"{key.Key} lost {last}");
            else if (last.Count % 7 != 6)
                Assert.True(await WasDeletedLaterAsync(store, key.Key, last), $"{key.Key} lost {last}");
        }
        if (!compacts)
            await CheckHistoryAsync(store, answers);
        return status.Revision;
    }

    private static async Task<bool> WasDeletedLaterAsync(EmbeddedStore store, string key, Answer last)
    {
        var compacted = (await store.StatusAsync()).Value.CompactRevision;
        if (last.Revision < compacted)
            return true;
        await using var watch = store.Watch(new WatchRequest(KeyRange.Key(key)) { StartRevision = last.Revision + 1 });
        watch.RequestProgress();
        return (await watch.ReadAsync()).Events is [.., { IsDeletion: true }];
    }

    private static async Task CheckHistoryAsync(EmbeddedStore store, List<Answer> answers)
    {
        foreach (var answer in answers.Where(answer => answer.Count % 7 != 6))
        {
            var key = CrashingWriter.Key(answer.Writer, answer.Count);
            var record = (await store.GetAsync(key, answer.Revision)).Value.Record;
            Assert.NotNull(record);
            Assert.Equal((answer.Revision, answer.Count), (record.ModRevision, CrashingWriter.CountOf(record.Value)));
            AssertWhole(record);
        }
    }

    private static void AssertWhole(Record record)
    {
        var expected = CrashingWriter.Value(record.Key, CrashingWriter.CountOf(record.Value));
        RevisionStamp.Write(expected, record.ModRevision);
        Assert.True(record.Value.Span.SequenceEqual(expected), $"{record} is not what was written");
    }

    private sealed record Answer(int Writer, int Count, long Revision)
    {
        public static Answer Parse(string line)
        {
            var parts = line.Split(' ').Select(part => long.Parse(part, CultureInfo.InvariantCulture)).ToArray();
            return new Answer((int)parts[0], (int)parts[1], parts[2]);
        }
    }
}
