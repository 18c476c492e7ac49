using System.Buffers.Binary;
using Cybernetes.Store.Etcd.Rpc;
using Google.Protobuf;

namespace Cybernetes.Store.Etcd;

/// <summary>
/// Records as etcd keeps them. etcd cannot write the revision into a value, so the place for it travels with the value, in a trailer
/// of eight bytes (a zero byte, "cyb", the offset), and every reader stamps its own copy from mod_revision. Values without the
/// trailer, written by other hands, are taken as they are.
/// </summary>
internal sealed class EtcdRecords(EtcdKeys keys)
{
    private const int TrailerBytes = 8;

    // Text never holds a zero byte, so what etcdctl shows ends visibly there.
    private static ReadOnlySpan<byte> TrailerMark => "\0cyb"u8;

    public static ByteString Encode(PutOperation put)
    {
        var stored = new byte[put.Value.Length + TrailerBytes];
        put.Value.CopyTo(stored, 0);
        TrailerMark.CopyTo(stored.AsSpan(put.Value.Length));
        BinaryPrimitives.WriteInt32BigEndian(stored.AsSpan(put.Value.Length + TrailerMark.Length), put.RevisionOffset);
        return UnsafeByteOperations.UnsafeWrap(stored);
    }

    /// <summary>A live record.</summary>
    public Record Decode(KeyValue found, int order = 0)
    {
        var (length, offset) = Split(found.Value.Span);
        var value = found.Value.Span[..length].ToArray();
        if (offset >= 0)
            RevisionStamp.Write(value.AsSpan(offset), found.ModRevision);
        return new Record(
            keys.FromEtcd(found.Key), value, offset,
            new RecordOrigin(found.CreateRevision, found.ModRevision, order, found.Version, found.Lease));
    }

    public Record[] Decode(IList<KeyValue> found)
    {
        var records = new Record[found.Count];
        for (var i = 0; i < records.Length; i++)
            records[i] = Decode(found[i]);
        return records;
    }

    public WatchEvent Decode(Event change, int order)
    {
        var record = change.Type == Event.Types.EventType.Delete
            ? new Record(keys.FromEtcd(change.Kv.Key), null, RevisionStamp.None, new RecordOrigin(0, change.Kv.ModRevision, order, 0, 0))
            : Decode(change.Kv, order);
        return new WatchEvent(record, change.PrevKv is { } previous ? Decode(previous) : null);
    }

    /// <summary>The record that a put made, from what the answer says of the one before.</summary>
    public static Record Written(PutOperation put, Record? previous, long revision, int order)
    {
        if (put.RevisionOffset >= 0)
            RevisionStamp.Write(put.Value.AsSpan(put.RevisionOffset), revision);
        var origin = new RecordOrigin(previous?.CreateRevision ?? revision, revision, order, (previous?.Version ?? 0) + 1, put.Lease);
        return new Record(put.Key, put.Value, put.RevisionOffset, origin) { Attachment = put.Attachment };
    }

    private static (int Length, int Offset) Split(ReadOnlySpan<byte> stored)
    {
        var length = stored.Length - TrailerBytes;
        if (length < 0 || !stored[length..].StartsWith(TrailerMark))
            return (stored.Length, RevisionStamp.None);
        var offset = BinaryPrimitives.ReadInt32BigEndian(stored[(length + TrailerMark.Length)..]);
        return offset >= 0 && offset + RevisionStamp.Length <= length ? (length, offset) : (length, RevisionStamp.None);
    }
}
