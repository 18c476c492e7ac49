namespace Cybernetes.Store;

/// <summary>
/// One version of one key. Immutable and shared: store, caches and watchers hold the same object and the same bytes.
/// </summary>
public sealed class Record
{
    private readonly byte[]? _value;

    internal Record(string key, byte[]? value, int revisionOffset, RecordOrigin origin)
    {
        Key = key;
        _value = value;
        RevisionOffset = revisionOffset;
        CreateRevision = origin.CreateRevision;
        ModRevision = origin.ModRevision;
        Order = origin.Order;
        Version = origin.Version;
        Lease = origin.Lease;
    }

    /// <summary>A record that no store holds: what is found out when asked travels in the same form as what is stored.</summary>
    public static Record Unstored(string key, byte[] value) => new(key, value, RevisionStamp.None, default);

    public string Key { get; }

    /// <summary>The bytes, with the stamp if there is one. Empty for a deletion.</summary>
    public ReadOnlyMemory<byte> Value => _value;

    /// <summary>The revision that made the key; 0 for a deletion.</summary>
    public long CreateRevision { get; }

    /// <summary>The revision that made this version, or deleted the key.</summary>
    public long ModRevision { get; }

    /// <summary>Counts the versions since the key was made, from 1; 0 for a deletion.</summary>
    public long Version { get; }

    /// <summary>The lease the record lives under; 0 for none.</summary>
    public long Lease { get; }

    /// <summary>Where in the value the revision stands; <see cref="RevisionStamp.None"/> when it has none.</summary>
    public int RevisionOffset { get; }

    /// <summary>True when this is the end of a key.</summary>
    public bool IsDeletion => _value is null;

    /// <summary>
    /// A place for what a reader derives from the bytes (for example what selectors ask for), given with the put or set later;
    /// it goes when the record goes and is not stored. Whatever is set must follow from the bytes alone: readers may race.
    /// </summary>
    public object? Attachment { get; set; }

    /// <summary>The place of the change in its transaction, from 0.</summary>
    internal int Order { get; }

    /// <summary>The version before this one, until it is compacted. Written by the engine's writer only.</summary>
    internal Record? Older { get; set; }

    internal byte[]? ValueArray => _value;

    /// <summary>A copy of the value that names another revision, as a deletion's last state does.</summary>
    public byte[] CopyWithRevision(long revision)
    {
        var copy = Value.ToArray();
        if (RevisionOffset >= 0)
            RevisionStamp.Write(copy.AsSpan(RevisionOffset), revision);
        return copy;
    }

    public override string ToString() => IsDeletion ? $"{Key} deleted at {ModRevision}" : $"{Key} at {ModRevision}";
}

internal readonly record struct RecordOrigin(long CreateRevision, long ModRevision, int Order, long Version, long Lease);
