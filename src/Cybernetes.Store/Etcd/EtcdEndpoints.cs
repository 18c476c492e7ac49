using Cybernetes.Foundation;
using Cybernetes.Store.Etcd.Grpc;
using Cybernetes.Store.Etcd.Rpc;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Store.Etcd;

/// <summary>
/// The members. Calls go to one of them as long as it answers; when it does not, the next is asked. What may have happened already
/// is never asked for twice: only reads and requests that certainly were not carried out move on.
/// </summary>
internal sealed class EtcdEndpoints : IDisposable
{
    private static readonly BackoffOptions RoundPause =
        new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1)) { Jitter = 0.5 };

    // A deadline of nothing is none to ask with.
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(1);

    private readonly GrpcEndpoint[] _all;
    private readonly EtcdStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly IRandomSource _random;
    private readonly ILogger _logger;
    private int _preferred;

    public EtcdEndpoints(
        EtcdStoreOptions options, EtcdCertificates? certificates, TimeProvider time, IRandomSource random, ILogger logger)
    {
        (_options, _time, _random, _logger) = (options, time, random, logger);
        _all = [.. options.Servers.Select(address => new GrpcEndpoint(address, options, certificates, time))];
        // So that several servers do not all lean on the first member.
        _preferred = random.Next(_all.Length);
    }

    /// <summary>Whom to ask now.</summary>
    public GrpcEndpoint Preferred => _all[Volatile.Read(ref _preferred)];

    /// <summary>Turns to the next member, unless somebody else already did.</summary>
    public void Avoid(GrpcEndpoint endpoint, Exception why)
    {
        var current = Volatile.Read(ref _preferred);
        if (_all.Length == 1 || _all[current] != endpoint
            || Interlocked.CompareExchange(ref _preferred, (current + 1) % _all.Length, current) != current)
            return;
        _logger.LogWarning("etcd at {Address} does not answer ({Reason}): turning to {Next}",
            endpoint.Address, why.Message, Preferred.Address);
    }

    /// <summary>A call of one answer.</summary>
    /// <param name="repeatable">It changes nothing, so asking again does no harm.</param>
    public async Task<TResponse> CallAsync<TResponse>(
        string method, IMessage request, MessageParser<TResponse> parser, bool repeatable, CancellationToken cancellation)
        where TResponse : class, IMessage<TResponse>
    {
        var began = _time.GetTimestamp();
        var backoff = new Backoff(RoundPause, _random);
        for (var tries = 1; ; tries++)
        {
            var endpoint = Preferred;
            var left = Left(began);
            var limit = repeatable && _all.Length > 1 && _options.AttemptTimeout < left ? _options.AttemptTimeout : left;
            try
            {
                return await endpoint.CallAsync(method, request, parser, limit, cancellation).ConfigureAwait(false);
            }
            catch (GrpcCallException e) when (EtcdErrors.IsWorthAnotherMember(e))
            {
                Avoid(endpoint, e);
                var pause = tries % _all.Length == 0 ? backoff.Next() : TimeSpan.Zero;
                var goesOn = repeatable || EtcdErrors.IsCertainlyUndone(e);
                if (!goesOn || _time.GetElapsedTime(began) + pause >= _options.RequestTimeout)
                    throw;
                if (pause > TimeSpan.Zero)
                    await Task.Delay(pause, _time, cancellation).ConfigureAwait(false);
                // A pause may take longer than was asked for.
                if (Left(began) <= s_least)
                    throw;
            }
        }
    }

    /// <summary>What is left of a call's time, never nothing.</summary>
    private TimeSpan Left(long began)
    {
        var left = _options.RequestTimeout - _time.GetElapsedTime(began);
        return left > s_least ? left : s_least;
    }

    /// <summary>The version of a member, asked for once a connection's life.</summary>
    public async Task<Version> VersionAsync(GrpcEndpoint endpoint, CancellationToken cancellation)
    {
        if (endpoint.Version is { } known)
            return known;
        var status = await endpoint.CallAsync(
            EtcdMethods.Status, new StatusRequest(), StatusResponse.Parser, _options.AttemptTimeout, cancellation).ConfigureAwait(false);
        var text = status.Version.Split('-', '+')[0];
        return endpoint.Version = Version.TryParse(text, out var version) ? version : new Version(3, 0, 0);
    }

    public void Dispose()
    {
        foreach (var endpoint in _all)
            endpoint.Dispose();
    }
}

/// <summary>The paths of the calls.</summary>
internal static class EtcdMethods
{
    public const string Range = "/etcdserverpb.KV/Range";
    public const string Put = "/etcdserverpb.KV/Put";
    public const string Transact = "/etcdserverpb.KV/Txn";
    public const string Compact = "/etcdserverpb.KV/Compact";
    public const string Watch = "/etcdserverpb.Watch/Watch";
    public const string GrantLease = "/etcdserverpb.Lease/LeaseGrant";
    public const string RevokeLease = "/etcdserverpb.Lease/LeaseRevoke";
    public const string KeepLeaseAlive = "/etcdserverpb.Lease/LeaseKeepAlive";
    public const string ReadLease = "/etcdserverpb.Lease/LeaseTimeToLive";
    public const string Status = "/etcdserverpb.Maintenance/Status";
}
