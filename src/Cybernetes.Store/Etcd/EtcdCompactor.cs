using System.Globalization;
using Cybernetes.Store.Etcd.Rpc;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Store.Etcd;

/// <summary>
/// Compacts what is older than one interval. Servers that share an etcd agree by a key, kube-apiserver's own, on who does it:
/// its version counts the rounds, and whoever raises it first has the round.
/// </summary>
internal sealed class EtcdCompactor(EtcdClient client, Func<long, ValueTask<StoreResult<long>>> compact) : IAsyncDisposable
{
    private static readonly ByteString RoundKey = ByteString.CopyFromUtf8("compact_rev_key");

    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(client.Stopping);
    private Task _running = Task.CompletedTask;
    private long _round;
    private long _revision;

    public void Start() => _running = RunAsync(_stop.Token);

    /// <summary>One round: the revision of the round before is compacted if nobody else was quicker.</summary>
    /// <returns>Whether the round was ours.</returns>
    public async Task<StoreResult<bool>> CompactOnceAsync(CancellationToken cancellation)
    {
        var request = new TxnRequest
        {
            Compare =
            {
                new Condition
                {
                    Key = RoundKey, Result = Condition.Types.Result.Equal, Target = Condition.Types.Target.Version, Version = _round,
                },
            },
            Success =
            {
                new RequestOp
                {
                    RequestPut = new PutRequest
                    {
                        Key = RoundKey, Value = ByteString.CopyFromUtf8(_revision.ToString(CultureInfo.InvariantCulture)),
                    },
                },
            },
            Failure = { new RequestOp { RequestRange = new Rpc.RangeRequest { Key = RoundKey } } },
        };
        var result = await client.CallAsync(
            EtcdMethods.Transact, request, TxnResponse.Parser, repeatable: false, cancellation).ConfigureAwait(false);
        if (!result.TryGet(out var response, out var error))
            return error;
        var target = _revision;
        _revision = response.Header.Revision;
        if (!response.Succeeded)
        {
            _round = response.Responses[0].ResponseRange.Kvs is [var found, ..] ? found.Version : 0;
            return false;
        }
        _round++;
        // The first round only learns where we are.
        if (target > 0 && (await compact(target).ConfigureAwait(false)).Error is { Kind: not StoreErrorKind.Compacted } failed)
            return failed;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            await Task.Delay(client.Options.CompactionInterval, client.Time, stop).ConfigureAwait(false);
            if ((await CompactOnceAsync(stop).ConfigureAwait(false)).Error is { } error)
                client.Logger.LogWarning("etcd could not be compacted, which is tried again: {Reason}", error.Message);
        }
    }
}
