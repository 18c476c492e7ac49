using System.Net;

namespace Cybernetes.Objects;

/// <summary>Rules for addresses and CIDRs in fields, with upstream's words.</summary>
public static class IpRules
{
    /// <summary>An address in a field older than the strict rules: any form, but no leading zeros and no mapped IPv4 when
    /// strict.</summary>
    public static void LegacyIp(string value, FieldPath path, FieldErrorList errors, bool strict = true) =>
        TryIp(value, path, errors, strict, out _);

    /// <summary>An address in its canonical form.</summary>
    public static void Ip(string value, FieldPath path, FieldErrorList errors)
    {
        if (!TryIp(value, path, errors, strict: true, out IPAddress address)) return;
        string canonical = IpText.Format(address);
        if (canonical != value)
            errors.Add(FieldError.Invalid(path, value, $"must be in canonical form ({GoText.Quote(canonical)})"));
    }

    /// <summary>A CIDR in a field older than the strict rules.</summary>
    public static void LegacyCidr(string value, FieldPath path, FieldErrorList errors, bool strict = true) =>
        TryCidr(value, path, errors, strict, out _, out _);

    /// <summary>A CIDR in its canonical form, without host bits.</summary>
    public static void Cidr(string value, FieldPath path, FieldErrorList errors)
    {
        if (!TryCidr(value, path, errors, strict: true, out IPAddress address, out int length)) return;
        string canonical = $"{IpText.Format(IpText.Mask(address, length))}/{length}";
        if (canonical != value)
            errors.Add(FieldError.Invalid(path, value, $"must be in canonical form ({GoText.Quote(canonical)})"));
    }

    private static bool TryIp(string value, FieldPath path, FieldErrorList errors, bool strict, out IPAddress address)
    {
        int before = errors.Count;
        if (!IpText.TryParseSloppy(value, out address))
            errors.Add(FieldError.Invalid(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
        else if (strict && !IpText.TryParseStrict(value, out _))
            errors.Add(FieldError.Invalid(path, value, "must not have leading 0s"));
        else if (strict && address.IsIPv4MappedToIPv6)
            errors.Add(FieldError.Invalid(path, value, "must not be an IPv4-mapped IPv6 address"));
        return errors.Count == before;
    }

    private static bool TryCidr(string value, FieldPath path, FieldErrorList errors, bool strict, out IPAddress address,
        out int length)
    {
        int before = errors.Count;
        if (!IpText.TryParseCidrSloppy(value, out address, out length))
            errors.Add(FieldError.Invalid(path, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
        else if (strict && !IpText.TryParseCidrStrict(value, out _, out _))
            errors.Add(FieldError.Invalid(path, value, "must not have leading 0s in IP or prefix length"));
        else if (strict && address.IsIPv4MappedToIPv6)
            errors.Add(FieldError.Invalid(path, value, "must not have an IPv4-mapped IPv6 address"));
        else if (strict && !IpText.Mask(address, length).Equals(address))
            errors.Add(FieldError.Invalid(path, value, "must not have bits set beyond the prefix length"));
        return errors.Count == before;
    }
}
