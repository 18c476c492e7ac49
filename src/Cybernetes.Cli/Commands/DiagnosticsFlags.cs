using System.Net;
using Cybernetes.Cli.Flags;
using Cybernetes.Cli.Running;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Cluster.Serving;

namespace Cybernetes.Cli.Commands;

/// <summary>The flags of a part's own port, by the names of kube-controller-manager and kube-scheduler.</summary>
internal sealed class DiagnosticsFlags
{
    private readonly Flag<IPAddress?> _bindAddress;
    private readonly Flag<int> _securePort;
    private readonly Flag<string> _certificate;
    private readonly Flag<string> _key;
    private readonly Flag<string> _clientAuthorities;
    private readonly Flag<string> _authentication;
    private readonly Flag<string> _authorization;
    private readonly Flag<IReadOnlyList<string>> _openPaths;

    public DiagnosticsFlags(FlagSet flags, int port)
    {
        _bindAddress = flags.Address("bind-address", "0.0.0.0", "The address to listen on for health, metrics and /configz");
        _securePort = flags.Number("secure-port", port, "The port of /healthz, /metrics and /configz; 0 opens none", 0, 65535);
        _certificate = flags.Text("tls-cert-file", "", "The certificate of --secure-port; without one, one that is made at the start", "file");
        _key = flags.Text("tls-private-key-file", "", "The key of --tls-cert-file", "file");
        _clientAuthorities = flags.Text(
            "client-ca-file", "", "Who signs the certificates by which clients of --secure-port are known; without one, tokens only", "file");
        _authentication = flags.Text(
            "authentication-kubeconfig", "", "The kubeconfig of whom to ask whose a token is; by default that of --kubeconfig", "file");
        _authorization = flags.Text(
            "authorization-kubeconfig", "", "The kubeconfig of whom to ask who may see a path; by default that of --kubeconfig", "file");
        _openPaths = flags.List(
            "authorization-always-allow-paths", DiagnosticsOptions.DefaultOpenPaths, "Paths that everyone may see; '*' at the end stands for anything");
    }

    /// <param name="configuration">What /configz answers.</param>
    /// <exception cref="FlagException">Only one of certificate and key is named.</exception>
    /// <exception cref="KubeconfigException">A file cannot be read.</exception>
    /// <exception cref="ControlPlaneException">The port cannot be had.</exception>
    public async Task<IAsyncDisposable?> ServeAsync(PartContext context, string configuration, CancellationToken stop)
    {
        var certificate = ServingFiles.CertificateOr(_certificate.Value, _key.Value, () => DiagnosticsServer.NewCertificate(TimeProvider.System));
        var options = new DiagnosticsOptions
        {
            Address = new(_bindAddress.Value ?? IPAddress.Any, _securePort.Value),
            Certificate = certificate,
            ClientAuthorities = ServingFiles.AuthoritiesOr(_clientAuthorities.Value, []),
            Authentication = Connect(_authentication.Value),
            Authorization = Connect(_authorization.Value),
            OpenPaths = _openPaths.Value,
            Configuration = configuration,
        };
        return _securePort.Value == 0 ? null : await DiagnosticsServer.StartAsync(options, context, stop).ConfigureAwait(false);
    }

    private static ApiClient? Connect(string kubeconfig) =>
        kubeconfig.Length == 0 ? null : ApiClient.Connect(KubeconfigFile.LoadMerged([kubeconfig]).Resolve());
}
