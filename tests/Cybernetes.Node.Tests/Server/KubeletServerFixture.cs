using System.Buffers;
using System.Formats.Asn1;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Server;
using Cybernetes.Node.Simulated;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Node.Tests.Server;

/// <summary>The kubelet's server on a free loopback port, over a simulated runtime with one running pod "web".</summary>
internal sealed class KubeletServerFixture : IKubeletPods, IAsyncDisposable
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private readonly string _directory = Directory.CreateTempSubdirectory("kubelet").FullName;
    private readonly X509Certificate2 _authority = MakeAuthority("CN=ca");
    private KubeletServer? _server;
    private string _sandbox = "";
    private string _container = "";

    public X509Certificate2 ClientCertificate { get; private set; } = null!;

    public X509Certificate2 ForeignCertificate { get; } =
        MakeLeaf(MakeAuthority("CN=other"), GoSubject("intruder", "system:masters"), ClientUsage);

    public List<KubeletRequestAttributes> Asked { get; } = [];

    public bool Allows { get; set; } = true;

    public string? SyncLoopFault { get; set; }

    public string Log => Path.Combine(_directory, "0.log");

    public KubeletServer Server => _server!;

    public static async Task<KubeletServerFixture> StartAsync()
    {
        var fixture = new KubeletServerFixture();
        fixture.ClientCertificate = MakeLeaf(fixture._authority, GoSubject("apiserver", "system:masters", "ops"), ClientUsage);
        var serverCertificate = MakeLeaf(fixture._authority, new X500DistinguishedName("CN=node"), ServerUsage);
        var runtime = new SimulatedRuntime(new SimulatedRuntimeOptions(), TimeProvider.System);
        (fixture._sandbox, fixture._container) = await SimulatedPods.RunAsync(runtime, "uid-1");
        var options = new KubeletServerOptions
        {
            Address = IPAddress.Loopback,
            Port = 0,
            HealthzPort = 0,
            ServerCertificate = () => serverCertificate,
            ClientAuthorities = () => [fixture._authority],
            ReviewToken = (token, _) => new(token == "good" ? new KubeletUser("scraper", ["monitors"]) : null),
            Authorize = (attributes, _) =>
            {
                fixture.Asked.Add(attributes);
                return new ValueTask<bool>(fixture.Allows);
            },
        };
        fixture._server = await KubeletServer.StartAsync(
            options, fixture, runtime, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        return fixture;
    }

    public HttpClient Client(X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler { SslOptions = TlsOptions(certificate), UseProxy = false };
        return new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{Server.Port}") };
    }

    /// <summary>Sends an upgrade request by hand; gives the answer's head and the connection.</summary>
    public async Task<(string Head, Stream Stream)> UpgradeAsync(string method, string path, params string[] headers)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Server.Port);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(TlsOptions(ClientCertificate));
        var request = $"{method} {path} HTTP/1.1\r\nHost: node\r\nConnection: Upgrade\r\n{string.Join("\r\n", headers)}\r\n\r\n";
        await tls.WriteAsync(Encoding.ASCII.GetBytes(request));
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await tls.ReadAsync(one) > 0)
            head.Append((char)one[0]);
        return (head.ToString(), tls);
    }

    public async Task<WebSocket> OpenWebSocketAsync(string path, string protocol)
    {
        var (head, stream) = await UpgradeAsync(
            "GET",
            path,
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            $"Sec-WebSocket-Protocol: {protocol}");
        Assert.Contains("101 Switching Protocols", head, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head, StringComparison.Ordinal);
        Assert.Contains($"Sec-WebSocket-Protocol: {protocol}\r\n", head, StringComparison.Ordinal);
        return WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = false });
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    public ValueTask WritePodsAsync(IBufferWriter<byte> output, bool onlyRunning, CancellationToken cancellation)
    {
        output.Write("{\"kind\":\"PodList\"}"u8);
        return ValueTask.CompletedTask;
    }

    public ValueTask<ContainerTarget> FindContainerAsync(
        string podNamespace, string podName, string podUid, string containerName, CancellationToken cancellation) =>
        podName == "web"
            ? new(new ContainerTarget(_container, HasTerminal: false, HasStdin: false))
            : throw new KubeletRequestException(404, $"pod \"{podName}\" does not exist");

    public ValueTask<string> FindSandboxAsync(
        string podNamespace, string podName, string podUid, CancellationToken cancellation) =>
        new(_sandbox);

    public ValueTask<ContainerLogTarget> FindLogAsync(
        string podNamespace, string podName, string containerName, bool previous, CancellationToken cancellation) =>
        new(new ContainerLogTarget(Log, _ => new ValueTask<bool>(false)));

    public ValueTask WriteStatsSummaryAsync(IBufferWriter<byte> output, bool onlyCpuAndMemory, CancellationToken cancellation) =>
        throw new RuntimeCallException(RuntimeStatusCode.Unavailable, "runtime is down");

    public ValueTask WriteMetricsAsync(KubeletMetricsPage page, IBufferWriter<byte> output, CancellationToken cancellation)
    {
        output.Write(Encoding.ASCII.GetBytes($"page_{page} 1\n"));
        return ValueTask.CompletedTask;
    }

    private static SslClientAuthenticationOptions TlsOptions(X509Certificate2? certificate) => new()
    {
        TargetHost = "node",
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
        ClientCertificates = certificate is null ? null : [certificate],
    };

    /// <summary>As Go writes it: all organisations in one set.</summary>
    private static X500DistinguishedName GoSubject(string commonName, params string[] organizations)
    {
        var name = new AsnWriter(AsnEncodingRules.DER);
        using (name.PushSequence())
        {
            using (name.PushSetOf())
            {
                foreach (var organization in organizations)
                    WriteAttribute(name, "2.5.4.10", organization);
            }

            using (name.PushSetOf())
                WriteAttribute(name, "2.5.4.3", commonName);
        }

        return new X500DistinguishedName(name.Encode());
    }

    private static void WriteAttribute(AsnWriter name, string type, string value)
    {
        using (name.PushSequence())
        {
            name.WriteObjectIdentifier(type);
            name.WriteCharacterString(UniversalTagNumber.UTF8String, value);
        }
    }

    private static X509Certificate2 MakeAuthority(string subject)
    {
        var request = new CertificateRequest(subject, ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private static X509Certificate2 MakeLeaf(X509Certificate2 authority, X500DistinguishedName subject, string usage)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        return request.Create(authority, authority.NotBefore, authority.NotAfter, [1, 2, 3]).CopyWithPrivateKey(key);
    }
}
