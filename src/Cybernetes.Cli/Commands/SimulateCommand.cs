using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Cybernetes.Cli.Flags;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Cluster.Pki;
using Cybernetes.Node.Server;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Wire;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb simulate --nodes N</c>: a fleet of simulated nodes against any API server.</summary>
internal sealed class SimulateCommand : DaemonCommand
{
    private readonly Flag<string> _kubeconfig;
    private readonly Flag<int> _nodes;
    private readonly Flag<string> _config;
    private readonly Flag<int> _port;
    private readonly Flag<string> _address;
    private readonly Flag<string> _certificate;
    private readonly Flag<string> _key;
    private readonly Flag<string> _clientAuthority;

    public SimulateCommand()
    {
        _kubeconfig = Flags.Text(
            "kubeconfig", "", "The kubeconfig that leads to the API server; by default that of $KUBECONFIG, or ~/.kube/config", "file");
        _nodes = Flags.Number("nodes", 10, "How many nodes, where no --config says", 1, 100_000);
        _config = Flags.Text("config", "", "Shapes, zones, taints, scripts, delays, failures, crashes and drains, as YAML", "file");
        _address = Flags.Text("node-ip", "127.0.0.1", "The nodes' address, at which the API server reaches this process", "ip");
        _port = Flags.Number("port", 0, "The port to serve logs, exec and port-forward of all nodes on; by default a free one", 0, 65535);
        _certificate = Flags.Text("tls-cert-file", "", "The certificate to serve with; by default one of its own making", "file");
        _key = Flags.Text("tls-private-key-file", "", "The key of --tls-cert-file", "file");
        _clientAuthority = Flags.Text(
            "client-ca-file", "", "Who signs the certificates of those who may ask; by default the kubeconfig's authority", "file");
    }

    public override string Name => "simulate";

    public override string Summary => "Register simulated nodes and run their pods without containers, against any API server";

    public override string Description => Summary + """
        .
        Pods start, end, fail and stop as their annotations say: simulated.cybernetes.io/start-delay, run-for, exit-code, stop-delay,
        oom-killed and output; "sleep", "echo", "true" and "false" do what their names say. The configuration file:
          nodes:
          - {count: 100, name: big-, zones: [a, b, c], capacity: {cpu: "64", memory: 512Gi, pods: "250"},
             labels: {team: blue}, taints: [{key: big, value: "true", effect: NoSchedule}],
             devices: [{driver: gpu.example.com, count: 8, name: gpu-, attributes: {model: a1}, capacity: {memory: 80Gi}}]}
          scripts:
          - {namespace: batch, labels: {app: nightly}, script: {start-delay: "3", run-for: "60", exit-code: "0"}}
          startDelaySeconds: 2
          containerFailuresPerHour: 0.05
          nodeCrashesPerHour: 0.1
          nodeCrashSeconds: 120
          nodeDrainsPerHour: 0.2
          nodeDrainSeconds: 300
        Logs hold what scripts print, commands answer as in a very small shell, and ports answer HTTP with the pod's name. An API server
        that checks its kubelets' certificates needs --tls-cert-file.
        The Node objects stay when it ends: kubectl delete node -l type=simulated removes those that have such a label.
        """;

    public override string Examples => """
        # Five thousand nodes for the cluster of the current kubeconfig
        cyb simulate --nodes 5000

        # Beside cyb server, whose authority signed a certificate for its own kubelet
        cyb simulate --nodes 20 --tls-cert-file /var/lib/cybernetes/pki/kubelet.crt \
          --tls-private-key-file /var/lib/cybernetes/pki/kubelet.key
        """;

    protected override async Task RunAsync(ILoggerFactory loggers, CancellationToken stop)
    {
        if (!IPAddress.TryParse(_address.Value, out IPAddress? address))
            throw new FlagException($"--node-ip: \"{_address.Value}\" is no IP address");
        FleetOptions options = Options() with { HostAddress = _address.Value, Loggers = loggers };
        ClusterAccess access = KubeconfigFile.LoadMerged(KubeconfigFile.DefaultPaths(_kubeconfig.Value, Environment.GetEnvironmentVariable)).Resolve();
        using X509Certificate2 certificate = ServingFiles.CertificateOr(_certificate.Value, _key.Value, SelfSigned);
        X509Certificate2Collection authorities = ServingFiles.AuthoritiesOr(_clientAuthority.Value, access.Authorities);
        options = options with
        {
            Server = new KubeletServerOptions
            {
                Address = address, Port = _port.Value, ServerCertificate = () => certificate, ClientAuthorities = () => authorities,
                // The groups of API servers' certificates for kubelets: ours and older ones of kubeadm, and newer ones of kubeadm.
                Authorize = static (attributes, _) => ValueTask.FromResult(
                    attributes.User.Groups.Contains("system:masters") || attributes.User.Groups.Contains("kubeadm:cluster-admins")),
            },
        };
        using ApiClient client = ApiClient.Connect(access);
        var fleet = new NodeFleet(client, options, loggers.CreateLogger("simulate"));
        Task running = fleet.RunAsync(stop);
        await Task.WhenAny(running, fleet.Registered).ConfigureAwait(false);
        if (fleet.Registered.IsCompletedSuccessfully)
            Ready(loggers);
        await running.ConfigureAwait(false);
    }

    /// <summary>As a kubelet that was given no certificate makes one; it holds while this process runs.</summary>
    private static X509Certificate2 SelfSigned()
    {
        using ECDsa key = CertificateIssuer.NewKey();
        using X509Certificate2 bare = CertificateIssuer.SelfSigned(key, "cyb-simulate", TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(365));
        return X509CertificateLoader.LoadPkcs12(bare.Export(X509ContentType.Pkcs12), null);
    }

    private FleetOptions Options()
    {
        if (_config.Value.Length == 0)
            return new FleetOptions { Shapes = [new FleetShape { Count = _nodes.Value }] };
        try
        {
            byte[] json = YamlReader.ToJson(File.ReadAllBytes(_config.Value));
            FleetFile file = JsonSerializer.Deserialize<FleetFile>(json, FleetFile.Form) ?? new FleetFile();
            return file.ToOptions();
        }
        catch (Exception failure) when (failure is JsonException or YamlException or IOException or UnauthorizedAccessException or FormatException)
        {
            throw new FlagException($"--config {_config.Value}: {failure.Message}");
        }
    }
}
