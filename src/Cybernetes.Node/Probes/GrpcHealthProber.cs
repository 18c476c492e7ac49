using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Cybernetes.Node.Probes;

internal interface IGrpcHealthProber
{
    Task<ProbeOutcome> CheckAsync(string address, int port, string service, TimeSpan timeout, CancellationToken cancellation);
}

/// <summary>
/// The gRPC health checking protocol (grpc.io, "GRPC Health Checking Protocol"): Health/Check over HTTP/2 without TLS.
/// </summary>
internal sealed class GrpcHealthProber(TimeProvider time) : IGrpcHealthProber
{
    private const int Serving = 1;
    private const int PrefixBytes = 5;
    private const int MaxAnswerBytes = 64;

    public async Task<ProbeOutcome> CheckAsync(
        string address, int port, string service, TimeSpan timeout, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        using var client = new HttpMessageInvoker(handler);
        try
        {
            var request = Request($"http://{host}:{port}/grpc.health.v1.Health/Check", service);
            using var response = await client.SendAsync(request, both.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(both.Token).ConfigureAwait(false);
            return OutcomeOf(response, body, address, port, service);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            var text = $"timeout: failed to connect service \"{host}:{port}\" within "
                + $"{timeout.TotalSeconds:0}s: context deadline exceeded";
            return new ProbeOutcome(ProbeResult.Failure, text);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            var why = e.GetBaseException() is SocketException socket ? Dial.Failure(address, port, socket) : e.Message;
            return new ProbeOutcome(ProbeResult.Failure, $"error: this server does not answer on gRPC: {why}");
        }
    }

    private static HttpRequestMessage Request(string url, string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        var message = name.Length == 0 ? [] : (byte[])[0x0a, .. Varint(name.Length), .. name];
        var frame = new byte[PrefixBytes + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, PrefixBytes);
        var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.36");
        return request;
    }

    private static byte[] Varint(int value)
    {
        var bytes = new List<byte>(5);
        for (var rest = (uint)value; ; rest >>= 7)
        {
            if (rest < 0x80)
            {
                bytes.Add((byte)rest);
                return [.. bytes];
            }

            bytes.Add((byte)(rest | 0x80));
        }
    }

    private static ProbeOutcome OutcomeOf(HttpResponseMessage response, byte[] body, string address, int port, string service)
    {
        var code = Header(response.TrailingHeaders, "grpc-status") ?? Header(response.Headers, "grpc-status") ?? "2";
        switch (code)
        {
            case "0":
                break;
            case "12":
                return new ProbeOutcome(
                    ProbeResult.Failure,
                    "error: this server does not implement the grpc health protocol (grpc.health.v1.Health)");
            default:
                var message = Header(response.TrailingHeaders, "grpc-message") ?? Header(response.Headers, "grpc-message") ?? "";
                return new ProbeOutcome(
                    ProbeResult.Failure, $"error: health rpc probe failed: rpc error: code = {code} desc = {message}");
        }

        // HealthCheckResponse has one field, the status.
        var isServing = body.Length is >= PrefixBytes + 2 and < MaxAnswerBytes && body[PrefixBytes] == 0x08
            && body[PrefixBytes + 1] == Serving;
        return isServing
            ? new ProbeOutcome(ProbeResult.Success, "service healthy")
            : new ProbeOutcome(ProbeResult.Failure, "service unhealthy (responded with \"NOT_SERVING\")");
    }

    private static string? Header(HttpHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
