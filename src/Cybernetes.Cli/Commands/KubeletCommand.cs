using Cybernetes.Cli.Flags;
using Cybernetes.Cli.Running;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb kubelet</c>: the node agent, with the pod network of its node.</summary>
internal sealed class KubeletCommand : PartCommand
{
    private readonly Flag<string> _nodeName;
    private readonly Flag<string> _nodeIp;
    private readonly Flag<string> _runtime;
    private readonly Flag<string> _rootDirectory;
    private readonly Flag<string> _podLogs;
    private readonly Flag<string> _cniDirectory;
    private readonly Flag<string> _clusterCidr;
    private readonly Flag<string> _serviceRange;
    private readonly Flag<IReadOnlyList<string>> _clusterDns;
    private readonly Flag<string> _clusterDomain;
    private readonly Flag<int> _port;
    private readonly Flag<int> _maxPods;
    private readonly Flag<string> _certificate;
    private readonly Flag<string> _key;
    private readonly Flag<string> _clientAuthority;
    private readonly Flag<string> _cloudProvider;

    public KubeletCommand()
        : base(Parts.Node)
    {
        _nodeName = Flags.Text("hostname-override", ServingFlags.DefaultNodeName(), "The name of this machine's node", "name");
        _nodeIp = Flags.Text("node-ip", "", "The node's address; by default that of the default route's interface", "ip");
        _runtime = Flags.Text(
            "container-runtime-endpoint",
            NodeSettings.DefaultRuntimeEndpoint,
            "The socket of the container runtime (CRI)", "unix://path");
        _rootDirectory = Flags.Text(
            "root-dir", "/var/lib/kubelet", "Where volumes and other files of pods are kept", "directory");
        _podLogs = Flags.Text("pod-logs-dir", "/var/log/pods", "Where containers' log files are kept", "directory");
        _cniDirectory = Flags.Text(
            "cni-conf-dir",
            "/etc/cni/net.d",
            "Where to put the pod network's configuration; empty leaves the network to others", "directory");
        _clusterCidr = Flags.Text("cluster-cidr", "", "The CIDR of all pods' addresses", "cidr");
        _serviceRange = Flags.Text("service-cluster-ip-range", "", "The CIDR of services", "cidr");
        _clusterDns = Flags.List(
            "cluster-dns", [], "Addresses of the cluster's DNS servers; by default pods use the machine's", "ips");
        _clusterDomain = Flags.Text("cluster-domain", "cluster.local", "The DNS domain of the cluster", "domain");
        _port = Flags.Number("port", 10250, "The port to serve logs, exec and port-forward on", 0, 65535);
        _maxPods = Flags.Number("max-pods", 110, "How many pods the node takes", 1, 10000);
        _certificate = Flags.Text(
            "tls-cert-file", "", "The certificate to serve with; without one, no logs, exec and port-forward", "file");
        _key = Flags.Text("tls-private-key-file", "", "The key of --tls-cert-file", "file");
        _clientAuthority = Flags.Text(
            "client-ca-file", "", "Who signs the certificates of those who may ask; needed to serve", "file");
        _cloudProvider = Flags.Text(
            "cloud-provider", "", "external where a cloud's controllers make the node usable, who must then run; empty for none");
    }

    public override string Name => "kubelet";

    public override string Summary => "Run the node agent and its pod network only; needs root and a container runtime";

    public override string Examples => """
        # On the machine of an API server that runs alone
        cd /var/lib/cybernetes
        cyb kubelet --kubeconfig kubelet.conf --client-ca-file pki/ca.crt \
          --tls-cert-file pki/kubelet.crt --tls-private-key-file pki/kubelet.key
        """;

    protected override PartSettings Settings()
    {
        bool serves = _certificate.IsSet || _key.IsSet || _clientAuthority.IsSet;
        if (serves && !(_certificate.IsSet && _key.IsSet && _clientAuthority.IsSet))
            throw new FlagException("--tls-cert-file, --tls-private-key-file and --client-ca-file must be given together");
        if (_cloudProvider.Value is not ("" or "external"))
            throw new FlagException($"unknown cloud provider \"{_cloudProvider.Value}\": --cloud-provider takes external, or nothing");
        return new PartSettings
        {
            NodeName = _nodeName.Value,
            Identity = _nodeName.Value,
            ClusterCidr = _clusterCidr.Value,
            ServiceCidr = _serviceRange.Value,
            Node = new NodeSettings
            {
                RuntimeEndpoint = _runtime.Value,
                RootDirectory = _rootDirectory.Value,
                PodLogsDirectory = _podLogs.Value,
                CniDirectory = _cniDirectory.Value,
                NodeIp = _nodeIp.Value,
                ClusterDns = _clusterDns.Value,
                ClusterDomain = _clusterDomain.Value,
                Port = _port.Value,
                MaxPods = _maxPods.Value,
                HasCloudProvider = _cloudProvider.Value.Length > 0,
                ServingCertificate = serves ? Loaded(ServingFiles.Certificate(_certificate.Value, _key.Value)) : null,
                ClientAuthorities = serves ? Loaded(ServingFiles.Authorities(_clientAuthority.Value)) : static () => [],
            },
        };
    }

    private static Func<T> Loaded<T>(T value) => () => value;
}
