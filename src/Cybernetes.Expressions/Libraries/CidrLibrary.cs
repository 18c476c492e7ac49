using Cybernetes.Objects;

namespace Cybernetes.Expressions.Libraries;

/// <summary>cidr, isCIDR, containsIP, containsCIDR, ip, masked, prefixLength.</summary>
internal static class CidrLibrary
{
    public static void AddTo(FunctionTable table)
    {
        var (cidr, ip, text) = (CelCidr.CelTypeOf, CelIp.CelTypeOf, CelType.String);
        table.Global("cidr", [text], cidr, a => Parse(a[0]), Costs.First);
        table.Global("isCIDR", [text], CelType.Bool, a => CelBool.Of(!Parse(a[0]).IsError), Costs.First);
        table.Global("string", [cidr], text, a => new CelString(a[0].ToString()!));
        table.Member("ip", [cidr], ip, a => new CelIp(((CelCidr)a[0]).Address));
        table.Member("masked", [cidr], cidr, a => Masked((CelCidr)a[0]));
        table.Member("prefixLength", [cidr], CelType.Int, a => CelInt.Of(((CelCidr)a[0]).Length));
        table.Member("containsIP", [cidr, ip], CelType.Bool, a => ContainsIp(a[0], a[1]), (a, _) => Twice(a[0]));
        table.Member(
            "containsIP", [cidr, text], CelType.Bool, a => ContainsIp(a[0], IpLibrary.Parse(((CelString)a[1]).Value)),
            (a, _) => Twice(a[0]) + Costs.Traversal(a[1].Size));
        table.Member("containsCIDR", [cidr, cidr], CelType.Bool, a => ContainsCidr(a[0], a[1]), (a, _) => Nested(a[0]));
        table.Member(
            "containsCIDR", [cidr, text], CelType.Bool, a => ContainsCidr(a[0], Parse(a[1])), (a, _) => Nested(a[0]) + Costs.Traversal(a[1].Size));
    }

    private static long Twice(CelValue cidr) => Costs.Traversal(2 * cidr.Size);

    private static long Nested(CelValue cidr) => Twice(cidr) + Costs.Traversal(cidr.Size) + 1;

    private static CelValue Parse(CelValue value)
    {
        var text = ((CelString)value).Value;
        const string twice = "network address parse error during conversion from string: ";
        if (!IpText.TryParseCidrStrict(text, out var address, out var length))
            return new CelError($"{twice}{twice}netip.ParsePrefix({GoText.Quote(text)}): unable to parse");
        return address.IsIPv4MappedToIPv6
            ? new CelError($"{twice}IPv4-mapped IPv6 address {GoText.Quote(text)} is not allowed")
            : new CelCidr(address, length);
    }

    private static CelCidr Masked(CelCidr cidr) => new(IpText.Mask(cidr.Address, cidr.Length), cidr.Length);

    private static CelValue ContainsIp(CelValue cidr, CelValue ip) => ip is CelIp address ? CelBool.Of(((CelCidr)cidr).Contains(address.Value)) : ip;

    private static CelValue ContainsCidr(CelValue one, CelValue other)
    {
        if (other is not CelCidr inner) return other;
        var outer = (CelCidr)one;
        return CelBool.Of(outer.Length <= inner.Length && outer.Contains(inner.Address));
    }
}
