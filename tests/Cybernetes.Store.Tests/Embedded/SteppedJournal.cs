using System.Collections.Concurrent;
using Cybernetes.Store.Embedded.Journal;

namespace Cybernetes.Store.Tests.Embedded;

/// <summary>A journal whose commits wait until they are told what becomes of them, or fail by chance.</summary>
internal sealed class SteppedJournal : IJournal
{
    private static readonly StoreError s_broken = new(StoreErrorKind.Unavailable, "broken by chance");
    private readonly BlockingCollection<StoreError?> _steps = [];
    private readonly SemaphoreSlim _entered = new(0);
    private readonly ConcurrentQueue<Record> _records = new();
    private Random? _chance;
    private volatile bool _goes;

    public long BytesOnDisk => 0;

    public IEnumerable<long> Revisions => _records.Select(record => record.ModRevision);

    public IEnumerable<string> Keys => _records.Select(record => record.Key);

    public Record? Last(string key) => _records.LastOrDefault(record => record.Key == key);

    public void Step(StoreError? outcome) => _steps.Add(outcome);

    public void FailByChance(Random chance) => _chance = chance;

    /// <summary>From now on all goes well at once.</summary>
    public void Go() => _goes = true;

    /// <summary>Waits until a commit has begun, each of which counts once.</summary>
    public Task EnteredAsync(CancellationToken cancellation) => _entered.WaitAsync(cancellation);

    public StoreError? Commit(JournalBatch batch)
    {
        _entered.Release();
        var outcome = _goes ? null : _chance is null ? _steps.Take() : _chance.Next(5) == 0 ? s_broken : null;
        if (outcome is not null)
            return outcome;
        foreach (var record in batch.Records)
            _records.Enqueue(record);
        return null;
    }

    public bool Tidy() => false;

    public void Dispose()
    {
        _steps.Dispose();
        _entered.Dispose();
    }
}
