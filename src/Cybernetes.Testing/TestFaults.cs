using System.Net;
using System.Text;
using Cybernetes.Foundation;

namespace Cybernetes.Testing;

/// <summary>How often calls of the cluster's parts go wrong (0 … 1 each), by the cluster's seed.</summary>
public sealed record TestFaults
{
    /// <summary>A write is answered with 409 Conflict and not made.</summary>
    public double Conflicts { get; init; }

    /// <summary>Any call is answered with 429, to be made again in a second.</summary>
    public double TooManyRequests { get; init; }

    /// <summary>A watch is answered with 410 Gone: its revision is forgotten.</summary>
    public double Gone { get; init; }

    /// <summary>A watch ends as soon as it has begun.</summary>
    public double WatchDrops { get; init; }

    /// <summary>The longest time by which a call is late, by the cluster's clock. Default: none.</summary>
    public TimeSpan Latency { get; init; }

    internal bool IsNone => Conflicts == 0 && TooManyRequests == 0 && Gone == 0 && WatchDrops == 0 && Latency == TimeSpan.Zero;
}

/// <summary>Makes the faults, between a client and the API server.</summary>
internal sealed class FaultHandler(TestFaults faults, IRandomSource chance, TimeProvider time) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (faults.Latency > TimeSpan.Zero)
            await Task.Delay(faults.Latency * chance.NextDouble(), time, cancellationToken).ConfigureAwait(false);
        var isWatch = request.RequestUri!.Query.Contains("watch=", StringComparison.Ordinal);
        if (chance.NextDouble() < faults.TooManyRequests)
        {
            var busy = Answer(request, HttpStatusCode.TooManyRequests, "TooManyRequests", "the server has received too many requests (injected)");
            busy.Headers.Add("Retry-After", "1");
            return busy;
        }
        if (isWatch && chance.NextDouble() < faults.Gone)
            return Answer(request, HttpStatusCode.Gone, "Expired", "too old resource version (injected)");
        if (isWatch && chance.NextDouble() < faults.WatchDrops)
            return new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Content = new ByteArrayContent([]) };
        if (request.Method is { Method: "PUT" or "PATCH" } && chance.NextDouble() < faults.Conflicts)
            return Answer(request, HttpStatusCode.Conflict, "Conflict", "the object has been modified (injected)");
        return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private static HttpResponseMessage Answer(HttpRequestMessage request, HttpStatusCode code, string reason, string message) => new(code)
    {
        RequestMessage = request,
        Content = new StringContent(
            $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"{{reason}}","message":"{{message}}","code":{{(int)code}}}""",
            Encoding.UTF8, "application/json"),
    };
}
