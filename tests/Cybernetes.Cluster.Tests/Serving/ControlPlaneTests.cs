using System.Net;
using System.Security.Authentication;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Cluster.Serving;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Cluster.Tests.Serving;

public sealed class ControlPlaneTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("plane").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Start_EmptyDirectory_ServesTheAdministratorOverTls()
    {
        await using ControlPlane plane = await StartAsync();
        await plane.WaitUntilReadyAsync(default);
        using var admin = ApiClient.Connect(KubeconfigFile.Load(Path.Combine(_directory, "admin.conf")).Resolve());
        ApiAnswer ready = await admin.SendAsync(new ApiCall(HttpMethod.Get, "/readyz") { Accept = "*/*" });
        Assert.Equal("ok"u8.ToArray(), ready.Body.ToArray());
        Namespace found = await admin.For<Namespace>().GetAsync(null, "kube-system");
        Assert.Equal("Active", found.Status.Phase);
    }

    [Fact]
    public async Task Client_WithoutTheRightAuthorityOrName_DoesNotTrustTheServer()
    {
        await using ControlPlane plane = await StartAsync();
        ClusterAccess access = KubeconfigFile.Load(Path.Combine(_directory, "admin.conf")).Resolve();
        var options = new ApiClientOptions { MaxConnectRetries = 0 };
        using var wrongAuthority = ApiClient.Connect(
            access with { Authorities = [plane.Certificates.FrontProxyAuthority.Certificate] }, options);
        using var wrongName = ApiClient.Connect(access with { TlsServerName = "example.org" }, options);
        using var rightName = ApiClient.Connect(access with { TlsServerName = "kubernetes.default.svc" }, options);
        var call = new ApiCall(HttpMethod.Get, "/version");
        await AssertUntrustedAsync(wrongAuthority.SendAsync(call));
        await AssertUntrustedAsync(wrongName.SendAsync(call));
        Assert.Equal(200, (await rightName.SendAsync(call)).Code);
    }

    [Fact]
    public async Task Start_Again_KeepsObjectsAndCertificates()
    {
        string serial;
        await using (ControlPlane first = await StartAsync())
        {
            await first.WaitUntilReadyAsync(default);
            serial = first.Certificates.ApiServer.Certificate.SerialNumber;
            using ApiClient client = first.ClientAs("admin", "system:masters");
            await client.For<ConfigMap>().CreateAsync(new ConfigMap
            {
                Metadata = new ObjectMeta { Name = "kept", Namespace = "default" },
                Data = new Dictionary<string, string> { ["a"] = "b" },
            });
        }
        await using ControlPlane second = await StartAsync();
        Assert.Equal(serial, second.Certificates.ApiServer.Certificate.SerialNumber);
        using ApiClient again = second.ClientAs("admin", "system:masters");
        Assert.Equal("b", (await again.For<ConfigMap>().GetAsync("default", "kept")).Data!["a"]);
    }

    [Fact]
    public async Task Start_DataInUse_SaysSo()
    {
        await using ControlPlane plane = await StartAsync();
        ControlPlaneException failure = await Assert.ThrowsAsync<ControlPlaneException>(() => StartAsync());
        Assert.Contains(Path.Combine(_directory, "store"), failure.Message);
    }

    [Fact]
    public async Task Start_PortTaken_SaysSoAndLeavesTheStore()
    {
        await using ControlPlane plane = await StartAsync();
        string other = Path.Combine(_directory, "other");
        ControlPlaneException failure = await Assert.ThrowsAsync<ControlPlaneException>(
            () => StartAsync(options => options with { DataDirectory = other, SecurePort = plane.Port }));
        Assert.Contains("in use", failure.Message);
        await using ControlPlane free = await StartAsync(options => options with { DataDirectory = other });
        Assert.NotEqual(plane.Port, free.Port);
    }

    [Fact]
    public async Task Start_WriteKubeconfig_MergesTheAccess()
    {
        string path = Path.Combine(_directory, "user", "config");
        await using ControlPlane plane = await StartAsync(options => options with { WriteKubeconfig = path });
        ClusterAccess access = KubeconfigFile.Load(path).Resolve("cybernetes-admin@cybernetes");
        Assert.Equal(plane.LocalAddress, access.Server);
    }

    [Fact]
    public void DefaultRoute_SmallestMetric_IsChosen()
    {
        string[] table =
        [
            "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT",
            "cni0\t0000F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
            "wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
            "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
        ];
        Assert.Equal("eth0", HostAddresses.DefaultRouteInterface(table));
        Assert.Equal("", HostAddresses.DefaultRouteInterface(table[..2]));
        Assert.Equal("", HostAddresses.DefaultRouteInterface([]));
    }

    private Task<ControlPlane> StartAsync(Func<ControlPlaneOptions, ControlPlaneOptions>? change = null)
    {
        var options = new ControlPlaneOptions
        {
            DataDirectory = _directory,
            NodeName = "node1",
            BindAddress = IPAddress.Loopback,
            SecurePort = 0,
            Loggers = NullLoggerFactory.Instance,
        };
        return ControlPlane.StartAsync(change?.Invoke(options) ?? options, default);
    }

    private static async Task AssertUntrustedAsync(Task call)
    {
        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(() => call);
        Assert.IsType<AuthenticationException>(failure.InnerException);
    }
}
