using System.Collections.Concurrent;
using Cybernetes.Foundation;
using Cybernetes.Store.Etcd.Rpc;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Store.Etcd;

/// <summary>
/// The store in an etcd cluster (3.4 or newer) that others may share. Reads are linear (each one asks the quorum); a write whose
/// answer was lost fails with <see cref="StoreErrorKind.Unavailable"/> and may have happened: it is never sent twice.
/// </summary>
public sealed class EtcdStore : IStore
{
    // A whole range is read in chunks, so that no answer grows without bound; the next one's size follows from the last's records.
    private const int FirstChunk = 500;
    private const int LargestChunk = 10_000;
    private const int ChunkBytes = 8 << 20;
    private const int RereadLimit = 3;
    private static readonly TimeSpan OpeningPatience = TimeSpan.FromSeconds(5);

    private readonly EtcdClient _client;
    private readonly ConcurrentDictionary<EtcdWatch, byte> _watches = new();
    private readonly EtcdCompactor? _compactor;
    private long _compactRevision;
    private int _closed;

    private EtcdStore(EtcdClient client)
    {
        _client = client;
        if (client.Options.CompactionInterval > TimeSpan.Zero)
            _compactor = new EtcdCompactor(client, revision => CompactAsync(revision));
    }

    /// <inheritdoc/>
    public bool AnswersFromMemory => false;

    /// <summary>Connects. Returns when a member has answered.</summary>
    /// <returns>The store; <see cref="StoreErrorKind.Unavailable"/> when none answers or a certificate file cannot be
    /// used.</returns>
    public static async Task<StoreResult<EtcdStore>> OpenAsync(
        EtcdStoreOptions options, TimeProvider time, IRandomSource? random = null, ILogger? logger = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfZero(options.Servers.Count);
        EtcdCertificates? certificates = null;
        if (options.Servers.Any(server => server.Scheme == Uri.UriSchemeHttps)
            && !EtcdCertificates.Load(options).TryGet(out certificates, out var unusable))
            return unusable;
        random ??= Chance.Cryptographic;
        logger ??= NullLogger.Instance;
        var client = new EtcdClient(options, new EtcdEndpoints(options, certificates, time, random, logger), time, random, logger);
        if (!(await client.ReadRevisionAsync(cancellation).ConfigureAwait(false)).TryGet(out _, out var error))
        {
            client.Dispose();
            return error;
        }
        var store = new EtcdStore(client);
        store._compactor?.Start();
        return store;
    }

    public async ValueTask<StoreResult<GetResult>> GetAsync(string key, long revision = 0, CancellationToken cancellation = default)
    {
        if (_client.Keys.Check(key) is { } wrong)
            return wrong;
        var request = new Rpc.RangeRequest { Key = _client.Keys.ToEtcd(key), Revision = revision };
        var result = await _client.RangeAsync(request, cancellation).ConfigureAwait(false);
        if (!result.TryGet(out var response, out var error))
            return error;
        return new GetResult(response.Kvs.Count == 0 ? null : _client.Records.Decode(response.Kvs[0]), response.Header.Revision);
    }

    public async ValueTask<StoreResult<RangeResult>> RangeAsync(RangeRequest request, CancellationToken cancellation = default)
    {
        for (var tries = 1; ; tries++)
        {
            var result = await ReadChunksAsync(request, cancellation).ConfigureAwait(false);
            // What was to be the newest state was compacted while it was read: then there is a newer one.
            if (result.Error?.Kind == StoreErrorKind.Compacted && request.Revision == 0 && tries < RereadLimit)
                continue;
            return result;
        }
    }

    public async ValueTask<StoreResult<TransactionResult>> TransactAsync(
        Transaction transaction, CancellationToken cancellation = default)
    {
        if (TransactionForm.Check(transaction, _client.Options.ValueByteLimit, int.MaxValue, out _) is { } wrong)
            return wrong;
        if (!_client.Transactions.ToEtcd(transaction).TryGet(out var request, out var error))
            return error;
        var result = await _client.CallAsync(
            EtcdMethods.Transact, request, TxnResponse.Parser, TransactionForm.OnlyReads(transaction), cancellation).ConfigureAwait(false);
        if (!result.TryGet(out var response, out error))
            return error;
        _client.Note(response.Header.Revision);
        return _client.Transactions.FromEtcd(transaction, response);
    }

    /// <inheritdoc/>
    /// <remarks>"Now" is the newest revision that was seen here: changes that others made shortly before may come too.</remarks>
    public IWatch Watch(WatchRequest request)
    {
        var watch = new EtcdWatch(request, _client, ended => _watches.TryRemove(ended, out _));
        if (_closed != 0)
        {
            watch.Fail(StoreError.Closed());
            return watch;
        }
        _watches.TryAdd(watch, 0);
        watch.Start();
        return watch;
    }

    public async ValueTask<StoreResult<long>> CompactAsync(long revision, CancellationToken cancellation = default)
    {
        // A watch that was asked for before must not find its start compacted by us while it is still on its way.
        await OpeningWatchesAsync(cancellation).ConfigureAwait(false);
        var result = await _client.CallAsync(
            EtcdMethods.Compact, new CompactionRequest { Revision = revision }, CompactionResponse.Parser, repeatable: false,
            cancellation).ConfigureAwait(false);
        if (!result.TryGet(out var response, out var error))
            return error;
        _client.Note(response.Header.Revision);
        Interlocked.Exchange(ref _compactRevision, Math.Max(revision, Volatile.Read(ref _compactRevision)));
        return revision;
    }

