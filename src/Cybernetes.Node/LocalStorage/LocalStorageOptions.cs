namespace Cybernetes.Node.LocalStorage;

/// <summary>Volumes out of a node's own disk.</summary>
public sealed record LocalStorageOptions
{
    /// <summary>The name by which storage classes ask for such volumes.</summary>
    public const string Provisioner = "cybernetes.io/local";

    /// <summary>The node, as its object and its label <c>kubernetes.io/hostname</c> name it.</summary>
    public required string NodeName { get; init; }

    /// <summary>Where each volume becomes a directory of its name. Absolute; made when it is missing.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// A storage class to make when it is missing, as the cluster's default one, for pods that ask for nothing but room; empty makes none.
    /// Default: standard, as small clusters commonly call it.
    /// </summary>
    public string StorageClass { get; init; } = "standard";

    /// <summary>
    /// A class of snapshots to make when it is missing, as the default one for these volumes; empty makes none. Default: standard, as the storage
    /// class beside it.
    /// </summary>
    public string SnapshotClass { get; init; } = "standard";

    /// <summary>Bytes that all volumes together may be promised; null: the size of the file system. Above 0.</summary>
    public long? CapacityBytes { get; init; }
}
