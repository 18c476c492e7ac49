namespace Cybernetes.Store.Etcd;

/// <summary>Which etcd, and how to treat it. The defaults are those of kube-apiserver where it has them.</summary>
public sealed record EtcdStoreOptions
{
    /// <summary>The members' client addresses (<c>https://10.0.0.1:2379</c>); all members of one cluster, in any order.</summary>
    public required IReadOnlyList<Uri> Servers { get; init; }

    /// <summary>PEM file with the authorities that vouch for the members; empty (default): the system's.</summary>
    public string AuthoritiesFile { get; init; } = "";

    /// <summary>PEM file with our client certificate; empty (default): none.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>PEM file with its key.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>
    /// What all keys begin with in etcd, in place of <see cref="Root"/>. Several clusters can live in one etcd under prefixes of
    /// their own. Default <c>/registry</c>.
    /// </summary>
    public string Prefix { get; init; } = "/registry";

    /// <summary>What all keys begin with here, and the prefix stands for in etcd: empty (default), or text that ends with a slash.</summary>
    public string Root { get; init; } = "";

    /// <summary>How long a call may take in all, other members tried included. Default 10 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one member may take for a read before another is asked. Default 3 s: three heartbeat losses.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a connection may take to come about. Default 2 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Silence on a connection in use after which it is probed. Default 6 s: members refuse more than one probe in 5 s.</summary>
    public TimeSpan KeepAliveTime { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Silence after a probe by which the connection is taken for dead. Default 4 s.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// How often old revisions are compacted, by whichever of the servers that share this etcd comes first; each time up to the
    /// revision of the time before. Default 5 minutes (<c>--etcd-compaction-interval</c>); zero turns it off.
    /// </summary>
    public TimeSpan CompactionInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Undelivered events after which a watcher is cut off. Default 65,536.</summary>
    public int WatchEventLimit { get; init; } = 65_536;

    /// <summary>Bytes of values in undelivered events after which a watcher is cut off. Default 64 MiB.</summary>
    public long WatchByteLimit { get; init; } = 64L << 20;

    /// <summary>The longest value we send; etcd's own limit (<c>--max-request-bytes</c>, 1.5 MiB) may be lower. Default 3 MiB.</summary>
    public int ValueByteLimit { get; init; } = 3 << 20;
}
