using System.Text;
using Google.Protobuf;

namespace Cybernetes.Store.Etcd;

/// <summary>
/// Keys as they are called in etcd: the root is replaced by the prefix, which always ends with a slash there, so that the keys of
/// <c>/registry</c> are never taken for those of <c>/registry2</c>.
/// </summary>
internal sealed class EtcdKeys
{
    private readonly string _root;
    private readonly string _prefix;

    public EtcdKeys(string root, string prefix)
    {
        _root = root;
        // Upstream joins the prefix to "/" in the same way.
        _prefix = "/" + prefix.Trim('/');
        if (_prefix.Length > 1)
            _prefix += "/";
        All = (ByteString.CopyFromUtf8(_prefix), ByteString.CopyFromUtf8(_prefix[..^1] + (char)('/' + 1)));
        // Sorts right before the prefix: a watch that begins here sees both.
        Probe = ByteString.CopyFromUtf8(_prefix[..^1] + ".cybernetes-progress");
    }

    /// <summary>Everything of ours.</summary>
    public (ByteString Start, ByteString End) All { get; }

    /// <summary>A key outside of the prefix, written to learn how far a watch is.</summary>
    public ByteString Probe { get; }

    /// <summary>Null when the key cannot be one of ours.</summary>
    public StoreError? Check(string key) => key.StartsWith(_root, StringComparison.Ordinal)
        ? null
        : new StoreError(StoreErrorKind.InvalidRequest, $"the key is not below {_root}");

    public ByteString ToEtcd(string key) => UnsafeByteOperations.UnsafeWrap(Encoding.ASCII.GetBytes(_prefix + key[_root.Length..]));

    /// <summary>The range's first key, and the first after it; the range is cut to what is ours.</summary>
    public (ByteString Start, ByteString End) ToEtcd(KeyRange range)
    {
        var start = string.CompareOrdinal(range.Start, _root) <= 0 ? All.Start : ToEtcd(range.Start);
        var end = range.End is { } text && text.StartsWith(_root, StringComparison.Ordinal) ? ToEtcd(text) : All.End;
        return (start, end);
    }

    public bool IsOurs(ByteString key) => key.Span.StartsWith(All.Start.Span);

    public string FromEtcd(ByteString key) => _root + Encoding.ASCII.GetString(key.Span[_prefix.Length..]);
}
