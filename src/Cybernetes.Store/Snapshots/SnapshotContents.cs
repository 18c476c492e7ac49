namespace Cybernetes.Store.Snapshots;

/// <summary>The live records of one revision in the order of their keys, and the leases they live under.</summary>
public sealed class SnapshotContents
{
    internal SnapshotContents(long revision, IReadOnlyList<Record> records, IReadOnlyList<(long Id, TimeSpan TimeToLive)> leases) =>
        (Revision, Records, Leases) = (revision, records, leases);

    /// <summary>The revision they are of.</summary>
    public long Revision { get; }

    /// <summary>The records.</summary>
    public IReadOnlyList<Record> Records { get; }

    /// <summary>Ids and times to live; how much of them was left is not kept.</summary>
    public IReadOnlyList<(long Id, TimeSpan TimeToLive)> Leases { get; }

    /// <summary>Takes them out of a store that may be written to meanwhile.</summary>
    /// <returns>The contents of the revision that was the newest when this began.</returns>
    public static async Task<StoreResult<SnapshotContents>> OfAsync(IStore store, CancellationToken cancellation = default)
    {
        if (!(await store.RangeAsync(new RangeRequest(KeyRange.All), cancellation).ConfigureAwait(false)).TryGet(out var range, out var error))
            return error;
        var leases = new List<(long, TimeSpan)>();
        foreach (var id in range.Records.Select(record => record.Lease).Where(id => id != 0).Distinct().Order())
        {
            var lease = await store.ReadLeaseAsync(id, cancellation).ConfigureAwait(false);
            if (lease.TryGet(out var state, out error))
                leases.Add((id, state.TimeToLive));
            else if (error.Kind != StoreErrorKind.LeaseNotFound)
                return error;
        }
        // A lease that ended meanwhile took its records along: those are not taken up either.
        var known = leases.Select(lease => lease.Item1).Append(0).ToHashSet();
        return new SnapshotContents(range.Revision, [.. range.Records.Where(record => known.Contains(record.Lease))], leases);
    }
}
