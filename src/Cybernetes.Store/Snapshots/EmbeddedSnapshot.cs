using Cybernetes.Store.Embedded;
using Cybernetes.Store.Embedded.Sqlite;
using Cybernetes.Store.Embedded.Tree;

namespace Cybernetes.Store.Snapshots;

/// <summary>
/// Reads an embedded store's folder while its server goes on writing: one read transaction of the database sees the state of one
/// commit, and the writer waits for nothing.
/// </summary>
public static class EmbeddedSnapshot
{
    /// <summary>The live records of the last commit on disk.</summary>
    /// <returns>The contents; <see cref="StoreErrorKind.Corrupted"/> when a record does not match its checksum;
    /// <see cref="StoreErrorKind.Unavailable"/> when there is no store or it cannot be read.</returns>
    public static StoreResult<SnapshotContents> Read(string folder)
    {
        var path = Path.Combine(folder, "store.db");
        if (!File.Exists(path))
            return new StoreError(StoreErrorKind.Unavailable, $"there is no store in {folder}");
        // Without a server beside us the log is looked through first, as a server's start does; with one, it is being written.
        using var held = DataDirectory.Open(folder) is { Error: null } free ? free.Value : null;
        if (held is not null && WalInspector.FindDamage(path + "-wal") is { } torn)
            return torn;
        try
        {
            using var connection = new SqliteConnection(path, mustExist: true);
            connection.Execute("BEGIN");
            var loader = new StateLoader();
            if (JournalReader.Load(connection, loader) is { } damage)
                return damage;
            var state = loader.State;
            var live = new Collector();
            state.Tree.Walk(KeyRange.All, ref live);
            return new SnapshotContents(state.Revision, live.Records, loader.Leases);
        }
        catch (SqliteException failure)
        {
            return failure.ToError();
        }
    }

    private readonly struct Collector() : IRecordVisitor
    {
        public List<Record> Records { get; } = [];

        public bool Visit(Record record)
        {
            if (!record.IsDeletion)
                Records.Add(record);
            return true;
        }
    }
}
