using System.Globalization;
using System.Text;

namespace Cybernetes.Expressions;

/// <summary>Values as text, in Go's ways.</summary>
internal static class CelFormat
{
    /// <summary>As in error messages and <c>string(x)</c>.</summary>
    public static string Plain(CelValue value) => value switch
    {
        CelInt n => n.Value.ToString(CultureInfo.InvariantCulture),
        CelUint n => n.Value.ToString(CultureInfo.InvariantCulture),
        CelDouble n => Double(n.Value),
        CelList list => "[" + string.Join(", ", list.Elements().Select(Plain)) + "]",
        CelMap map => "{" + string.Join(", ", map.Keys.Select(k => Plain(k) + ": " + (map.TryGet(k, out var v) ? Plain(v) : ""))) + "}",
        _ => value.ToString()!,
    };

    /// <summary>The shortest text that reads back, as Go's %g writes it.</summary>
    public static string Double(double value)
    {
        if (double.IsNaN(value)) return "NaN";
        if (double.IsInfinity(value)) return value > 0 ? "+Inf" : "-Inf";
        if (value == 0) return double.IsNegative(value) ? "-0" : "0";
        var text = value.ToString("E16", CultureInfo.InvariantCulture);
        var exponent = int.Parse(text.AsSpan(text.IndexOf('E') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        if (exponent is >= -4 and < 21) return Fixed(shortest);
        var (digits, negative) = Digits(shortest);
        var builder = new StringBuilder(negative ? "-" : "").Append(digits[0]);
        if (digits.Length > 1) builder.Append('.').Append(digits.AsSpan(1));
        return builder.Append('e').Append(exponent < 0 ? '-' : '+').Append(Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)).ToString();
    }

    private static string Fixed(string shortest) =>
        shortest.Contains('E') ? decimal.Parse(shortest, NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture) : shortest;

    private static (string Digits, bool Negative) Digits(string shortest)
    {
        var mantissa = shortest.Split('E')[0].Replace("-", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal).Trim('0');
        return (mantissa.Length == 0 ? "0" : mantissa, shortest[0] == '-');
    }
}
