using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.ApiServer.Server;

namespace Cybernetes.ApiServer.Tests.Server;

public class TlsTests
{
    /// <summary>Whether the sockets' own threads answer.</summary>
    protected virtual bool AnswersOnSocketThreads => false;

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Request_WithClientCertificate_IsThatUser(string version)
    {
        using var authority = new TestCertificates();
        await using var server = await BeginAsync(authority);
        using var client = ClientOf(server.Host.Port, authority, authority.Client("CN=jane, O=dev, O=ops"), version);
        using var denied = await client.GetAsync("/api/v1/namespaces/default/configmaps");
        using var metrics = await client.GetAsync("/metrics");

        Assert.Equal(200, (int)denied.StatusCode);
        Assert.Equal(200, (int)metrics.StatusCode);
        Assert.Equal(new Version(version), metrics.Version);
    }

    [Fact]
    public async Task Request_WithoutCertificate_IsAnonymous()
    {
        using var authority = new TestCertificates();
        await using var server = await BeginAsync(authority);
        using var client = ClientOf(server.Host.Port, authority, null);

        Assert.Equal(200, (int)(await client.GetAsync("/version")).StatusCode);
        Assert.Equal(403, (int)(await client.GetAsync("/metrics")).StatusCode);
    }

    [Fact]
    public async Task Request_WithForeignCertificate_IsUnauthorized()
    {
        using var authority = new TestCertificates();
        using var other = new TestCertificates("other-ca");
        await using var server = await BeginAsync(authority);
        using var client = ClientOf(server.Host.Port, authority, other.Client("CN=jane"));
        using var response = await client.GetAsync("/version");

        Assert.Equal(401, (int)response.StatusCode);
        Assert.Equal("Unauthorized", new Reply(response.StatusCode, await response.Content.ReadAsStringAsync(), []).Reason);
    }

    [Fact]
    public async Task Request_WithUnknownToken_IsUnauthorized()
    {
        using var authority = new TestCertificates();
        await using var server = await BeginAsync(authority);
        using var client = ClientOf(server.Host.Port, authority, null);
        client.DefaultRequestHeaders.Add("Authorization", "Bearer nonsense");

        Assert.Equal(401, (int)(await client.GetAsync("/version")).StatusCode);
    }

    [Fact]
    public async Task Watch_OverTls_Streams()
    {
        using var authority = new TestCertificates();
        await using var server = await BeginAsync(authority);
        using var client = ClientOf(server.Host.Port, authority, authority.Client("CN=jane"));
        using var response = await client.GetAsync("/api/v1/namespaces?watch=1", HttpCompletionOption.ResponseHeadersRead);
        using var watch = new WatchReader(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        for (var i = 0; i < 4; i++)
            Assert.StartsWith("ADDED", await watch.NextAsync());
        await server.SendAsync("POST", "/api/v1/namespaces", """{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"new"}}""");

        Assert.Equal("ADDED new", await watch.NextAsync());
    }

    [Fact]
    public async Task Handshake_SecondConnection_ResumesTheSession()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems keep sessions in their own way");
        using var authority = new TestCertificates();
        await using var server = await BeginAsync(authority);
        var first = await HandshakeBytesAsync(server);
        var second = await HandshakeBytesAsync(server);

        // A resumed handshake shows no certificate.
        Assert.True(second < first - 300, $"{first} bytes came with the first handshake, {second} with the second");
    }

    [Fact]
    public async Task ServingCertificate_Renewed_IsShownToTheNextConnection()
    {
        using var authority = new TestCertificates();
        using var renewed = authority.Server();
        X509Certificate2? current = null;
        await using var server = await BeginAsync(authority, serving: initial => current ?? initial);
        var before = await ShownAsync(server);
        current = renewed;

        Assert.NotEqual(renewed.SerialNumber, before);
        Assert.Equal(renewed.SerialNumber, await ShownAsync(server));
    }

    [Fact]
    public async Task Streams_MoreThanAConnectionTakes_AllAreAnswered()
    {
        using var authority = new TestCertificates();
        await using var server = await BeginAsync(authority);
        using var client = ClientOf(server.Host.Port, authority, authority.Client("CN=jane"));
        var large = new string('x', 700_000);
        var writes = Enumerable.Range(0, 24).Select(async i =>
        {
            var body = $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c{{{i}}}"},"data":{"k":"{{{large}}}"}}""";
            using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync("/api/v1/namespaces/default/configmaps", content);
            return ((int)answer.StatusCode, (await answer.Content.ReadAsByteArrayAsync()).Length > large.Length);
        });
        var reads = Enumerable.Range(0, 300).Select(async _ =>
        {
            using var answer = await client.GetAsync("/api/v1/namespaces/default");
            return (int)answer.StatusCode;
        });

        Assert.All(await Task.WhenAll(writes), w => Assert.Equal((201, true), w));
        Assert.All(await Task.WhenAll(reads), r => Assert.Equal(200, r));
    }