    public async ValueTask<StoreResult<LeaseState>> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeToLive, TimeSpan.Zero);
        var request = new LeaseGrantRequest { TTL = (long)Math.Ceiling(timeToLive.TotalSeconds) };
        var result = await _client.CallAsync(
            EtcdMethods.GrantLease, request, LeaseGrantResponse.Parser, repeatable: false, cancellation).ConfigureAwait(false);
        if (!result.TryGet(out var response, out var error))
            return error;
        var granted = TimeSpan.FromSeconds(response.TTL);
        return new LeaseState(response.ID, granted, granted);
    }

    public async ValueTask<StoreResult<LeaseState>> KeepLeaseAliveAsync(long lease, CancellationToken cancellation = default)
    {
        // The call is a stream in etcd; sending one request and ending it asks for one answer.
        var result = await _client.CallAsync(
            EtcdMethods.KeepLeaseAlive, new LeaseKeepAliveRequest { ID = lease }, LeaseKeepAliveResponse.Parser, repeatable: true,
            cancellation).ConfigureAwait(false);
        if (!result.TryGet(out var response, out var error))
            return error;
        if (response.TTL <= 0)
            return StoreError.LeaseNotFound();
        var left = TimeSpan.FromSeconds(response.TTL);
        return new LeaseState(lease, left, left);
    }

    public async ValueTask<StoreResult<LeaseState>> ReadLeaseAsync(long lease, CancellationToken cancellation = default)
    {
        var result = await _client.CallAsync(
            EtcdMethods.ReadLease, new LeaseTimeToLiveRequest { ID = lease }, LeaseTimeToLiveResponse.Parser, repeatable: true,
            cancellation).ConfigureAwait(false);
        if (!result.TryGet(out var response, out var error))
            return error;
        if (response.TTL < 0)
            return StoreError.LeaseNotFound();
        return new LeaseState(lease, TimeSpan.FromSeconds(response.GrantedTTL), TimeSpan.FromSeconds(response.TTL));
    }

    public async ValueTask<StoreResult<long>> RevokeLeaseAsync(long lease, CancellationToken cancellation = default)
    {
        var result = await _client.CallAsync(
            EtcdMethods.RevokeLease, new LeaseRevokeRequest { ID = lease }, LeaseRevokeResponse.Parser, repeatable: false,
            cancellation).ConfigureAwait(false);
        if (!result.TryGet(out var response, out var error))
            return error;
        _client.Note(response.Header.Revision);
        return response.Header.Revision;
    }

    /// <inheritdoc/>
    /// <remarks>The compact revision is the last one made from here; the fault is an alarm of etcd.</remarks>
    public async ValueTask<StoreResult<StoreStatus>> StatusAsync(CancellationToken cancellation = default)
    {
        var asking = _client.CallAsync(
            EtcdMethods.Status, new StatusRequest(), StatusResponse.Parser, repeatable: true, cancellation).AsTask();
        var counted = await _client.CountAsync(cancellation).ConfigureAwait(false);
        var asked = await asking.ConfigureAwait(false);
        if (!counted.TryGet(out var count, out var error) || !asked.TryGet(out var member, out error))
            return error;
        return new StoreStatus(
            count.Header.Revision, Volatile.Read(ref _compactRevision), count.Count, member.DbSize, FaultOf(member.Errors));
    }

    /// <summary>Ends the watches and the connections. The data stays, and so do leases.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        await _client.StopAsync().ConfigureAwait(false);
        if (_compactor is not null)
            await _compactor.DisposeAsync().ConfigureAwait(false);
        foreach (var (watch, _) in _watches)
            await watch.DisposeAsync().ConfigureAwait(false);
        _client.Dispose();
    }

    private static StoreError? FaultOf(IEnumerable<string> errors)
    {
        foreach (var error in errors)
        {
            if (error.Contains("NOSPACE", StringComparison.Ordinal))
                return new StoreError(StoreErrorKind.NoSpace, $"etcdserver: mvcc: database space exceeded ({error.Trim()})");
            if (error.Contains("CORRUPT", StringComparison.Ordinal))
                return new StoreError(StoreErrorKind.Corrupted, $"etcdserver: corrupt cluster ({error.Trim()})");
        }
        return null;
    }

    private async ValueTask<StoreResult<RangeResult>> ReadChunksAsync(RangeRequest request, CancellationToken cancellation)
    {
        var all = new List<Record>();
        var (range, revision, wanted, chunk) = (request.Range, request.Revision, request.Limit, FirstChunk);
        long current = 0, count = 0;
        while (true)
        {
            var limit = wanted > 0 ? Math.Min(wanted - all.Count, chunk) : chunk;
            var part = _client.Transactions.ToEtcd(request with { Range = range, Revision = revision, Limit = limit });
            if (!(await _client.RangeAsync(part, cancellation).ConfigureAwait(false)).TryGet(out var response, out var error))
                return error;
            if (all.Count == 0)
                (current, count) = (response.Header.Revision, response.Count);
            if (request.CountOnly)
                return new RangeResult([], current, count, false);
            all.AddRange(_client.Records.Decode(response.Kvs));
            if (!response.More || all.Count == wanted)
                return new RangeResult(all, current, count, response.More);
            if (revision == 0)
                revision = current;
            range = range.After(all[^1].Key);
            chunk = Math.Clamp((int)(ChunkBytes / (response.CalculateSize() / response.Kvs.Count + 1L)), FirstChunk / 5, LargestChunk);
        }
    }

    private async ValueTask OpeningWatchesAsync(CancellationToken cancellation)
    {
        var opening = _watches.Keys.Select(watch => watch.Opened).Where(opened => !opened.IsCompleted).ToList();
        if (opening.Count == 0)
            return;
        var patience = Task.Delay(OpeningPatience, _client.Time, cancellation);
        await Task.WhenAny(Task.WhenAll(opening), patience).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
    }
}
