using Cybernetes.Foundation;
using Cybernetes.Testing;

namespace Cybernetes.Simulator.World;

/// <summary>Which faults are on at the moment, for all parts.</summary>
internal sealed class FaultDial
{
    public TestFaults Current { get; set; } = new();
}

/// <summary>The way of one incarnation of a part to the API server: faults on it, and its end when the part is killed.</summary>
internal sealed class PartTransport(HttpMessageHandler door, FaultDial dial, IRandomSource chance, TimeProvider time, Action<string> told)
    : HttpMessageHandler
{
    private readonly HttpMessageInvoker _plain = new(door, disposeHandler: false);
    private readonly CancellationTokenSource _cut = new();
    private HttpMessageInvoker? _faulty;
    private TestFaults? _made;

    /// <summary>Calls to leases fail until then: the part loses what it leads by one.</summary>
    public DateTimeOffset LeasesLostUntil { get; set; }

    /// <summary>The part is paused or cut off until then: its calls hang, and then fail.</summary>
    public DateTimeOffset HungUntil { get; set; }

    /// <summary>Asked about each call before it is sent; true kills the part there.</summary>
    public Func<HttpRequestMessage, bool>? DiesBefore { get; set; }

    /// <summary>Asked about each call when its answer is there; true kills the part before it sees the answer.</summary>
    public Func<HttpRequestMessage, bool>? DiesAfter { get; set; }

    /// <summary>How long a call may take where nothing fails; it takes some of it. Zero: no time at all.</summary>
    public TimeSpan LongestCall { get; init; }

    /// <summary>Is told the uid of each pod that the part takes away itself.</summary>
    public Action<string>? TakesAway { get; init; }

    /// <summary>Is told of answers that no part of a cluster should ever get.</summary>
    public required Action<string> Wrong { get; init; }

    /// <summary>Is called when one of these said so.</summary>
    public Action Died { get; set; } = () => { };

    public bool IsCut => _cut.IsCancellationRequested;

    /// <summary>From now on nothing gets through, neither out nor back.</summary>
    public void Cut() => _cut.Cancel();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ThrowIfCut();
        var path = request.RequestUri!.AbsolutePath;
        if (time.GetUtcNow() < LeasesLostUntil && path.Contains("/leases", StringComparison.Ordinal))
            throw Broken("leases do not answer (injected)");
        if (HungUntil - time.GetUtcNow() is { Ticks: > 0 } pause)
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            throw Broken("cut off (injected)");
        }
        if (LongestCall > TimeSpan.Zero)
            await Task.Delay(LongestCall * chance.NextDouble(), time, cancellationToken).ConfigureAwait(false);
        if (DiesBefore?.Invoke(request) == true)
            Die();
        ThrowIfCut();
        if (TakesAway is not null && request.Method == HttpMethod.Delete && request.Content is not null)
            TakesAway(UidIn(await request.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)));
        var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cut.Token);
        try
        {
            var response = await Way().SendAsync(request, either.Token).ConfigureAwait(false);
            if (DiesAfter?.Invoke(request) == true)
                Die();
            if (IsCut)
                response.Dispose();
            ThrowIfCut();
            await JudgeAsync(request, response).ConfigureAwait(false);
            return response;
        }
        catch (OperationCanceledException) when (IsCut && !cancellationToken.IsCancellationRequested)
        {
            throw Broken("killed");
        }
    }

    // Part of no cluster's life, whatever fails: an error inside the server, or an object that it finds invalid.
    private async Task JudgeAsync(HttpRequestMessage request, HttpResponseMessage response)
    {
        if ((int)response.StatusCode is 500 or 422)
        {
            await response.Content.LoadIntoBufferAsync().ConfigureAwait(false);
            Wrong($"{request.Method} {request.RequestUri!.PathAndQuery} is answered with "
                + $"{await response.Content.ReadAsStringAsync().ConfigureAwait(false)}");
        }
    }

    private static string UidIn(string options)
    {
        const string before = "\"uid\":\"";
        var start = options.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return start < before.Length ? "" : options[start..options.IndexOf('"', start)];
    }

    private HttpMessageInvoker Way()
    {
        if (dial.Current == new TestFaults())
            return _plain;
        if (_faulty is null || !ReferenceEquals(_made, dial.Current))
            (_faulty, _made) = (new(dial.Current.Over(door, chance, time, told), disposeHandler: false), dial.Current);
        return _faulty;
    }

    private void Die()
    {
        Cut();
        Died();
    }

    private void ThrowIfCut()
    {
        if (IsCut)
            throw Broken("killed");
    }

    private static HttpRequestException Broken(string why) => new(HttpRequestError.ResponseEnded, why);
}
