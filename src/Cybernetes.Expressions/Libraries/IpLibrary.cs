using System.Net;
using System.Net.Sockets;
using Cybernetes.Objects;

namespace Cybernetes.Expressions
{
    /// <summary>An IPv4 or IPv6 address without a zone.</summary>
    public sealed class CelIp(IPAddress value) : CelValue
    {
        internal static CelType CelTypeOf { get; } = CelType.Opaque("net.IP");

        public IPAddress Value { get; } = value;

        public bool IsV4 => Value.AddressFamily == AddressFamily.InterNetwork;

        public override CelType Type => CelTypeOf;

        /// <summary>Bytes of the address.</summary>
        internal override long Size => IsV4 ? 4 : 16;

        public override bool Equals(object? obj) => obj is CelIp other && Value.Equals(other.Value);

        public override int GetHashCode() => Value.GetHashCode();

        public override string ToString() => IpText.Format(Value);
    }

    /// <summary>An address with the length of its network's prefix.</summary>
    public sealed class CelCidr(IPAddress address, int length) : CelValue
    {
        internal static CelType CelTypeOf { get; } = CelType.Opaque("net.CIDR");

        public IPAddress Address { get; } = address;

        public int Length { get; } = length;

        public override CelType Type => CelTypeOf;

        internal override long Size => (Length + 7) / 8;

        public bool Contains(IPAddress address) =>
            address.AddressFamily == Address.AddressFamily && IpText.Mask(address, Length).Equals(IpText.Mask(Address, Length));

        public override bool Equals(object? obj) => obj is CelCidr other && Length == other.Length && Address.Equals(other.Address);

        public override int GetHashCode() => HashCode.Combine(Address, Length);

        public override string ToString() => $"{IpText.Format(Address)}/{CelFormat.Plain(CelInt.Of(Length))}";
    }
}

namespace Cybernetes.Expressions.Libraries
{
    /// <summary>ip, isIP, ip.isCanonical, family and the is… questions.</summary>
    internal static class IpLibrary
    {
        public static void AddTo(FunctionTable table)
        {
            var (ip, text) = (CelIp.CelTypeOf, CelType.String);
            table.Global("ip", [text], ip, a => Parse(((CelString)a[0]).Value), Costs.First);
            table.Global("isIP", [text], CelType.Bool, a => CelBool.Of(!Parse(((CelString)a[0]).Value).IsError), Costs.First);
            table.Global("ip.isCanonical", [text], CelType.Bool, IsCanonical, Costs.FirstTwice);
            table.Global("string", [ip], text, a => new CelString(a[0].ToString()!));
            table.Member("family", [ip], CelType.Int, a => CelInt.Of(((CelIp)a[0]).IsV4 ? 4 : 6));
            Question(table, "isUnspecified", a => a.Equals(IPAddress.Any) || a.Equals(IPAddress.IPv6Any));
            Question(table, "isLoopback", IPAddress.IsLoopback);
            Question(table, "isLinkLocalMulticast", a => a.GetAddressBytes() is [224, 0, 0, _] || IsV6(a, b => b[0] == 0xff && (b[1] & 0x0f) == 2));
            Question(table, "isLinkLocalUnicast", a => a.GetAddressBytes() is [169, 254, _, _] || IsV6(a, b => b[0] == 0xfe && (b[1] & 0xc0) == 0x80));
            Question(table, "isGlobalUnicast", IsGlobalUnicast);
        }

        /// <summary>The address, or what is wrong with the text.</summary>
        internal static CelValue Parse(string text)
        {
            const string wrong = "IP Address {0} parse error during conversion from string: ";
            var prefix = string.Format(null, wrong, GoText.Quote(text));
            if (!IpText.TryParseStrict(text, out var address)) return new CelError($"{prefix}ParseAddr({GoText.Quote(text)}): unable to parse IP");
            return address.IsIPv4MappedToIPv6 ? new CelError($"{prefix}IPv4-mapped IPv6 address is not allowed") : new CelIp(address);
        }

        private static void Question(FunctionTable table, string name, Func<IPAddress, bool> ask) =>
            table.Member(name, [CelIp.CelTypeOf], CelType.Bool, a => CelBool.Of(ask(((CelIp)a[0]).Value)));

        private static CelValue IsCanonical(CelValue[] arguments)
        {
            var text = ((CelString)arguments[0]).Value;
            var parsed = Parse(text);
            return parsed.IsError ? parsed : CelBool.Of(string.Equals(parsed.ToString(), text, StringComparison.Ordinal));
        }

        private static bool IsV6(IPAddress address, Func<byte[], bool> ask) =>
            address.AddressFamily == AddressFamily.InterNetworkV6 && ask(address.GetAddressBytes());

        private static bool IsGlobalUnicast(IPAddress address)
        {
            var bytes = address.GetAddressBytes();
            var multicast = bytes.Length == 4 ? bytes[0] is >= 224 and < 240 : bytes[0] == 0xff;
            var linkLocal = bytes is [169, 254, _, _] || (bytes.Length == 16 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
            return !multicast && !linkLocal && !IPAddress.IsLoopback(address) && !address.Equals(IPAddress.Broadcast)
                && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
        }
    }
}