    [Fact]
    public async Task Answer_ToAClientThatReadsLittleAtATime_ArrivesWhole()
    {
        using var authority = new TestCertificates();
        await using var server = await BeginAsync(authority);
        await FillAsync(server);
        using var socket = new System.Net.Sockets.TcpClient { ReceiveBufferSize = 4096 };
        await using var tls = await AskForListAsync(server, authority, socket);
        var answer = new MemoryStream();
        var piece = new byte[3000];
        for (int count; (count = await tls.ReadAsync(piece)) > 0;)
            answer.Write(piece, 0, count);

        var expected = await server.GetAsync("/api/v1/namespaces/default/configmaps");
        Assert.EndsWith("\r\n\r\n" + expected.Text, Unchunked(answer.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_WhoseClientGoesInTheMiddle_EndsAlone()
    {
        using var authority = new TestCertificates();
        await using var server = await BeginAsync(authority);
        await FillAsync(server);
        for (var i = 0; i < 5; i++)
        {
            using var socket = new System.Net.Sockets.TcpClient { ReceiveBufferSize = 4096, LingerState = new(i % 2 == 0, 0) };
            await using var tls = await AskForListAsync(server, authority, socket);
            Assert.NotEqual(0, await tls.ReadAsync(new byte[100]));
        }
        using var other = ClientOf(server.Host.Port, authority, authority.Client("CN=jane"));

        Assert.Equal(200, (int)(await other.GetAsync("/api/v1/namespaces/default/configmaps")).StatusCode);
    }

    /// <summary>More than the sockets of both ends hold.</summary>
    private static async Task FillAsync(ServerFixture server)
    {
        for (var i = 0; i < 24; i++)
            Assert.Equal(201, (await server.CreateConfigMapAsync($"c{i:00}", $",\"annotations\":{{\"n\":\"{new string((char)('a' + i), 250_000)}\"}}")).Code);
    }

    private static async Task<SslStream> AskForListAsync(ServerFixture server, TestCertificates authority, System.Net.Sockets.TcpClient socket)
    {
        await socket.ConnectAsync(IPAddress.Loopback, server.Host.Port);
        var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", RemoteCertificateValidationCallback = (_, _, _, _) => true,
            ApplicationProtocols = [SslApplicationProtocol.Http11], ClientCertificates = [authority.Client("CN=jane")],
        });
        await tls.WriteAsync("GET /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray());
        return tls;
    }

    /// <summary>An answer without the lines that say how long each of its chunks is.</summary>
    private static string Unchunked(byte[] answer)
    {
        var text = System.Text.Encoding.Latin1.GetString(answer);
        var at = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        var whole = new System.Text.StringBuilder(text[..at]);
        while (true)
        {
            var end = text.IndexOf("\r\n", at, StringComparison.Ordinal);
            var length = int.Parse(text.AsSpan(at, end - at), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
            if (length == 0)
                return whole.ToString();
            whole.Append(text, end + 2, length);
            at = end + 2 + length + 2;
        }
    }

    /// <summary>How many bytes the server sends until the client knows that the handshake is done.</summary>
    private static async Task<long> HandshakeBytesAsync(ServerFixture server)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Host.Port);
        await using var counted = new CountedStream(socket.GetStream());
        await using var tls = new SslStream(counted);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", RemoteCertificateValidationCallback = (_, _, _, _) => true,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        });
        var bytes = counted.BytesRead;
        // The session comes behind the handshake, with the first answer at the latest.
        await tls.WriteAsync("GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray());
        await tls.CopyToAsync(Stream.Null);
        return bytes;
    }

    private static async Task<string> ShownAsync(ServerFixture server)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Host.Port);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1", RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });
        return ((X509Certificate2)tls.RemoteCertificate!).SerialNumber;
    }

    /// <summary>Counts what comes in.</summary>
    private sealed class CountedStream(Stream inner) : Stream
    {
        public long BytesRead { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await inner.ReadAsync(buffer, cancellationToken);
            BytesRead += count;
            return count;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("write asynchronously");
    }

    private Task<ServerFixture> BeginAsync(TestCertificates authority, Func<X509Certificate2, X509Certificate2>? serving = null) =>
        StartAsync(authority, o => o with { AnswersOnSocketThreads = AnswersOnSocketThreads }, serving);

    internal static Task<ServerFixture> StartAsync(
        TestCertificates authority, Func<ApiServerOptions, ApiServerOptions>? configure = null,
        Func<X509Certificate2, X509Certificate2>? serving = null)
    {
        var certificate = authority.Server();
        X509Certificate2Collection trusted = [authority.Authority];
        return ServerFixture.StartAsync(o => (configure ?? (same => same)).Invoke(o with { AnswersOnSocketThreads = true }) with
        {
            SecurePort = 0,
            BindAddress = IPAddress.Loopback,
            ServingCertificate = () => serving?.Invoke(certificate) ?? certificate,
            ClientAuthorities = () => trusted,
        });
    }

    internal static HttpClient ClientOf(int port, TestCertificates authority, X509Certificate2? certificate, string version = "2.0")
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && shown.Issuer == authority.Authority.Subject,
                LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
            },
        };
        return new HttpClient(handler)
        {
            BaseAddress = new($"https://127.0.0.1:{port}"), DefaultRequestVersion = new(version),
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }
}

public sealed class TlsOnSocketThreadsTests : TlsTests
{
    protected override bool AnswersOnSocketThreads => true;
}
