using System.Globalization;
using System.Text;
using Cybernetes.Objects;

namespace Cybernetes.Expressions.Libraries;

/// <summary>int(x), uint(x), double(x), string(x), bytes(x), bool(x), timestamp(x), duration(x).</summary>
internal static class ConversionLibrary
{
    private const double LongBound = 9223372036854775808.0;
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    public static void AddTo(FunctionTable table)
    {
        Add(table, "int", CelType.Int, ToInt, CelType.Int, CelType.Uint, CelType.Double, CelType.String, CelType.Timestamp, CelType.Duration);
        Add(table, "uint", CelType.Uint, ToUint, CelType.Uint, CelType.Int, CelType.Double, CelType.String);
        Add(table, "double", CelType.Double, ToDouble, CelType.Double, CelType.Int, CelType.Uint, CelType.String);
        Add(table, "bool", CelType.Bool, ToBool, CelType.Bool, CelType.String);
        Add(table, "timestamp", CelType.Timestamp, ToTimestamp, CelType.Timestamp, CelType.String, CelType.Int);
        Add(table, "duration", CelType.Duration, ToDuration, CelType.Duration, CelType.String, CelType.Int);
        table.Global("bytes", [CelType.Bytes], CelType.Bytes, a => a[0]);
        table.Global("bytes", [CelType.String], CelType.Bytes, a => new CelBytes(Encoding.UTF8.GetBytes(((CelString)a[0]).Value)), Costs.First);
        table.Global("string", [CelType.Bytes], CelType.String, ToText, Costs.First);
        CelType[] plain = [CelType.String, CelType.Bool, CelType.Int, CelType.Uint, CelType.Double, CelType.Timestamp, CelType.Duration];
        Add(table, "string", CelType.String, a => new CelString(CelFormat.Plain(a)), plain);
    }

    private static void Add(FunctionTable table, string name, CelType result, Func<CelValue, CelValue> convert, params CelType[] from)
    {
        foreach (var type in from) table.Global(name, [type], result, a => convert(a[0]));
    }

    private static CelValue ToInt(CelValue value) => value switch
    {
        CelInt => value,
        CelUint n => n.Value > long.MaxValue ? CelError.IntOverflow : CelInt.Of((long)n.Value),
        CelDouble n => n.Value is > -LongBound and < LongBound ? CelInt.Of((long)n.Value) : CelError.IntOverflow,
        CelTimestamp t => CelInt.Of(t.Seconds),
        CelDuration d => CelInt.Of(d.Nanos),
        CelString s => long.TryParse(s.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? CelInt.Of(n) : Wrong("ParseInt", s),
        _ => CelError.Conversion(value, "int"),
    };

    private static CelValue ToUint(CelValue value) => value switch
    {
        CelUint => value,
        CelInt n => n.Value < 0 ? CelError.UintOverflow : new CelUint((ulong)n.Value),
        CelDouble n => n.Value is >= 0 and < 2 * LongBound ? new CelUint((ulong)n.Value) : CelError.UintOverflow,
        CelString s => ulong.TryParse(s.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? new CelUint(n) : Wrong("ParseUint", s),
        _ => CelError.Conversion(value, "uint"),
    };

    private static CelValue ToDouble(CelValue value) => value switch
    {
        CelDouble => value,
        CelNumber n => new CelDouble(n.AsDouble),
        CelString s => double.TryParse(s.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? new CelDouble(n) : Wrong("ParseFloat", s),
        _ => CelError.Conversion(value, "double"),
    };

    private static CelValue ToBool(CelValue value) => value switch
    {
        CelBool => value,
        CelString { Value: "1" or "t" or "T" or "TRUE" or "true" or "True" } => CelBool.True,
        CelString { Value: "0" or "f" or "F" or "FALSE" or "false" or "False" } => CelBool.False,
        CelString s => Wrong("ParseBool", s),
        _ => CelError.Conversion(value, "bool"),
    };

    private static CelValue ToTimestamp(CelValue value) => value switch
    {
        CelTimestamp => value,
        CelInt n => CelTimestamp.Of(n.Value, 0),
        CelString s => CelTimestamp.Parse(s.Value) ?? new CelError($"parsing time {GoText.Quote(s.Value)} as \"2006-01-02T15:04:05Z07:00\": cannot parse"),
        _ => CelError.Conversion(value, "timestamp"),
    };

    private static CelValue ToDuration(CelValue value) => value switch
    {
        CelDuration => value,
        CelInt n => new CelDuration(n.Value),
        CelString s => CelDuration.Parse(s.Value) as CelValue ?? new CelError($"time: invalid duration {GoText.Quote(s.Value)}"),
        _ => CelError.Conversion(value, "duration"),
    };

    private static CelValue ToText(CelValue[] arguments)
    {
        try
        {
            return new CelString(s_strict.GetString(((CelBytes)arguments[0]).Value.Span));
        }
        catch (DecoderFallbackException)
        {
            return new CelError("invalid UTF-8 in bytes, cannot convert to string");
        }
    }

    private static CelError Wrong(string function, CelString text)
    {
        var digits = text.Value.AsSpan().TrimStart("+-");
        var tooLarge = function != "ParseBool" && !digits.IsEmpty && !digits.ContainsAnyExceptInRange('0', '9');
        return new CelError($"strconv.{function}: parsing {GoText.Quote(text.Value)}: {(tooLarge ? "value out of range" : "invalid syntax")}");
    }
}
