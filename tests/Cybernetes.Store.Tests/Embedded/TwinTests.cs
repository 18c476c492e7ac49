using System.Text;
using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Tests.Contract;

namespace Cybernetes.Store.Tests.Embedded;

/// <summary>Random operations from a seed, on the engine and on its slow twin; both must say the same at every step.</summary>
public class TwinTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task InMemory_RandomOperations_EqualTheTwin(int seed)
    {
        var clock = new VirtualTimeProvider();
        await using var run = new TwinRun(seed, () => EmbeddedStore.OpenInMemory(clock, TwinRun.Options), canReopen: false);
        await run.RunAsync(4000);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Durable_RandomOperationsAndRestarts_EqualTheTwin(int seed)
    {
        await using var folder = new TemporaryFolder();
        var clock = new VirtualTimeProvider();
        await using var run = new TwinRun(seed, () => EmbeddedStore.Open(folder.Path, clock, TwinRun.Options).Value, canReopen: true);
        await run.RunAsync(1500);
    }

    private sealed class TwinRun(int seed, Func<EmbeddedStore> open, bool canReopen) : IAsyncDisposable
    {
        private readonly Random _random = new(seed);
        private readonly List<WatchPair> _watches = [];
        private readonly string _keyPrefix = "/registry/";
        private EmbeddedStore _store = open();
        private StoreTwin _twin = null!;
        private int _step;

        /// <summary>Small limits, so that a short run meets them; compaction comes only when the run asks for it.</summary>
        public static EmbeddedStoreOptions Options { get; } = new() { CompactionInterval = TimeSpan.Zero };

        public async Task RunAsync(int steps)
        {
            _twin = new StoreTwin((await _store.CurrentRevisionAsync()).Value);
            for (_step = 0; _step < steps; _step++)
                await StepAsync();
            foreach (var watch in _watches)
                await CompareAsync(watch);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var watch in _watches)
                await watch.Watch.DisposeAsync();
            await _store.DisposeAsync();
        }

        private Task StepAsync() => _random.Next(1000) switch
        {
            < 550 => WriteAsync(),
            < 850 => RangeAsync(),
            < 900 => PagesAsync(),
            < 930 => WatchAsync(),
            < 985 => CompareSomeWatchAsync(),
            < 996 => CompactAsync(),
            _ => ReopenAsync(),
        };

        private string Key() => $"{_keyPrefix}{(char)('a' + _random.Next(3))}/{_random.Next(120):000}";

        private KeyRange Range() => _random.Next(5) switch
        {
            0 => KeyRange.Key(Key()),
            1 => KeyRange.Between(Key(), _random.Next(2) == 0 ? null : Key()),
            2 => KeyRange.Prefix($"{_keyPrefix}{(char)('a' + _random.Next(3))}/"),
            3 => KeyRange.Prefix($"{_keyPrefix}{(char)('a' + _random.Next(3))}/{_random.Next(2)}"),
            _ => KeyRange.All,
        };

        private long SomeRevision() => Math.Max(1, _twin.Revision - (long)(_random.NextDouble() * _random.NextDouble() * _twin.Revision));

        private async Task WriteAsync()
        {
            var keys = Enumerable.Range(0, 1 + (_random.Next(4) == 0 ? _random.Next(12) : 0)).Select(_ => Key()).Distinct().ToList();
            var steps = keys.Select((key, i) => (key, _random.Next(3) == 0 ? null : $"v{_step}.{i}")).ToList();
            var compares = keys.Take(_random.Next(2)).Select(key => (key, ExpectedRevision(key))).ToList();
            var operations = steps.Select(step => step.Item2 is null
                ? (Operation)new DeleteOperation(step.key)
                : new PutOperation(step.key, Encoding.ASCII.GetBytes(step.Item2)));
            var transaction = new Transaction(
                [.. compares.Select(compare => Compare.ModRevision(compare.key, compare.Item2))], [.. operations], []);

            var result = (await _store.TransactAsync(transaction)).Value;

            Assert.Equal(_twin.Transact(compares, steps), result.Succeeded);
            Assert.Equal(_twin.Revision, result.Revision);
        }

        private long ExpectedRevision(string key) =>
            _twin.At(0).TryGetValue(key, out var record) && _random.Next(4) > 0 ? record.ModRevision : _random.Next(2) * _twin.Revision;

        private async Task RangeAsync()
        {
            var (range, limit) = (Range(), _random.Next(3) == 0 ? 1 + _random.Next(40) : 0);
            var revision = _random.Next(2) == 0 ? 0 : SomeRevision();
            var result = await _store.RangeAsync(new RangeRequest(range) { Limit = limit, Revision = revision });
            if (revision != 0 && revision < _twin.CompactRevision)
                Assert.Equal((StoreErrorKind.Compacted, _twin.CompactRevision), (result.Error?.Kind, result.Error?.CompactRevision));
            else
                Assert.Equal(_twin.Range(range, revision, limit), Show(result.Value));
        }

        private async Task PagesAsync()
        {
            var (range, limit, revision) = (Range(), 1 + _random.Next(60), _twin.Revision);
            var request = new RangeRequest(range) { Limit = limit };
            while (true)
            {
                var page = (await _store.RangeAsync(request)).Value;
                Assert.Equal(_twin.Range(request.Range, revision, limit), Show(page));
                if (!page.More)
                    return;
                request = request with { Range = request.Range.After(page.Records[^1].Key), Revision = revision };
                await WriteAsync();
            }
        }

        private async Task WatchAsync()
        {
            var start = _random.Next(3) == 0 ? 0 : SomeRevision() + _random.Next(3);
            var request = new WatchRequest(Range()) { StartRevision = start, PreviousRecords = true, GoesOnWithWriter = _watches.Count % 2 == 0 };
            var from = start == 0 ? _twin.Revision + 1 : start;
            _watches.Add(new WatchPair(_store.Watch(request), request.Range, from));
            if (_watches.Count <= 12)
                return;
            await CompareAsync(_watches[0]);
            await _watches[0].Watch.DisposeAsync();
            _watches.RemoveAt(0);
        }

        private Task CompareSomeWatchAsync() =>
            _watches.Count == 0 ? Task.CompletedTask : CompareAsync(_watches[_random.Next(_watches.Count)]);

        private async Task CompareAsync(WatchPair pair)
        {
            pair.Watch.RequestProgress();
            while (pair.Error is null)
            {
                var batch = await pair.Watch.ReadAsync();
                pair.Error = batch.Error;
                foreach (var change in batch.Events)
                    pair.Seen.Add(Show(change));
                if (batch.Events.Count == 0 && batch.Revision >= _twin.Revision)
                    break;
            }
            if (pair.Error is null)
                Assert.Equal(_twin.Watch(pair.Range, pair.From), string.Join('\n', pair.Seen));
            else
                Assert.Equal((StoreErrorKind.Compacted, true), (pair.Error.Kind, pair.From < _twin.CompactRevision));
        }

        private async Task CompactAsync()
        {
            var revision = SomeRevision();
            var result = await _store.CompactAsync(revision);
            if (revision <= _twin.CompactRevision)
            {
                Assert.Equal(StoreErrorKind.Compacted, result.Error?.Kind);
                return;
            }
            Assert.Equal(revision, result.Value);
            _twin.Compact(revision);
        }

        private async Task ReopenAsync()
        {
            if (!canReopen)
                return;
            foreach (var watch in _watches)
            {
                await CompareAsync(watch);
                await watch.Watch.DisposeAsync();
            }
            _watches.Clear();
            await _store.DisposeAsync();
            _store = open();
            var status = (await _store.StatusAsync()).Value;
            Assert.Equal((_twin.Revision, _twin.CompactRevision), (status.Revision, status.CompactRevision));
        }

        private static string Show(RangeResult result)
        {
            var records = result.Records.Select(record =>
                $"{record.Key}={Encoding.ASCII.GetString(record.Value.Span)}@{record.CreateRevision}/{record.ModRevision}/{record.Version}");
            return $"{string.Join(' ', records)} of {result.Count}{(result.More ? " more" : "")}";
        }

        private static string Show(WatchEvent change)
        {
            var previous = change.Previous is { } record ? Encoding.ASCII.GetString(record.Value.Span) : "-";
            var value = change.IsDeletion ? "-" : Encoding.ASCII.GetString(change.Record.Value.Span);
            return $"{change.Record.ModRevision} {change.Record.Key} {previous} > {value}";
        }
    }

    private sealed record WatchPair(IWatch Watch, KeyRange Range, long From)
    {
        public List<string> Seen { get; } = [];

        public StoreError? Error { get; set; }
    }
}
