using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Cybernetes.Wire;

/// <summary>What plain scalars mean, by the rules of the YAML 1.1 library Kubernetes uses (go-yaml v2): yes and on are true, 010
/// is eight.</summary>
internal static partial class YamlScalars
{
    public const string StringTag = "tag:yaml.org,2002:str";
    private const string IntTag = "tag:yaml.org,2002:int";
    private const string FloatTag = "tag:yaml.org,2002:float";
    private const string BoolTag = "tag:yaml.org,2002:bool";
    private const string NullTag = "tag:yaml.org,2002:null";
    private const string TimestampTag = "tag:yaml.org,2002:timestamp";
    private const string BinaryTag = "tag:yaml.org,2002:binary";

    /// <summary>The value of a scalar under its tag ("" for none).</summary>
    /// <exception cref="YamlException">The text does not fit the tag, or has no JSON form.</exception>
    public static JsonScalar Resolve(string tag, string text)
    {
        if (tag is StringTag) return JsonScalar.Of(text);
        if (tag is BinaryTag) return JsonScalar.Of(DecodeBinary(text));
        if (tag is not ("" or IntTag or FloatTag or BoolTag or NullTag or TimestampTag)) return JsonScalar.Of(text);

        (JsonScalar value, string found) = Plain(text);
        if (tag.Length == 0 || tag == found || tag == TimestampTag) return value;
        if (tag == FloatTag && found == IntTag) return value;
        throw new YamlException($"yaml: cannot decode {Short(found)} `{text}` as a {Short(tag)}");
    }

    /// <summary>True when the text, written plain, would be read back as something other than the string it is.</summary>
    public static bool IsAmbiguous(string text) =>
        text == "<<" || Plain(text).Tag != StringTag || Base60().IsMatch(text) || Date().IsMatch(text);

    /// <summary>A double as Go's encoding/json writes it.</summary>
    public static string FormatJson(double value)
    {
        if (!double.IsFinite(value))
            throw new ArgumentOutOfRangeException(nameof(value), "JSON has no such number");
        double magnitude = Math.Abs(value);
        bool exponent = magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21);
        string text = exponent
            ? value.ToString("0.################E+0", CultureInfo.InvariantCulture).Replace('E', 'e')
            : ExpandExponent(value.ToString("R", CultureInfo.InvariantCulture));
        return text == "-0" ? "-0" : text;
    }

    /// <summary>A double as a map's key: go-yaml prints it in single precision.</summary>
    public static string FormatKey(string digits)
    {
        if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) return digits;
        float value = float.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
        return ExpandExponent(value.ToString("R", CultureInfo.InvariantCulture));
    }

    private static (JsonScalar Value, string Tag) Plain(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return (JsonScalar.Null, NullTag);
            case "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON":
                return (JsonScalar.True, BoolTag);
            case "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF":
                return (JsonScalar.False, BoolTag);
            case ".nan" or ".NaN" or ".NAN":
                return (JsonScalar.Number("NaN"), FloatTag);
            case ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF":
                return (JsonScalar.Number("+Inf"), FloatTag);
            case "-.inf" or "-.Inf" or "-.INF":
                return (JsonScalar.Number("-Inf"), FloatTag);
        }
        if (text[0] is '+' or '-' or '.' || char.IsAsciiDigit(text[0]))
        {
            string plain = text[0] == '.' ? text : text.Replace("_", "", StringComparison.Ordinal);
            if (text[0] != '.' && TryInteger(plain, out BigInteger integer) && integer >= long.MinValue
                && integer <= ulong.MaxValue)
                return (JsonScalar.Number(integer.ToString(CultureInfo.InvariantCulture)), IntTag);
            bool isFloat = Float().IsMatch(plain);
            if (isFloat && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                && double.IsFinite(number))
                return (JsonScalar.Number(FormatJson(number)), FloatTag);
            if (text[0] != '.' && TryInteger(plain, out integer))
                return (JsonScalar.Number(integer.ToString(CultureInfo.InvariantCulture)), IntTag);
        }
        return (JsonScalar.Of(text), StringTag);
    }

    /// <summary>Go's ParseInt with base 0: signs, 0x, 0o, 0b, and a leading 0 for octal.</summary>
    private static bool TryInteger(string text, out BigInteger value)
    {
        value = default;
        ReadOnlySpan<char> digits = text.AsSpan();
        bool negative = digits.Length > 0 && digits[0] == '-';
        if (digits.Length > 0 && digits[0] is '-' or '+') digits = digits[1..];
        // Longer ones are no quantity anyone means; this bounds the work.
        if (digits.IsEmpty || digits.Length > 400) return false;
        int radix = 10;
        if (digits.Length > 1 && digits[0] == '0')
        {
            bool isOctal = char.IsAsciiDigit(digits[1]);
            radix = char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => isOctal ? 8 : 0 };
            if (radix == 0) return false; // 0.5, 0e3
            digits = digits[(isOctal ? 1 : 2)..];
            if (digits.IsEmpty) return false;
        }
        foreach (char c in digits)
        {
            int digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 99;
            if (digit >= radix) return false;
            value = value * radix + digit;
        }
        if (negative) value = -value;
        return true;
    }

    private static string ExpandExponent(string text)
    {
        int e = text.IndexOf('E');
        if (e < 0) return text;
        int exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string sign = text[0] == '-' ? "-" : "";
        string mantissa = text[sign.Length..e];
        int point = mantissa.IndexOf('.');
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        int whole = (point < 0 ? digits.Length : point) + exponent;
        if (whole <= 0) return $"{sign}0.{new string('0', -whole)}{digits}";
        return whole >= digits.Length ? sign + digits.PadRight(whole, '0') : $"{sign}{digits[..whole]}.{digits[whole..]}";
    }

    private static string DecodeBinary(string text)
    {
        try
        {
            return System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(text));
        }
        catch (FormatException error)
        {
            throw new YamlException("yaml: !!binary value contains invalid base64 data", error);
        }
    }

    private static string Short(string tag) => "!!" + tag[(tag.LastIndexOf(':') + 1)..];

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Float();

    [GeneratedRegex(@"^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Base60();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Date();
}
