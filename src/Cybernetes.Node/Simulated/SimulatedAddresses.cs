using System.Buffers.Binary;
using System.Net;
using Cybernetes.Node.Runtime;

namespace Cybernetes.Node.Simulated;

/// <summary>Pod addresses of one node, in order; given back ones are used again when the range is through. IPv4. Not
/// thread-safe.</summary>
internal sealed class SimulatedAddresses
{
    private readonly HashSet<uint> _taken = [];
    private uint _first;
    private uint _last;
    private uint _next;

    public SimulatedAddresses(string cidr) => MoveTo(cidr);

    /// <exception cref="RuntimeCallException">The range is no IPv4 CIDR.</exception>
    public void MoveTo(string cidr)
    {
        if (!IPNetwork.TryParse(cidr, out var network) || network.BaseAddress.GetAddressBytes() is not { Length: 4 } bytes)
            throw new RuntimeCallException(RuntimeStatusCode.InvalidArgument, $"\"{cidr}\" is no IPv4 range");
        var start = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var size = network.PrefixLength == 0 ? uint.MaxValue : (uint)((1UL << (32 - network.PrefixLength)) - 1);

        // Neither the network's own address, nor the bridge's, nor the broadcast.
        _first = start + 2;
        _last = start + size - 1;
        if (size < 3)
            throw new RuntimeCallException(RuntimeStatusCode.InvalidArgument, $"\"{cidr}\" has no room for pods");
        _next = _first;
    }

    /// <exception cref="RuntimeCallException">All are taken.</exception>
    public string Take()
    {
        for (var tried = 0UL; tried <= _last - _first; tried++)
        {
            var candidate = _next;
            _next = _next >= _last ? _first : _next + 1;
            if (_taken.Add(candidate))
                return new IPAddress(BinaryPrimitives.ReverseEndianness(candidate)).ToString();
        }

        throw new RuntimeCallException(
            RuntimeStatusCode.Unknown, "failed to allocate for range 0: no IP addresses available in range set");
    }

    public void GiveBack(string address)
    {
        if (address.Length > 0)
            _taken.Remove(BinaryPrimitives.ReadUInt32BigEndian(IPAddress.Parse(address).GetAddressBytes()));
    }
}
