using System.Net;
using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Cli.Flags;
using Cybernetes.Cluster.Serving;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Commands;

/// <summary>
/// The flags of an API server with its store and certificates: those of <c>cyb server</c> and <c>cyb apiserver</c> alike.
/// </summary>
internal sealed class ServingFlags
{
    private readonly Flag<string> _dataDirectory;
    private readonly Flag<IPAddress?> _bindAddress;
    private readonly Flag<int> _securePort;
    private readonly Flag<IPAddress?> _advertiseAddress;
    private readonly Flag<string> _serviceRange;
    private readonly Flag<string> _nodePorts;
    private readonly Flag<TimeSpan> _eventTimeToLive;
    private readonly Flag<string> _writeKubeconfig;
    private readonly Flag<string> _nodeName;
    private readonly Flag<IReadOnlyList<string>> _extraNames;
    private readonly EtcdFlags _etcd;
    private readonly Flag<FeatureGates> _featureGates;
    private readonly Flag<ApiEnablement> _runtimeConfig;
    private readonly Flag<IReadOnlyList<string>> _enabledAdmission;
    private readonly Flag<IReadOnlyList<string>> _disabledAdmission;

    public ServingFlags(FlagSet flags)
    {
        _dataDirectory = flags.Text(
            "data-dir", DefaultDataDirectory(), "Where the store, the certificates and the kubeconfigs are kept", "directory");
        _bindAddress = flags.Address("bind-address", "0.0.0.0", "The address to listen on for the API");
        _securePort = flags.Number("secure-port", 6443, "The port to listen on for the API; 0 takes a free one", 0, 65535);
        _advertiseAddress = flags.Address(
            "advertise-address", "",
                "The address under which the cluster reaches the API server; by default that of the default route's interface");
        _serviceRange = flags.Text(
            "service-cluster-ip-range", "10.96.0.0/12",
                "The CIDR from which services get their addresses, or one of each family; not one of the pods' or the nodes'", "cidr[,cidr]");
        _nodePorts = flags.Text(
            "service-node-port-range", "30000-32767", "The ports that services may have on every node", "range");
        _eventTimeToLive = flags.Duration("event-ttl", TimeSpan.FromHours(1), "How long events are kept");
        _writeKubeconfig = flags.Text(
            "write-kubeconfig", "",
                "A kubeconfig file to merge the administrator's access into; other entries in it stay", "file");
        _nodeName = flags.Text("node-name", DefaultNodeName(), "The name of this machine's node", "name");
        _extraNames = flags.List("tls-san", [], "Further DNS names that the serving certificate shall be good for");
        _etcd = new EtcdFlags(flags);
        _featureGates = flags.FeatureGates();
        _runtimeConfig = flags.RuntimeConfig();
        _enabledAdmission = flags.List(
            "enable-admission-plugins", [], "Admission plugins to run beside those that run by default");
        _disabledAdmission = flags.List("disable-admission-plugins", [], "Admission plugins not to run although they do by default");
    }

    /// <summary>The node's name, checked.</summary>
    /// <exception cref="FlagException">It cannot be a node's name.</exception>
    public string NodeName
    {
        get
        {
            string name = _nodeName.Value;
            bool isName = name.Length is > 0 and <= 253 && name.Split('.').All(
                label =>
                    label.Length is > 0 and <= 63 && char.IsAsciiLetterOrDigit(label[0]) && char.IsAsciiLetterOrDigit(label[^1])
                    && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'));
            return isName ? name : throw new FlagException(
                $"invalid argument \"{name}\" for \"--node-name\" flag: "
                + "a lowercase RFC 1123 subdomain is needed, such as node-1.example");
        }
    }

    /// <summary>The range out of which services get their IPv4 addresses, or their only ones.</summary>
    public string ServiceRange => _serviceRange.Value.Split(',') is var ranges && Array.Find(ranges, r => !r.Contains(':')) is { } four ? four : ranges[0];

    public string DataDirectory => Path.GetFullPath(_dataDirectory.Value);

    /// <exception cref="FlagException">A value is impossible.</exception>
    public ControlPlaneOptions ToOptions(ILoggerFactory loggers)
    {
        (int first, int last) = NodePorts();
        (IPNetwork services, IPNetwork? secondServices) = ServiceRanges();
        return new ControlPlaneOptions
        {
            DataDirectory = DataDirectory,
            NodeName = NodeName,
            BindAddress = _bindAddress.Value ?? IPAddress.Any,
            SecurePort = _securePort.Value,
            AdvertiseAddress = _advertiseAddress.Value,
            ServiceRange = services,
            SecondaryServiceRange = secondServices,
            EventTimeToLive = _eventTimeToLive.Value > TimeSpan.Zero
                ? _eventTimeToLive.Value : throw new FlagException("invalid argument for \"--event-ttl\" flag: must be above zero"),
            FirstNodePort = first,
            LastNodePort = last,
            ExtraNames = _extraNames.Value,
            FeatureGates = _featureGates.Value,
            Enablement = _runtimeConfig.Value,
            Admission = AdmissionSelection.TryCreate(
                _enabledAdmission.Value, _disabledAdmission.Value, out AdmissionSelection? admission, out string problem)
                    ? admission : throw new FlagException(problem),
            WriteKubeconfig = _writeKubeconfig.Value,
            Etcd = _etcd.ToOptions(),
            Loggers = loggers,
        };
    }

    /// <exception cref="FlagException">The text is no CIDR, or its host bits are not zero.</exception>
    public static IPNetwork Cidr(string flag, string text)
    {
        if (IPNetwork.TryParse(text, out IPNetwork network))
            return network;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        bool hasHostBits = slash > 0 && IPAddress.TryParse(text.AsSpan(0, slash), out _);
        string hint = hasHostBits ? "the bits behind the prefix must be zero" : "a CIDR is needed, such as 10.96.0.0/12";
        throw new FlagException($"invalid argument \"{text}\" for \"--{flag}\" flag: {hint}");
    }

    private (IPNetwork First, IPNetwork? Second) ServiceRanges()
    {
        IPNetwork[] ranges = [.. _serviceRange.Value.Split(',').Select(range => Cidr("service-cluster-ip-range", range))];
        if (ranges.Length > 2)
            throw new FlagException("--service-cluster-ip-range must not contain more than two entries");
        if (ranges.Length == 2 && ranges[0].BaseAddress.AddressFamily == ranges[1].BaseAddress.AddressFamily)
            throw new FlagException("--service-cluster-ip-range[0] and --service-cluster-ip-range[1] must be of different IP family");
        return (ranges[0], ranges.Length == 2 ? ranges[1] : null);
    }

    private (int First, int Last) NodePorts()
    {
        string[] ends = _nodePorts.Value.Split('-');
        bool isRange = ends.Length == 2 && int.TryParse(ends[0], out _) && int.TryParse(ends[1], out _);
        (int first, int last) = isRange ? (int.Parse(ends[0]), int.Parse(ends[1])) : (0, -1);
        return first > 0 && first <= last && last <= 65535 ? (first, last) : throw new FlagException(
            $"invalid argument \"{_nodePorts.Value}\" for \"--service-node-port-range\" flag: "
            + "FIRST-LAST is needed, such as 30000-32767");
    }

    // Root's data belongs to the machine, others' to themselves.
    internal static string DefaultDataDirectory()
    {
        if (!OperatingSystem.IsWindows() && Environment.UserName == "root")
            return "/var/lib/cybernetes";
        return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "cybernetes");
    }

    internal static string DefaultNodeName() => System.Net.Dns.GetHostName().ToLowerInvariant();
}
