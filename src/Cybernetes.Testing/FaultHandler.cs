using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects.Coordination.V1;

namespace Cybernetes.Testing;

/// <summary>Makes the faults, between a client and the API server.</summary>
/// <param name="faults">What goes wrong now.</param>
/// <param name="chanceOf">Decides about a call.</param>
/// <param name="told">Is told of each fault.</param>
/// <param name="thief">A client that is spared: it takes leases away.</param>
internal sealed class FaultHandler(
    Func<TestFaults> faults, Func<HttpRequestMessage, IRandomSource> chanceOf, TimeProvider time, Action<string>? told, ApiClient? thief)
    : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var wanted = faults();
        if (ReferenceEquals(wanted, TestFaults.None))
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var call = new Call(request, chanceOf(request), told);
        if (wanted.Latency > TimeSpan.Zero)
            await Task.Delay(wanted.Latency * call.Chance.NextDouble(), time, cancellationToken).ConfigureAwait(false);
        if (Refusal(call, wanted) is { } refusal)
            return refusal;
        if (thief is not null && call.LeaseName is { } lease && call.Happens(wanted.LeaseLoss, "the lease is another's"))
            await TakeAsync(thief, lease, cancellationToken).ConfigureAwait(false);
        var answer = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (request.Method != HttpMethod.Get && call.Happens(wanted.LostAnswers, "the answer is lost"))
        {
            answer.Dispose();
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "the connection broke before the answer came (injected)");
        }
        if (call.IsWatch && wanted.WatchBreaks > 0 && answer.IsSuccessStatusCode)
        {
            var whole = answer.Content;
            var stream = await whole.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            answer.Content = new StreamContent(new BreakingStream(stream, () => call.Happens(wanted.WatchBreaks, "breaks off")));
            answer.Content.Headers.ContentType = whole.Headers.ContentType;
        }
        return answer;
    }

    private static HttpResponseMessage? Refusal(Call call, TestFaults wanted)
    {
        if (call.Happens(wanted.TooManyRequests, "429 Too Many Requests"))
        {
            var busy = call.Answer(HttpStatusCode.TooManyRequests, "TooManyRequests", "the server has received too many requests (injected)");
            busy.Headers.Add("Retry-After", "1");
            return busy;
        }
        if (call.IsWatch && call.Happens(wanted.Gone, "410 Gone"))
            return call.Answer(HttpStatusCode.Gone, "Expired", "too old resource version (injected)");
        if (call.IsWatch && call.Happens(wanted.WatchDrops, "ends at once"))
            return new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = call.Request, Content = new ByteArrayContent([]) };
        if (call.IsChange && call.Happens(wanted.Conflicts, "409 Conflict"))
            return call.Answer(HttpStatusCode.Conflict, "Conflict", "the object has been modified (injected)");
        return null;
    }

    private static async Task TakeAsync(ApiClient thief, (string Namespace, string Name) name, CancellationToken cancellation)
    {
        if (await thief.For<Lease>().FindAsync(name.Namespace, name.Name, cancellation).ConfigureAwait(false) is not { } lease)
            return;
        lease.Spec.HolderIdentity = "injected";
        lease.Spec.RenewTime = thief.Time.GetUtcNow();
        lease.Spec.LeaseTransitions = (lease.Spec.LeaseTransitions ?? 0) + 1;
        try
        {
            await thief.For<Lease>().UpdateAsync(lease, null, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsConflict || failure.IsNotFound)
        {
            // Somebody was faster: it is lost already.
        }
    }

    /// <summary>One call and the chance that decides about it.</summary>
    private sealed record Call(HttpRequestMessage Request, IRandomSource Chance, Action<string>? Told)
    {
        public bool IsWatch { get; } = Request.RequestUri!.Query.Contains("watch=", StringComparison.Ordinal);

        public bool IsChange => Request.Method.Method is "PUT" or "PATCH";

        /// <summary>The leader's lease that the call renews; the heartbeats of nodes are none.</summary>
        public (string Namespace, string Name)? LeaseName =>
            Request.Method == HttpMethod.Put
            && Request.RequestUri!.AbsolutePath.Split('/') is [_, _, "coordination.k8s.io", _, "namespaces", var ns, "leases", var name]
            && ns != "kube-node-lease" ? (ns, name) : null;

        public bool Happens(double share, string what)
        {
            if (share <= 0 || Chance.NextDouble() >= share)
                return false;
            Told?.Invoke($"{Request.Method} {Request.RequestUri!.PathAndQuery}: {what}");
            return true;
        }

        public HttpResponseMessage Answer(HttpStatusCode code, string reason, string message) => new(code)
        {
            RequestMessage = Request,
            Content = new StringContent(
                $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"{{reason}}","message":"{{message}}","code":{{(int)code}}}""",
                Encoding.UTF8, "application/json"),
        };
    }
}

/// <summary>The n-th call of one kind by one part goes the same way in every run with a seed, whichever calls of others come between.</summary>
internal sealed class CallChance(string part, int seed)
{
    private readonly ConcurrentDictionary<string, int> _calls = new(StringComparer.Ordinal);

    public IRandomSource Of(HttpRequestMessage request)
    {
        var watch = request.RequestUri!.Query.Contains("watch=", StringComparison.Ordinal) ? " watch" : "";
        var call = $"{part} {request.Method.Method} {request.RequestUri.AbsolutePath}{watch}";
        var number = _calls.AddOrUpdate(call, 1, static (_, before) => before + 1);
        var hash = unchecked((uint)seed * 2654435761u);
        foreach (var letter in call)
            hash = unchecked((hash ^ letter) * 16777619u);
        return Chance.Seeded(unchecked((int)(hash + ((uint)number * 40503u))));
    }
}
