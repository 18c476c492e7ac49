using System.Buffers.Binary;
using System.Net;

namespace Cybernetes.Controllers.NodeAddresses;

/// <summary>Cuts the cluster's pod addresses into equal ranges and gives each to one node. Pure; not thread-safe.</summary>
internal sealed class RangeAllocator
{
    private readonly uint _first;
    private readonly int _maskSize;
    private readonly string?[] _owners;
    private int _next;

    /// <param name="clusterCidr">IPv4.</param>
    /// <param name="nodeMaskSize">Length of a node's range, at least the cluster's and at most 16 bits longer, as upstream limits it.</param>
    /// <exception cref="ArgumentException">The two do not fit.</exception>
    public RangeAllocator(string clusterCidr, int nodeMaskSize)
    {
        var network = IPNetwork.Parse(clusterCidr);
        var bits = nodeMaskSize - network.PrefixLength;
        if (network.BaseAddress.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork || bits is < 0 or > 16 || nodeMaskSize > 30)
            throw new ArgumentException($"node mask size {nodeMaskSize} does not fit the cluster CIDR {clusterCidr}");
        _first = BinaryPrimitives.ReadUInt32BigEndian(network.BaseAddress.GetAddressBytes());
        _maskSize = nodeMaskSize;
        _owners = new string?[1 << bits];
    }

    /// <summary>Notes a range that a node has already; false when it is another node's, or not one of ours.</summary>
    public bool Occupy(string cidr, string node)
    {
        if (IndexOf(cidr) is not { } index || (_owners[index] is { } owner && owner != node))
            return false;
        _owners[index] = node;
        return true;
    }

    /// <summary>The next free range; null when all are given.</summary>
    public string? Allocate(string node)
    {
        for (var i = 0; i < _owners.Length; i++)
        {
            var index = (_next + i) % _owners.Length;
            if (_owners[index] is not null)
                continue;
            _owners[index] = node;
            _next = (index + 1) % _owners.Length;
            return Text(index);
        }
        return null;
    }

    public void Release(string cidr, string node)
    {
        if (IndexOf(cidr) is { } index && _owners[index] == node)
            _owners[index] = null;
    }

    private string Text(int index)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, _first + ((uint)index << (32 - _maskSize)));
        return $"{new IPAddress(bytes)}/{_maskSize}";
    }

    private int? IndexOf(string cidr)
    {
        if (!IPNetwork.TryParse(cidr, out var network) || network.PrefixLength != _maskSize)
            return null;
        var offset = (BinaryPrimitives.ReadUInt32BigEndian(network.BaseAddress.GetAddressBytes()) - _first) >> (32 - _maskSize);
        return offset < _owners.Length ? (int)offset : null;
    }
}
