using Cybernetes.Client.Transport;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Client.LeaderElection;

/// <summary>
/// One candidate for a Lease, by client-go's rules, so that both kinds of candidates can stand for the same lease. Clocks of
/// candidates need not
/// agree: each measures by its own clock how long the record has not changed. The leader's guarantee is the usual one: it stops
/// before
/// others may take over as long as its clock does not run slower than theirs by more than LeaseDuration / RenewDeadline.
/// </summary>
public sealed class LeaderElector
{
    private readonly ApiClient _client;
    private readonly LeaderElectionOptions _options;
    private readonly ILogger _logger;
    private Lease? _observed;
    private long _observedAt;

    // When the write was begun that last won the lease: no other candidate can have seen it earlier, whatever its answer took.
    private long _renewalBegan;
    private bool _hasFreshRecord;
    private volatile string _leader = "";

    public LeaderElector(ApiClient client, LeaderElectionOptions options, ILogger logger)
    {
        options.Check();
        _client = client;
        _options = options;
        _logger = logger;
    }

    /// <summary>Who leads as far as this candidate has seen; empty before the first look and after a release.</summary>
    public string Leader => _leader;

    public bool IsLeader => _leader == _options.Identity;

    /// <summary>
    /// Waits for the lease, then runs <paramref name="lead"/> while renewing it. Ends when <paramref name="lead"/> ends (the
    /// lease is then released) or
    /// on cancellation. The token given to <paramref name="lead"/> is cancelled on loss and on cancellation; the lease is
    /// released only after it ended.
    /// </summary>
    /// <exception cref="LeadershipLostException">The lease could not be renewed; <paramref name="lead"/> has ended.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken cancellation)
    {
        await AcquireAsync(cancellation).ConfigureAwait(false);
        _logger.LogInformation("{Identity} became the leader of {Lease}", _options.Identity, _options.LeaseName);

        using var term = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task renewing = RenewAsync(term.Token);
        Task leading = Task.Run(() => lead(term.Token), CancellationToken.None);
        await Task.WhenAny(renewing, leading).ConfigureAwait(false);
        bool isLost = renewing.IsFaulted;
        await term.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(renewing, leading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!isLost && _options.ReleaseOnCancel)
            await ReleaseAsync().ConfigureAwait(false);

        if (isLost)
            _leader = "";
        // The failure of the work says more than the loss that may have come of it.
        if (leading.IsFaulted && !isLost)
            await leading.ConfigureAwait(false);
        if (isLost)
            await renewing.ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        await leading.ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="RunAsync"/>, with a client whose writes are fenced: once the lease could be another's, since this candidate was paused or
    /// hangs and has not noticed yet, they are not sent and fail with <see cref="WriteFencedException"/>.
    /// </summary>
    public Task RunFencedAsync(Func<ApiClient, CancellationToken, Task> lead, CancellationToken cancellation) =>
        RunAsync(term => lead(_client.GuardedBy(Refusal), term), cancellation);

    private string? Refusal() =>
        IsLeader && _client.Time.GetElapsedTime(Volatile.Read(ref _renewalBegan)) < _options.LeaseDuration
            ? null : $"{_options.Identity} is not the leader of {_options.LeaseNamespace}/{_options.LeaseName} any more";

    private async Task AcquireAsync(CancellationToken cancellation)
    {
        while (!await TryAsync(cancellation).ConfigureAwait(false))
        {
            // With jitter, so that candidates that started together do not collide for ever.
            double share = 1 + LeaderElectionOptions.JitterFactor * _client.Options.Random.NextDouble();
            await Task.Delay(_options.RetryPeriod * share, _client.Time, cancellation).ConfigureAwait(false);
        }
    }

    // Ends by LeadershipLostException, or by cancellation.
    private async Task RenewAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(_options.PauseAfterRenewal, _client.Time, cancellation).ConfigureAwait(false);
            using var deadline = new CancellationTokenSource(_options.RenewDeadline, _client.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
            try
            {
                while (!await TryAsync(either.Token).ConfigureAwait(false))
                    await Task.Delay(_options.RetryPeriod, _client.Time, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                throw new LeadershipLostException(
                    $"{_options.Identity} failed to renew lease {_options.LeaseNamespace}/{_options.LeaseName}: "
                    + "timed out waiting for the condition");
            }
        }
    }

    private async Task<bool> TryAsync(CancellationToken cancellation)
    {
        try
        {
            long began = _client.Time.GetTimestamp();
            bool holds = await TryAcquireOrRenewAsync(cancellation).ConfigureAwait(false);
            if (holds)
                Volatile.Write(ref _renewalBegan, began);
            return holds;
        }
        catch (Exception failure) when (IsOfTheWire(failure))
        {
            bool wasRace = failure is ApiStatusException { IsConflict: true } or ApiStatusException { IsAlreadyExists: true };
            _logger.Log(wasRace ? LogLevel.Debug : LogLevel.Warning, "Error retrieving lease lock {Namespace}/{Lease}: {Message}",
                _options.LeaseNamespace, _options.LeaseName, failure.Message);
            // What is cached may be the reason of the refusal: look again before the next write.
            _hasFreshRecord = false;
            return false;
        }
    }

    // 1. A leader with a fresh record writes at once. 2. Else the lease is read, or made. 3. Another's lease that changed within
    // its duration is respected.
    // 4. The lease is taken or renewed by a write that fails when someone else wrote meanwhile.
    private async Task<bool> TryAcquireOrRenewAsync(CancellationToken cancellation)
    {
        KindClient<Lease> leases = _client.For<Lease>();
        if (IsLeader && _hasFreshRecord && IsObservedValid())
        {
            Observe(await leases.UpdateAsync(Claim(_observed!), cancellation: cancellation).ConfigureAwait(false));
            return true;
        }

        Lease? current = await leases.FindAsync(_options.LeaseNamespace, _options.LeaseName, cancellation).ConfigureAwait(false);
        if (current is null)
        {
            Observe(await leases.CreateAsync(Claim(null), cancellation: cancellation).ConfigureAwait(false));
            return true;
        }
        if (_observed is null || current.Metadata.ResourceVersion != _observed.Metadata.ResourceVersion
            || Holder(current) != _leader)
            Observe(current);
        if (Holder(current).Length > 0 && !IsLeader && IsObservedValid())
            return false;

        Observe(await leases.UpdateAsync(Claim(current), cancellation: cancellation).ConfigureAwait(false));
        return true;
    }

    private static bool IsOfTheWire(Exception failure) =>
        failure is ApiStatusException or HttpRequestException or IOException or TimeoutException;

    private static string Holder(Lease lease) => lease.Spec.HolderIdentity ?? "";

    private bool IsObservedValid() =>
        _observed is not null
        && _client.Time.GetElapsedTime(_observedAt) < TimeSpan.FromSeconds(_observed.Spec.LeaseDurationSeconds ?? 0);

    private void Observe(Lease lease)
    {
        _observed = lease;
        _observedAt = _client.Time.GetTimestamp();
        _hasFreshRecord = true;
        string holder = Holder(lease);
        if (holder != _leader)
            _logger.LogDebug("The leader of {Lease} is {Leader}", _options.LeaseName, holder);
        _leader = holder;
    }

    private Lease Claim(Lease? current)
    {
        DateTimeOffset now = _client.Time.GetUtcNow();
        Lease claim = current?.DeepClone() ?? new Lease
        {
            Metadata = new ObjectMeta { Namespace = _options.LeaseNamespace, Name = _options.LeaseName },
        };
        bool isRenewal = current is not null && Holder(current) == _options.Identity;
        if (!isRenewal)
        {
            claim.Spec.AcquireTime = now;
            claim.Spec.LeaseTransitions = current is null ? 0 : (claim.Spec.LeaseTransitions ?? 0) + 1;
        }
        claim.Spec.HolderIdentity = _options.Identity;
        claim.Spec.LeaseDurationSeconds = (int)_options.LeaseDuration.TotalSeconds;
        claim.Spec.RenewTime = now;
        return claim;
    }

    // A lease of one second, as client-go leaves it: whoever looks next may take it.
    private async Task ReleaseAsync()
    {
        if (!IsLeader || _observed is null)
            return;
        DateTimeOffset now = _client.Time.GetUtcNow();
        Lease released = _observed.DeepClone();
        released.Spec.HolderIdentity = "";
        released.Spec.LeaseDurationSeconds = 1;
        released.Spec.RenewTime = now;
        released.Spec.AcquireTime = now;
        using var deadline = new CancellationTokenSource(_options.RenewDeadline, _client.Time);
        try
        {
            Observe(await _client.For<Lease>().UpdateAsync(released, cancellation: deadline.Token).ConfigureAwait(false));
        }
        catch (Exception failure) when (IsOfTheWire(failure) || failure is OperationCanceledException)
        {
            _logger.LogWarning("Failed to release lease {Lease}: {Message}", _options.LeaseName, failure.Message);
            _leader = "";
        }
    }
}
