using System.Buffers;
using System.Globalization;
using System.Net.Security;
using System.Text;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.ApiServer.Streams;

/// <summary>
/// Carries one request to a kubelet over a connection of its own. An upgraded request (SPDY or WebSocket, it makes no difference) becomes a
/// tunnel of raw bytes; any other answer is streamed.
/// </summary>
internal static class KubeletTunnel
{
    private const int MaxHeadBytes = 64 * 1024;
    private const int CopyBytes = 32 * 1024;
    private const int MaxFailureBytes = 50_000; // as upstream

    // Hop-by-hop headers of this connection (RFC 9110 section 7.6.1), and the credentials, which are for this server only.
    private static readonly string[] NotForwarded =
        ["Connection", "Upgrade", "Host", "Authorization", "Transfer-Encoding", "Keep-Alive", "TE", "Trailer", "Proxy-Authorization"];

    /// <summary>Sends the request on.</summary>
    /// <param name="request">The client's request.</param>
    /// <param name="connection">A fresh connection to the kubelet.</param>
    /// <param name="kubelet">For the Host header.</param>
    /// <param name="pathAndQuery">What the kubelet is asked.</param>
    /// <param name="mustSucceed">Whether a failure of the kubelet becomes a Status; else it is passed on as it is.</param>
    public static async Task RunAsync(
        ApiRequest request, SslStream connection, KubeletAddress kubelet, string pathAndQuery, bool mustSucceed = false)
    {
        var upgrade = request.Http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } feature ? feature : null;
        await connection.WriteAsync(HeadOf(request, kubelet, pathAndQuery, upgrade is not null), request.Aborted);
        var answer = await ReadHeadAsync(connection, request.Aborted);
        if (mustSucceed && answer.Status is < StatusCodes.Status200OK or > StatusCodes.Status206PartialContent)
            throw FailureOf(request, answer.Status, await ReadTextAsync(BodyOf(connection, answer), request.Aborted));
        CopyHeaders(answer, request.Http.Response);
        request.Http.Response.StatusCode = answer.Status;
        if (answer.Status == StatusCodes.Status101SwitchingProtocols && upgrade is not null)
            await TunnelAsync(request, connection, await upgrade.UpgradeAsync(), answer.Rest);
        else
            await ProxyAnswers.CopyAsync(request, request.Http.Response, BodyOf(connection, answer).ReadAsync);
    }

    private static byte[] HeadOf(ApiRequest request, KubeletAddress kubelet, string pathAndQuery, bool upgrade)
    {
        var http = request.Http.Request;
        var head = new StringBuilder();
        head.Append(http.Method).Append(' ').Append(pathAndQuery).Append(" HTTP/1.1\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Host: {kubelet.Host}:{kubelet.Port}\r\n");
        foreach (var (name, values) in http.Headers)
        {
            if (name.StartsWith(':') || name.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase)
                || NotForwarded.Contains(name, StringComparer.OrdinalIgnoreCase))
                continue;
            foreach (var value in values)
                head.Append(name).Append(": ").Append(value).Append("\r\n");
        }
        head.Append(upgrade ? $"Connection: Upgrade\r\nUpgrade: {http.Headers.Upgrade}\r\n" : "Connection: close\r\n");
        return Encoding.Latin1.GetBytes(head.Append("\r\n").ToString());
    }

    private sealed record Answer(int Status, List<(string Name, string Value)> Headers, byte[] Rest)
    {
        public string Header(string name) => Headers.FirstOrDefault(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "";
    }

    private static async Task<Answer> ReadHeadAsync(SslStream connection, CancellationToken cancellation)
    {
        var buffer = new byte[MaxHeadBytes];
        var length = 0;
        while (true)
        {
            var count = await connection.ReadAsync(buffer.AsMemory(length), cancellation);
            length += count;
            var end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
                return Parse(Encoding.Latin1.GetString(buffer, 0, end), buffer[(end + 4)..length]);
            if (count == 0 || length == buffer.Length)
                throw Failure.Internal("error dialing backend: the kubelet did not answer with HTTP");
        }
    }

    private static Answer Parse(string head, byte[] rest)
    {
        var lines = head.Split("\r\n");
        var status = lines[0].Split(' ', 3) is [_, var code, ..] && int.TryParse(code, out var number) ? number : 502;
        var headers = new List<(string, string)>();
        foreach (var line in lines.AsSpan(1))
        {
            var colon = line.IndexOf(':');
            if (colon > 0)
                headers.Add((line[..colon], line[(colon + 1)..].Trim()));
        }
        return new(status, headers, rest);
    }

    private static void CopyHeaders(Answer answer, HttpResponse response)
    {
        foreach (var (name, value) in answer.Headers)
        {
            var own = name.Equals("Connection", StringComparison.OrdinalIgnoreCase) || name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase);
            if (own && answer.Status != StatusCodes.Status101SwitchingProtocols)
                continue;
            if (!name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase) && !name.Equals("Date", StringComparison.OrdinalIgnoreCase))
                response.Headers[name] = value;
        }
    }

    internal static async Task TunnelAsync(ApiRequest request, Stream kubelet, Stream client, byte[] early)
    {
        await using (client)
        {
            if (early.Length > 0)
                await client.WriteAsync(early, request.Aborted);
            await client.FlushAsync(request.Aborted);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted);
            var outward = CopyAsync(client, kubelet, ended.Token);
            var inward = CopyAsync(kubelet, client, ended.Token);
            // The kubelet's end is the end. The client may close its side first (stdin is done) and still wait for the rest.
            await inward;
            await ended.CancelAsync();
            await outward;
        }
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            int count;
            while ((count = await from.ReadAsync(buffer, cancellation)) > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, count), cancellation);
                await to.FlushAsync(cancellation);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return; // either end may vanish at any time: that is how these streams end
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ChunkedBody BodyOf(SslStream connection, Answer answer) =>
        answer.Header("Transfer-Encoding").Equals("chunked", StringComparison.OrdinalIgnoreCase)
            ? new ChunkedBody(connection, answer.Rest)
            : new ChunkedBody(connection, answer.Rest, long.TryParse(answer.Header("Content-Length"), out var length) ? length : long.MaxValue);

    private static async Task<string> ReadTextAsync(ChunkedBody body, CancellationToken cancellation)
    {
        var text = new byte[MaxFailureBytes];
        var length = 0;
        int count;
        while (length < text.Length && (count = await body.ReadAsync(text.AsMemory(length), cancellation)) > 0)
            length += count;
        return Encoding.UTF8.GetString(text, 0, length);
    }

    // As upstream's check of streamed answers (registry/generic/rest, GenericHttpResponseChecker).
    private static RequestFailure FailureOf(ApiRequest request, int status, string text) => status switch
    {
        StatusCodes.Status500InternalServerError => Failure.Internal(text),
        StatusCodes.Status400BadRequest => Failure.BadRequest(text),
        StatusCodes.Status404NotFound => new(
            status, "NotFound", $"the server could not find the requested resource ( {request.Kind.Resource} {request.Info.Name})")
        {
            Kind = request.Info.Resource, Name = request.Info.Name,
        },
        _ => new(status, "", $"the server responded with the status code {status} but did not return more information ( "
            + $"{request.Kind.Resource} {request.Info.Name})")
        {
            Kind = request.Info.Resource, Name = request.Info.Name,
        },
    };
}
