using System.Text;

namespace Cybernetes.Objects;

/// <summary>One term of a field selector: the field's text equals the value, or does not.</summary>
public readonly record struct FieldRequirement(string Field, string Value, bool Negated)
{
    public override string ToString() => $"{Field}{(Negated ? "!=" : "=")}{FieldMatcher.Escape(Value)}";
}

/// <summary>A field selector ready to match: all of its terms must hold. Immutable and safe to share.</summary>
public sealed class FieldMatcher
{
    private readonly FieldRequirement[] _requirements;

    private FieldMatcher(FieldRequirement[] requirements) => _requirements = requirements;

    /// <summary>Matches every object.</summary>
    public static FieldMatcher Everything { get; } = new([]);

    public IReadOnlyList<FieldRequirement> Requirements => _requirements;

    public bool IsEmpty => _requirements.Length == 0;

    public static FieldMatcher Of(params FieldRequirement[] requirements) =>
        requirements.Length == 0 ? Everything : new FieldMatcher(requirements);

    /// <summary>One field equal to one value.</summary>
    public static FieldMatcher Equal(string field, string value) => new([new FieldRequirement(field, value, Negated: false)]);

    /// <summary>Parses the text form, such as <c>metadata.name=web,status.phase!=Running</c>.</summary>
    /// <exception cref="FormatException">With upstream's message.</exception>
    public static FieldMatcher Parse(string text) =>
        TryParse(text, out FieldMatcher matcher) is { } error ? throw new FormatException(error) : matcher;

    /// <summary>Parses the text form; null on success, else upstream's error text. Whether a kind knows the fields is for the
    /// kind to say.</summary>
    public static string? TryParse(string text, out FieldMatcher matcher)
    {
        matcher = Everything;
        List<string> terms = SplitTerms(text);
        terms.Sort(StringComparer.Ordinal);
        List<FieldRequirement> requirements = [];
        foreach (string term in terms)
        {
            if (term.Length == 0) continue;
            int at = term.AsSpan().IndexOfAny('!', '=');
            while (at >= 0 && term[at] == '!' && (at + 1 >= term.Length || term[at + 1] != '='))
            {
                int next = term.AsSpan(at + 1).IndexOfAny('!', '=');
                at = next < 0 ? -1 : at + 1 + next;
            }
            if (at < 0) return $"invalid selector: '{text}'; can't understand '{term}'";
            bool two = term[at] == '!' || (at + 1 < term.Length && term[at + 1] == '=');
            if (Unescape(term[(at + (two ? 2 : 1))..], out string value) is { } error) return error;
            requirements.Add(new FieldRequirement(term[..at], value, term[at] == '!'));
        }
        matcher = Of([.. requirements]);
        return null;
    }

    /// <summary>True when every term holds for the values <paramref name="valueOf"/> gives; a field without a value is
    /// "".</summary>
    public bool Matches(Func<string, string?> valueOf)
    {
        foreach (FieldRequirement requirement in _requirements)
        {
            bool equal = string.Equals(valueOf(requirement.Field) ?? "", requirement.Value, StringComparison.Ordinal);
            if (equal == requirement.Negated) return false;
        }
        return true;
    }

    /// <summary>The value this field must equal; null when it is not fixed.</summary>
    public string? ExactValue(string field)
    {
        foreach (FieldRequirement requirement in _requirements)
        {
            if (!requirement.Negated && requirement.Field == field) return requirement.Value;
        }
        return null;
    }

    public override string ToString() => string.Join(',', _requirements.Select(requirement => requirement.ToString()));

    /// <summary>A value with backslashes before what would end it.</summary>
    public static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("=", "\\=",
            StringComparison.Ordinal);

    private static List<string> SplitTerms(string text)
    {
        List<string> terms = [];
        int start = 0;
        bool escaped = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (escaped) escaped = false;
            else if (text[i] == '\\') escaped = true;
            else if (text[i] == ',')
            {
                terms.Add(text[start..i]);
                start = i + 1;
            }
        }
        terms.Add(text[start..]);
        return terms;
    }

    private static string? Unescape(string text, out string value)
    {
        value = text;
        if (text.AsSpan().IndexOfAny('\\', ',', '=') < 0) return null;
        StringBuilder builder = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            // Upstream prints the code point's number here.
            if (c is ',' or '=') return $"invalid field selector: unescaped character in value: {(int)c}";
            if (c == '\\')
            {
                if (++i == text.Length) return "invalid field selector: invalid escape sequence: \\";
                c = text[i];
                if (c is not ('\\' or ',' or '=')) return $"invalid field selector: invalid escape sequence: \\{c}";
            }
            builder.Append(c);
        }
        value = builder.ToString();
        return null;
    }
}
