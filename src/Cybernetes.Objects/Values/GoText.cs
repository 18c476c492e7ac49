using System.Globalization;
using System.Text;

namespace Cybernetes.Objects;

/// <summary>Texts as Go's formatting verbs write them, for error messages that clients and their tests compare.</summary>
public static class GoText
{
    /// <summary>A string in double quotes with Go's escapes (%q).</summary>
    public static string Quote(string text)
    {
        bool plain = true;
        foreach (char c in text)
        {
            if (c is >= ' ' and <= '~' and not ('"' or '\\')) continue;
            plain = false;
            break;
        }
        if (plain) return string.Concat("\"", text, "\"");

        StringBuilder builder = new(text.Length + 8);
        builder.Append('"');
        foreach (Rune rune in text.EnumerateRunes()) AppendRune(builder, rune);
        return builder.Append('"').ToString();
    }

    private static void AppendRune(StringBuilder builder, Rune rune)
    {
        switch (rune.Value)
        {
            case '"': builder.Append("\\\""); return;
            case '\\': builder.Append("\\\\"); return;
            case '\a': builder.Append("\\a"); return;
            case '\b': builder.Append("\\b"); return;
            case '\f': builder.Append("\\f"); return;
            case '\n': builder.Append("\\n"); return;
            case '\r': builder.Append("\\r"); return;
            case '\t': builder.Append("\\t"); return;
            case '\v': builder.Append("\\v"); return;
        }
        if (IsPrintable(rune)) builder.Append(rune.ToString());
        else if (rune.Value < 0x80) builder.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
        else if (rune.Value < 0x10000) builder.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
        else builder.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
    }

    /// <summary>A code point as %#U writes it: <c>U+0007</c>, or <c>U+00E9 'é'</c> when it can be printed.</summary>
    public static string Unicode(Rune rune) =>
        string.Create(CultureInfo.InvariantCulture, $"U+{rune.Value:X4}") + (IsPrintable(rune) ? $" '{rune}'" : "");

    /// <summary>Letters, marks, numbers, punctuation, symbols and the plain space.</summary>
    internal static bool IsPrintable(Rune rune)
    {
        if (rune.Value == ' ') return true;
        return Rune.GetUnicodeCategory(rune) is not (
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.SpaceSeparator);
    }
}
