using Cybernetes.Cli.Flags;
using Cybernetes.Store.Etcd;

namespace Cybernetes.Cli.Commands;

/// <summary>Which etcd to keep the objects in, if any: upstream's flags of the API server.</summary>
internal sealed class EtcdFlags(FlagSet flags)
{
    private readonly Flag<IReadOnlyList<string>> _servers = flags.List(
        "etcd-servers", [], "The etcd members to keep the objects in (scheme://ip:port); without any they are kept in the data directory");
    private readonly Flag<string> _authorities = flags.Text(
        "etcd-cafile", "", "The certificate authorities that etcd's members are verified by", "file");
    private readonly Flag<string> _certificate = flags.Text("etcd-certfile", "", "The client certificate shown to etcd", "file");
    private readonly Flag<string> _key = flags.Text("etcd-keyfile", "", "The key of the client certificate", "file");
    private readonly Flag<string> _prefix = flags.Text("etcd-prefix", "/registry", "What all keys in etcd begin with");
    private readonly Flag<TimeSpan> _compaction = flags.Duration(
        "etcd-compaction-interval", TimeSpan.FromMinutes(5), "How often etcd is compacted; 0 leaves it to others");

    /// <summary>Null without servers.</summary>
    /// <exception cref="FlagException">The flags do not fit together.</exception>
    public EtcdStoreOptions? ToOptions()
    {
        if (_servers.Value.Count == 0)
            return null;
        if (_certificate.Value.Length == 0 != (_key.Value.Length == 0))
            throw new FlagException("--etcd-certfile and --etcd-keyfile must be given together");
        return new EtcdStoreOptions
        {
            Servers = [.. _servers.Value.Select(Server)],
            AuthoritiesFile = _authorities.Value,
            CertificateFile = _certificate.Value,
            KeyFile = _key.Value,
            Prefix = _prefix.Value,
            Root = "/registry/",
            CompactionInterval = _compaction.Value,
        };
    }

    private static Uri Server(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" && address.PathAndQuery == "/"
            ? address
            : throw new FlagException($"invalid argument \"{text}\" for \"--etcd-servers\" flag: scheme://host:port is needed, such as https://10.0.0.1:2379");
}
