using Cybernetes.Foundation;
using Cybernetes.Store.Etcd.Grpc;
using Cybernetes.Store.Etcd.Rpc;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Store.Etcd;

/// <summary>What store, watches and compactor share: calls whose failures are values, and the newest revision anyone has seen.</summary>
internal sealed class EtcdClient : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private long _seen;

    public EtcdClient(EtcdStoreOptions options, EtcdEndpoints endpoints, TimeProvider time, IRandomSource random, ILogger logger)
    {
        (Options, Endpoints, Time, Random, Logger) = (options, endpoints, time, random, logger);
        Keys = new EtcdKeys(options.Root, options.Prefix);
        Records = new EtcdRecords(Keys);
        Transactions = new EtcdTransactions(Keys, Records);
    }

    public EtcdStoreOptions Options { get; }

    public EtcdEndpoints Endpoints { get; }

    public TimeProvider Time { get; }

    public IRandomSource Random { get; }

    public ILogger Logger { get; }

    public EtcdKeys Keys { get; }

    public EtcdRecords Records { get; }

    public EtcdTransactions Transactions { get; }

    /// <summary>The store is being closed.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>A revision that etcd had reached when somebody here last heard of it: never above its own.</summary>
    public long Seen => Volatile.Read(ref _seen);

    public void Note(long revision)
    {
        for (var seen = Seen; revision > seen;)
        {
            var before = Interlocked.CompareExchange(ref _seen, revision, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }

    /// <inheritdoc cref="EtcdEndpoints.CallAsync"/>
    public async ValueTask<StoreResult<TResponse>> CallAsync<TResponse>(
        string method, IMessage request, MessageParser<TResponse> parser, bool repeatable, CancellationToken cancellation)
        where TResponse : class, IMessage<TResponse>
    {
        cancellation.ThrowIfCancellationRequested();
        if (_stop.IsCancellationRequested)
            return StoreError.Closed();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stop.Token);
        try
        {
            return await Endpoints.CallAsync(method, request, parser, repeatable, either.Token).ConfigureAwait(false);
        }
        catch (GrpcCallException e)
        {
            return await ErrorOfAsync(e, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return StoreError.Closed();
        }
    }

    /// <summary>A linear read of a range, or only its revision and count.</summary>
    public async ValueTask<StoreResult<RangeResponse>> RangeAsync(Rpc.RangeRequest request, CancellationToken cancellation)
    {
        var result = await CallAsync(EtcdMethods.Range, request, RangeResponse.Parser, repeatable: true, cancellation).ConfigureAwait(false);
        if (result.TryGet(out var response, out _))
            Note(response.Header.Revision);
        return result;
    }

    /// <summary>The revision of now, and how many keys there are.</summary>
    public ValueTask<StoreResult<RangeResponse>> CountAsync(CancellationToken cancellation) => RangeAsync(
        new Rpc.RangeRequest { Key = Keys.All.Start, RangeEnd = Keys.All.End, CountOnly = true }, cancellation);

    /// <summary>The revision of now.</summary>
    public ValueTask<StoreResult<RangeResponse>> ReadRevisionAsync(CancellationToken cancellation) =>
        RangeAsync(new Rpc.RangeRequest { Key = Keys.Probe, KeysOnly = true }, cancellation);

    /// <summary>Ends all calls and watches.</summary>
    public Task StopAsync() => _stop.CancelAsync();

    public void Dispose()
    {
        Endpoints.Dispose();
        _stop.Dispose();
    }

    /// <summary>
    /// etcd does not say with these errors which revisions there are, so it is asked. Where it cannot be asked the numbers stay 0.
    /// </summary>
    private async ValueTask<StoreError> ErrorOfAsync(GrpcCallException failure, CancellationToken cancellation)
    {
        var error = EtcdErrors.ToStoreError(failure);
        if (error.Kind is not (StoreErrorKind.Compacted or StoreErrorKind.FutureRevision))
            return error;
        var current = await ReadRevisionAsync(cancellation).ConfigureAwait(false);
        var revision = current.TryGet(out var response, out _) ? response.Header.Revision : 0;
        return error.Kind == StoreErrorKind.FutureRevision
            ? StoreError.FutureRevision(revision)
            : StoreError.Compacted(await FindCompactRevisionAsync(cancellation).ConfigureAwait(false), revision);
    }

    /// <summary>Only a watch from a revision that is gone tells which one is the oldest.</summary>
    private async ValueTask<long> FindCompactRevisionAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(Options.AttemptTimeout, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation, _stop.Token);
        var create = new Rpc.WatchRequest { CreateRequest = new WatchCreateRequest { Key = Keys.Probe, StartRevision = 1 } };
        try
        {
            using var call = await Endpoints.Preferred.OpenAsync(EtcdMethods.Watch, create, either.Token).ConfigureAwait(false);
            while (true)
            {
                var response = await call.ReadAsync(WatchResponse.Parser, either.Token).ConfigureAwait(false);
                if (response.CompactRevision > 0)
                    return response.CompactRevision;
            }
        }
        catch (GrpcCallException e)
        {
            Logger.LogDebug("the compacted revision cannot be learnt: {Reason}", e.Message);
            return 0;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return 0;
        }
    }
}
