using Cybernetes.Store;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Etcd;
using Cybernetes.Store.Snapshots;

namespace Cybernetes.Cluster.Serving;

/// <summary>Where a cluster's objects are kept.</summary>
/// <param name="DataDirectory">The server's data directory; the embedded store is below it.</param>
/// <param name="Etcd">The etcd; null: the embedded store.</param>
public sealed record StoreLocation(string DataDirectory, EtcdStoreOptions? Etcd)
{
    internal string Folder => Path.Combine(DataDirectory, "store");

    public override string ToString() => Etcd is null ? Folder : $"etcd at {string.Join(',', Etcd.Servers)} below {Etcd.Prefix}";
}

/// <summary>Saving a cluster's objects to a file, bringing them back, and moving them between embedded store and etcd.</summary>
public static class StoreBackup
{
    private const string RaisingKey = "/registry/cybernetes-migration/";

    /// <summary>Saves what is stored now; the servers may go on.</summary>
    /// <exception cref="ControlPlaneException">It cannot be read, or the file cannot be written.</exception>
    public static async Task<SnapshotStatus> SaveAsync(StoreLocation from, string file, CancellationToken cancellation)
    {
        SnapshotContents contents;
        if (from.Etcd is null)
        {
            contents = Value(EmbeddedSnapshot.Read(from.Folder), from);
        }
        else
        {
            await using EtcdStore etcd = await OpenAsync(from, cancellation).ConfigureAwait(false);
            contents = Value(await SnapshotContents.OfAsync(etcd, cancellation).ConfigureAwait(false), from);
        }
        try
        {
            return SnapshotFile.Save(contents, file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ControlPlaneException($"cannot write the snapshot: {failure.Message}", failure);
        }
    }

    /// <summary>Reads a snapshot to its end and says what it is.</summary>
    /// <exception cref="ControlPlaneException">It is torn, changed, or none.</exception>
    public static SnapshotStatus Status(string file) => Load(file).Status;

    /// <summary>Brings a snapshot back into a place without a store: a new data directory, or an empty prefix of etcd.</summary>
    /// <param name="bump">Revisions to skip, so that none that was given out after the snapshot is used again.</param>
    /// <exception cref="ControlPlaneException">The file is not whole, or there is a store already.</exception>
    public static async Task<SnapshotStatus> RestoreAsync(StoreLocation to, string file, long bump, CancellationToken cancellation)
    {
        (SnapshotContents contents, SnapshotStatus status) = Load(file);
        if (to.Etcd is null)
        {
            Check(SnapshotTarget.ToEmbedded(contents, to.Folder, bump), to);
            return status;
        }
        await using EtcdStore etcd = await OpenAsync(to, cancellation).ConfigureAwait(false);
        await FillAsync(contents, etcd, to, cancellation).ConfigureAwait(false);
        return status;
    }

    /// <summary>Moves the objects of a cluster whose servers are stopped. The source stays as it is.</summary>
    /// <returns>How many objects there were, and of which revision.</returns>
    /// <exception cref="ControlPlaneException">A server is running, or the target is not empty.</exception>
    public static async Task<(long Keys, long Revision)> MigrateAsync(StoreLocation from, StoreLocation to, CancellationToken cancellation)
    {
        SnapshotContents contents;
        if (from.Etcd is null)
        {
            // Opened, not only read: its lock keeps a server from starting meanwhile.
            var options = new EmbeddedStoreOptions { CompactionInterval = TimeSpan.Zero };
            await using EmbeddedStore source = Value(EmbeddedStore.Open(from.Folder, TimeProvider.System, options), from);
            contents = Value(await SnapshotContents.OfAsync(source, cancellation).ConfigureAwait(false), from);
            await using EtcdStore etcd = await OpenAsync(to, cancellation).ConfigureAwait(false);
            await FillAsync(contents, etcd, to, cancellation).ConfigureAwait(false);
        }
        else
        {
            await using EtcdStore source = await OpenAsync(from, cancellation).ConfigureAwait(false);
            contents = Value(await SnapshotContents.OfAsync(source, cancellation).ConfigureAwait(false), from);
            Check(SnapshotTarget.ToEmbedded(contents, to.Folder, bump: 0), to);
        }
        return (contents.Records.Count, contents.Revision);
    }

    // etcd gives its own revisions; they must not be below those that clients have seen.
    private static async Task FillAsync(SnapshotContents contents, EtcdStore etcd, StoreLocation to, CancellationToken cancellation)
    {
        StoreResult<RangeResult> present = await etcd.RangeAsync(new(KeyRange.All) { CountOnly = true }, cancellation).ConfigureAwait(false);
        if (Value(present, to).Count > 0)
            throw new ControlPlaneException($"there are objects in {to} already");
        Check(await SnapshotTarget.RaiseRevisionAsync(etcd, contents.Revision, RaisingKey, cancellation).ConfigureAwait(false), to);
        Check(await SnapshotTarget.ToStoreAsync(contents, etcd, cancellation).ConfigureAwait(false), to);
    }

    private static async Task<EtcdStore> OpenAsync(StoreLocation location, CancellationToken cancellation)
    {
        EtcdStoreOptions options = location.Etcd! with { CompactionInterval = TimeSpan.Zero };
        return Value(await EtcdStore.OpenAsync(options, TimeProvider.System, cancellation: cancellation).ConfigureAwait(false), location);
    }

    private static (SnapshotContents Contents, SnapshotStatus Status) Load(string file) =>
        SnapshotFile.Load(file).TryGet(out (SnapshotContents, SnapshotStatus) loaded, out StoreError? error)
            ? loaded
            : throw new ControlPlaneException(error.Message);

    private static T Value<T>(StoreResult<T> result, StoreLocation place) =>
        result.TryGet(out T? value, out StoreError? error) ? value : throw new ControlPlaneException($"{place}: {error.Message}");

    private static void Check(StoreError? error, StoreLocation place)
    {
        if (error is not null)
            throw new ControlPlaneException($"{place}: {error.Message}");
    }
}
