using System.Text;

namespace Cybernetes.Expressions;

/// <summary>A string of Unicode code points.</summary>
public sealed class CelString(string value) : CelValue
{
    public static CelString Empty { get; } = new("");

    public string Value { get; } = value;

    public override CelType Type => CelType.String;

    /// <summary>In code points.</summary>
    internal override long Size => CodePoints.Count(Value);

    public override bool Equals(object? obj) => obj is CelString other && string.Equals(Value, other.Value, StringComparison.Ordinal);

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Value;
}

/// <summary>A sequence of bytes.</summary>
public sealed class CelBytes(ReadOnlyMemory<byte> value) : CelValue
{
    public ReadOnlyMemory<byte> Value { get; } = value;

    public override CelType Type => CelType.Bytes;

    internal override long Size => Value.Length;

    public override bool Equals(object? obj) => obj is CelBytes other && Value.Span.SequenceEqual(other.Value.Span);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Value.Span);
        return hash.ToHashCode();
    }

    public override string ToString() => Convert.ToBase64String(Value.Span);
}

/// <summary>Strings seen as code points: the language counts those, .NET counts halves of surrogate pairs.</summary>
internal static class CodePoints
{
    public static int Count(string text)
    {
        var count = text.Length;
        for (var i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && char.IsLowSurrogate(text[i + 1])) count--;
        }
        return count;
    }

    /// <summary>Where code point <paramref name="index"/> begins in the string; its length for the one past the last.</summary>
    public static int Offset(string text, long index)
    {
        var at = 0;
        for (; index > 0 && at < text.Length; index--) at += Width(text, at);
        return at;
    }

    /// <summary>How many code points lie before <paramref name="offset"/>.</summary>
    public static int IndexOf(string text, int offset)
    {
        var index = 0;
        for (var at = 0; at < offset; index++) at += Width(text, at);
        return index;
    }

    /// <summary>1 or 2 chars.</summary>
    public static int Width(string text, int at) => at + 1 < text.Length && char.IsHighSurrogate(text[at]) && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    /// <summary>By code points, as UTF-8 bytes would be compared.</summary>
    public static int Compare(string one, string other)
    {
        var length = Math.Min(one.Length, other.Length);
        for (var i = 0; i < length; i++)
        {
            if (one[i] == other[i]) continue;
            // Surrogates stand for code points above every other char.
            var (a, b) = (char.IsSurrogate(one[i]), char.IsSurrogate(other[i]));
            return a == b ? one[i].CompareTo(other[i]) : a ? 1 : -1;
        }
        return one.Length.CompareTo(other.Length);
    }

    public static string Reverse(string text)
    {
        var builder = new StringBuilder(text.Length);
        for (var at = text.Length; at > 0;)
        {
            var width = at > 1 && char.IsLowSurrogate(text[at - 1]) && char.IsHighSurrogate(text[at - 2]) ? 2 : 1;
            at -= width;
            builder.Append(text, at, width);
        }
        return builder.ToString();
    }
}
