using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Cybernetes.Controllers.NodeAddresses;

/// <summary>Cuts the cluster's pod addresses into equal ranges and gives each to one node. Pure; not thread-safe.</summary>
internal sealed class RangeAllocator
{
    /// <summary>Ranges of one cluster at most: 2 to the power of it, as upstream limits it.</summary>
    private const int MostBits = 16;

    private readonly UInt128 _first;
    private readonly int _width;
    private readonly int _maskSize;
    private readonly string?[] _owners;
    private readonly Dictionary<string, int> _byNode = new(StringComparer.Ordinal);
    private int _next;

    /// <param name="clusterCidr">IPv4 or IPv6; bits beyond its length are ignored.</param>
    /// <param name="nodeMaskSize">Length of a node's range, at least the cluster's and at most 16 bits longer, as upstream limits it.</param>
    /// <exception cref="ArgumentException">The two do not fit.</exception>
    public RangeAllocator(string clusterCidr, int nodeMaskSize)
    {
        var slash = clusterCidr.IndexOf('/');
        if (slash < 0 || !IPAddress.TryParse(clusterCidr.AsSpan(0, slash), out var address)
            || !int.TryParse(clusterCidr.AsSpan(slash + 1), out var length) || length < 0 || length > Width(address))
            throw new ArgumentException($"the cluster CIDR {clusterCidr} is not a range of addresses");
        _width = Width(address);
        var bits = nodeMaskSize - length;
        if (bits is < 0 or > MostBits || nodeMaskSize > _width - 2)
            throw new ArgumentException($"node mask size {nodeMaskSize} does not fit the cluster CIDR {clusterCidr}");
        var mask = length == 0 ? UInt128.Zero : UInt128.MaxValue << (_width - length);
        _first = Number(address) & mask;
        _maskSize = nodeMaskSize;
        _owners = new string?[1 << bits];
    }

    /// <summary>Whether the range is of this allocator's family.</summary>
    public bool IsSameFamily(string cidr) => cidr.Contains(':') == (_width == 128);

    /// <summary>Notes a range that a node has already; false when it is another node's, or not one of ours.</summary>
    public bool Occupy(string cidr, string node)
    {
        if (IndexOf(cidr) is not { } index || (_owners[index] is { } owner && owner != node))
            return false;
        if (_byNode.TryGetValue(node, out var former) && former != index)
            _owners[former] = null;
        _owners[index] = node;
        _byNode[node] = index;
        return true;
    }

    /// <summary>
    /// The range of a node: the one it was given before, since an earlier write may have reached the server without its answer reaching us, or
    /// the next free one; null when all are given.
    /// </summary>
    public string? Allocate(string node)
    {
        if (_byNode.TryGetValue(node, out var given))
            return Text(given);
        for (var i = 0; i < _owners.Length; i++)
        {
            var index = (_next + i) % _owners.Length;
            if (_owners[index] is not null)
                continue;
            _owners[index] = node;
            _byNode[node] = index;
            _next = (index + 1) % _owners.Length;
            return Text(index);
        }
        return null;
    }

    /// <summary>The node is gone: its range may be given again.</summary>
    public void Release(string node)
    {
        if (_byNode.Remove(node, out var index))
            _owners[index] = null;
    }

    private string Text(int index)
    {
        var value = _first + ((UInt128)(uint)index << (_width - _maskSize));
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        return $"{new IPAddress(_width == 128 ? bytes : bytes[12..])}/{_maskSize}";
    }

    private int? IndexOf(string cidr)
    {
        if (!IPNetwork.TryParse(cidr, out var network) || network.PrefixLength != _maskSize || Width(network.BaseAddress) != _width)
            return null;
        var address = Number(network.BaseAddress);
        if (address < _first)
            return null;
        var offset = (address - _first) >> (_width - _maskSize);
        return offset < (UInt128)(uint)_owners.Length ? (int)offset : null;
    }

    private static int Width(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32;

    private static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        var given = address.GetAddressBytes();
        given.CopyTo(bytes[(16 - given.Length)..]);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
