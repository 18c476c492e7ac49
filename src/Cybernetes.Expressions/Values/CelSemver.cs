using System.Globalization;
using Cybernetes.Objects;

namespace Cybernetes.Expressions;

/// <summary>A semantic version 2.0.0. Build metadata neither orders nor distinguishes.</summary>
public sealed class CelSemver : CelValue, IComparable<CelSemver>
{
    private readonly string[] _prerelease;
    private readonly string _text;

    private CelSemver(string text, ulong major, ulong minor, ulong patch, string[] prerelease)
    {
        (_text, _prerelease) = (text, prerelease);
        (Major, Minor, Patch) = (major, minor, patch);
    }

    internal static CelType CelTypeOf { get; } = CelType.Opaque("kubernetes.Semver");

    public ulong Major { get; }

    public ulong Minor { get; }

    public ulong Patch { get; }

    public override CelType Type => CelTypeOf;

    /// <summary>The version, or what is wrong with the text.</summary>
    public static CelValue Parse(string text)
    {
        if (text.Length == 0) return new CelError("Version string empty");
        var rest = text;
        var build = rest.IndexOf('+');
        string[] buildParts = build < 0 ? [] : rest[(build + 1)..].Split('.');
        if (build >= 0) rest = rest[..build];
        var dash = rest.IndexOf('-');
        string[] prerelease = dash < 0 ? [] : rest[(dash + 1)..].Split('.');
        if (dash >= 0) rest = rest[..dash];
        var numbers = rest.Split('.');
        if (numbers.Length != 3) return new CelError("No Major.Minor.Patch elements found");
        var values = new ulong[3];
        string[] names = ["major", "minor", "patch"];
        for (var i = 0; i < 3; i++)
        {
            if (numbers[i].Length == 0 || numbers[i].AsSpan().ContainsAnyExceptInRange('0', '9'))
                return new CelError($"Invalid character(s) found in {names[i]} number {GoText.Quote(numbers[i])}");
            if (numbers[i].Length > 1 && numbers[i][0] == '0')
                return new CelError($"{char.ToUpperInvariant(names[i][0])}{names[i][1..]} number must not contain leading zeroes {GoText.Quote(numbers[i])}");
            if (!ulong.TryParse(numbers[i], NumberStyles.None, CultureInfo.InvariantCulture, out values[i]))
                return new CelError($"strconv.ParseUint: parsing {GoText.Quote(numbers[i])}: value out of range");
        }
        if (Wrong(prerelease, "Prerelease is empty", "Invalid character(s) found in prerelease", leadingZeros: true) is { } wrong) return wrong;
        return Wrong(buildParts, "Build meta data is empty", "Invalid character(s) found in build meta data", leadingZeros: false)
            ?? (CelValue)new CelSemver(text, values[0], values[1], values[2], prerelease);
    }

    public int CompareTo(CelSemver? other)
    {
        if (other is null) return 1;
        var order = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        if (order != 0) return order;
        // A release comes after all that preceded it.
        if (_prerelease.Length == 0 || other._prerelease.Length == 0) return other._prerelease.Length.CompareTo(_prerelease.Length);
        for (var i = 0; i < _prerelease.Length && i < other._prerelease.Length; i++)
        {
            var part = ComparePart(_prerelease[i], other._prerelease[i]);
            if (part != 0) return part;
        }
        return _prerelease.Length.CompareTo(other._prerelease.Length);
    }

    public override bool Equals(object? obj) => obj is CelSemver other && CompareTo(other) == 0;

    public override int GetHashCode() => HashCode.Combine(Major, Minor, Patch, _prerelease.Length);

    public override string ToString() => _text;

    private static int ComparePart(string one, string other)
    {
        var (first, second) = (IsNumber(one), IsNumber(other));
        if (first != second) return first ? -1 : 1;
        if (!first) return Math.Sign(string.CompareOrdinal(one, other));
        return one.Length != other.Length ? one.Length.CompareTo(other.Length) : Math.Sign(string.CompareOrdinal(one, other));
    }

    private static bool IsNumber(string part) => !part.AsSpan().ContainsAnyExceptInRange('0', '9');

    private static CelError? Wrong(string[] parts, string empty, string characters, bool leadingZeros)
    {
        foreach (var part in parts)
        {
            if (part.Length == 0) return new CelError(empty);
            if (part.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '-')) return new CelError($"{characters} {GoText.Quote(part)}");
            if (leadingZeros && part.Length > 1 && part[0] == '0' && IsNumber(part))
                return new CelError($"Numeric PreRelease version must not contain leading zeroes {GoText.Quote(part)}");
        }
        return null;
    }
}
