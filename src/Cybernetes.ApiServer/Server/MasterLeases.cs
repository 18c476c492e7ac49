using System.Net;
using System.Text;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Server;

/// <summary>
/// Which API servers live: each keeps a record under its address and a lease, where upstream's keep theirs. A server that dies is
/// gone from the list when its lease is over. One caller at a time.
/// </summary>
internal sealed class MasterLeases(IStore store, IPAddress address) : IAsyncDisposable
{
    private const string Prefix = "/registry/masterleases/";

    // Upstream's --endpoint-reconciler-type=lease.
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(2);
    private readonly string _key = Prefix + address;
    private long _lease;

    /// <summary>How often to renew.</summary>
    public static TimeSpan Period { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Says that this server lives; gives the addresses of all that do, this one included, in order.</summary>
    /// <exception cref="RequestFailure">The store does not take it.</exception>
    public async Task<IReadOnlyList<string>> RenewAsync(CancellationToken cancellation)
    {
        var isKept = _lease != 0 && (await store.KeepLeaseAliveAsync(_lease, cancellation)).Error is null;
        var range = await ReadAsync(cancellation);
        if (!isKept || !range.Records.Any(record => record.Key == _key && record.Lease == _lease))
        {
            await WriteAsync(cancellation);
            range = await ReadAsync(cancellation);
        }
        return [.. range.Records.Select(record => record.Key[Prefix.Length..])];
    }

    /// <summary>Takes this server off the list, so that nobody waits for its lease to end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_lease == 0)
            return;
        // Where the store is away already the lease ends by itself.
        Task revoking = store.RevokeLeaseAsync(_lease, CancellationToken.None).AsTask();
        await revoking.WaitAsync(FarewellLimit, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async ValueTask<RangeResult> ReadAsync(CancellationToken cancellation)
    {
        var read = await store.RangeAsync(new(KeyRange.Prefix(Prefix)), cancellation);
        return read.TryGet(out var range, out var error) ? range : throw StoredJson.FailureOf(error);
    }

    private async ValueTask WriteAsync(CancellationToken cancellation)
    {
        if (!(await store.GrantLeaseAsync(TimeToLive, cancellation)).TryGet(out var lease, out var error))
            throw StoredJson.FailureOf(error);
        _lease = lease.Id;
        // Upstream's servers read these records as Endpoints.
        var value = $$$"""{"kind":"Endpoints","apiVersion":"v1","metadata":{},"subsets":[{"addresses":[{"ip":"{{{address}}}"}]}]}""";
        if ((await store.PutAsync(_key, Encoding.ASCII.GetBytes(value), lease: _lease, cancellation: cancellation)).Error is { } failed)
            throw StoredJson.FailureOf(failed);
    }
}
