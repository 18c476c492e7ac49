using System.Net;
using System.Net.Sockets;
using System.Numerics;

namespace Cybernetes.ApiServer.Registry.Allocation;

/// <summary>A range of service addresses, numbered from 1: without the network's own address and, for IPv4, the last.</summary>
internal readonly struct AddressRange(IPNetwork network)
{
    private const int CountedBits = 30;

    public IPNetwork Network { get; } = network;

    public AddressFamily Family => Network.BaseAddress.AddressFamily;

    /// <summary>Addresses that can be given by number; of very large ranges the first 2^30.</summary>
    public long Size
    {
        get
        {
            var bits = (Network.BaseAddress.GetAddressBytes().Length * 8) - Network.PrefixLength;
            return Math.Max(0, (1L << Math.Min(bits, CountedBits)) - 2);
        }
    }

    /// <summary>Upstream gives dynamic addresses from behind these first, so that fixed ones rarely meet them.</summary>
    public long Reserved
    {
        get
        {
            var reserved = Math.Min(Math.Max(16, Size / 16), 256);
            return Size > reserved ? reserved : 0;
        }
    }

    public IPAddress At(long number)
    {
        var bytes = Network.BaseAddress.GetAddressBytes();
        for (var i = bytes.Length - 1; i >= 0 && number > 0; i--, number >>= 8)
        {
            number += bytes[i];
            bytes[i] = (byte)number;
        }
        return new(bytes);
    }

    /// <summary>Whether a service may have the address.</summary>
    public bool Allows(IPAddress address)
    {
        if (address.AddressFamily != Family || !Network.Contains(address))
            return false;
        var number = new BigInteger(address.GetAddressBytes(), isUnsigned: true, isBigEndian: true)
            - new BigInteger(Network.BaseAddress.GetAddressBytes(), isUnsigned: true, isBigEndian: true);
        return number >= 1 && number <= Size;
    }
}
