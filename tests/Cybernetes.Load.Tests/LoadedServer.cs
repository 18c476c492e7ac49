using System.Net;
using Cybernetes.ApiServer.Admission;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Cluster.Serving;
using Cybernetes.Load.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Load.Tests;

/// <summary>An API server in this process, behind real TLS on a free port of loopback; one for all tests of a class.</summary>
public sealed class LoadedServer : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loaded").FullName;
    private ControlPlane? _plane;

    public string KubeconfigPath => Path.Combine(_folder, "admin.conf");

    public async ValueTask InitializeAsync()
    {
        // Pods want a service account, and no controller makes them here.
        Assert.True(AdmissionSelection.TryCreate([], ["ServiceAccount"], out var admission, out _));
        _plane = await ControlPlane.StartAsync(
            new ControlPlaneOptions
            {
                DataDirectory = _folder, NodeName = "bench", BindAddress = IPAddress.Loopback, SecurePort = 0, Admission = admission!,
                Loggers = NullLoggerFactory.Instance,
            },
            TestContext.Current.CancellationToken);
        await _plane.WaitUntilReadyAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_plane is not null)
            await _plane.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    internal Endpoint EndpointOf(bool http2) => Endpoint.Of(KubeconfigFile.Load(KubeconfigPath).Resolve(), http2);
}
