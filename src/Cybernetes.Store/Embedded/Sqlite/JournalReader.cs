using System.Text;

namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>Reads a database at start-up and checks every record.</summary>
internal static class JournalReader
{
    private const long Format = 1;

    /// <summary>Shows the loader everything; gives what is wrong with the database, or null.</summary>
    public static StoreError? Load(SqliteConnection connection, StateLoader loader)
    {
        var format = connection.Execute("SELECT number FROM meta WHERE name = 'format'");
        if (format != Format)
            return new StoreError(StoreErrorKind.Unavailable, $"the database has format {format}, this program knows {Format}");
        loader.SetCompactRevision(connection.Execute("SELECT number FROM meta WHERE name = 'compact-revision'"));
        using (var leases = connection.Prepare("SELECT id, milliseconds FROM leases"))
        {
            while (leases.Step())
                loader.Leases.Add((leases.Integer(0), TimeSpan.FromMilliseconds(leases.Integer(1))));
        }
        using var records = connection.Prepare(
            "SELECT id, created, version, lease, stamp, checksum, key, value FROM records ORDER BY id");
        while (records.Step())
        {
            if (Load(records, loader) is { } damage)
                return damage;
        }
        return null;
    }

    /// <summary>
    /// Looks at how the pages hang together, which the records' checksums say nothing about: a page that nothing points to any more
    /// would take its records along in silence. To be called beside the loading; never throws.
    /// </summary>
    public static StoreError? FindDamage(string path)
    {
        try
        {
            using var connection = new SqliteConnection(path, mustExist: true);
            var found = connection.ExecuteText("PRAGMA quick_check(1)");
            return found == "ok" ? null : new StoreError(StoreErrorKind.Corrupted, $"the database is damaged: {found}");
        }
        catch (SqliteException failure)
        {
            return failure.ToError();
        }
    }

    private static StoreError? Load(SqliteStatement row, StateLoader loader)
    {
        var id = row.Integer(0);
        var (created, version, lease, stamp) = (row.Integer(1), row.Integer(2), row.Integer(3), row.Integer(4));
        var isDeletion = row.IsNull(7);
        var key = row.Bytes(6);
        var value = row.Bytes(7);
        var revision = id >> 20;
        if (RecordChecksum.Of(id, created, version, lease, stamp, key, value, isDeletion) != row.Integer(5))
        {
            var name = Encoding.ASCII.GetString(key);
            return new StoreError(
                StoreErrorKind.Corrupted, $"the record of {name} at revision {revision} does not match its checksum");
        }
        var origin = new RecordOrigin(created, revision, (int)(id & ((1 << 20) - 1)), version, lease);
        if (loader.Add(Encoding.ASCII.GetString(key), isDeletion ? null : Copy(value), (int)stamp, origin))
            return null;
        return new StoreError(StoreErrorKind.Corrupted, $"revision {revision} is out of order");
    }

    private static byte[] Copy(ReadOnlySpan<byte> value)
    {
        var copy = GC.AllocateUninitializedArray<byte>(value.Length);
        value.CopyTo(copy);
        return copy;
    }
}
