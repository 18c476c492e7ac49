using System.Globalization;
using System.Text;

namespace Cybernetes.Objects;

/// <summary>
/// The rules for names, keys and values. Each answers what is wrong, in upstream's words; an empty answer means valid.
/// Lengths count UTF-8 bytes. Nothing is allocated for what is valid.
/// </summary>
public static class Names
{
    public const int LabelMaximum = 63;
    public const int SubdomainMaximum = 253;

    private const string LabelForm = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private const string SubdomainForm = LabelForm + "(\\." + LabelForm + ")*";
    private const string UnderscoreLabelForm = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
    private const string QualifiedForm = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

    private const string LabelText =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        + "and must start and end with an alphanumeric character";

    private const string SubdomainText =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
        + "and must start and end with an alphanumeric character";

    private const string QualifiedText =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

    /// <summary>An RFC 1123 label: namespaces, most ports' hosts.</summary>
    public static IReadOnlyList<string> Dns1123Label(string value)
    {
        bool label = IsDnsLabel(value);
        if (label && value.Length <= LabelMaximum) return [];
        List<string> errors = [];
        if (Bytes(value) > LabelMaximum) errors.Add(MaximumLength(LabelMaximum));
        if (!label)
            errors.Add(IsDnsSubdomain(value) ? "must not contain dots" : Form(LabelText, LabelForm, "my-name", "123-abc"));
        return errors;
    }

    /// <summary>An RFC 1123 subdomain: most objects' names.</summary>
    public static IReadOnlyList<string> Dns1123Subdomain(string value)
    {
        bool subdomain = IsDnsSubdomain(value);
        if (subdomain && value.Length <= SubdomainMaximum) return [];
        List<string> errors = [];
        if (Bytes(value) > SubdomainMaximum) errors.Add(MaximumLength(SubdomainMaximum));
        if (!subdomain) errors.Add(Form(SubdomainText, SubdomainForm, "example.com"));
        return errors;
    }

    /// <summary>A subdomain whose labels may hold underscores: names in a pod's DNS search list.</summary>
    public static IReadOnlyList<string> Dns1123SubdomainWithUnderscore(string value)
    {
        List<string> errors = [];
        if (Bytes(value) > SubdomainMaximum) errors.Add(MaximumLength(SubdomainMaximum));
        if (!value.Split('.').All(IsUnderscoreLabel))
        {
            errors.Add(Form(
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
                + "and must start and end with an alphanumeric character",
                UnderscoreLabelForm + "(\\." + UnderscoreLabelForm + ")*",
                "example.com"));
        }
        return errors;
    }

    /// <summary>An RFC 1035 label, which starts with a letter: services' names.</summary>
    public static IReadOnlyList<string> Dns1035Label(string value)
    {
        bool label = IsDnsLabel(value) && value[0] is >= 'a' and <= 'z';
        if (label && value.Length <= LabelMaximum) return [];
        List<string> errors = [];
        if (Bytes(value) > LabelMaximum) errors.Add(MaximumLength(LabelMaximum));
        if (!label)
        {
            errors.Add(Form(
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
                + "and end with an alphanumeric character",
                "[a-z]([-a-z0-9]*[a-z0-9])?",
                "my-name",
                "abc-123"));
        }
        return errors;
    }

    /// <summary>A subdomain after <c>*.</c>: hosts of ingress rules.</summary>
    public static IReadOnlyList<string> WildcardDns1123Subdomain(string value)
    {
        List<string> errors = [];
        if (Bytes(value) > SubdomainMaximum) errors.Add(MaximumLength(SubdomainMaximum));
        if (!value.StartsWith("*.", StringComparison.Ordinal) || !IsDnsSubdomain(value.AsSpan(2)))
        {
            errors.Add(Form(
                "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
                + "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
                "\\*\\." + SubdomainForm,
                "*.example.com"));
        }
        return errors;
    }

    /// <summary>A label key, resource name, finalizer: a name with an optional DNS prefix and a slash.</summary>
    public static IReadOnlyList<string> QualifiedName(string value)
    {
        int slash = value.IndexOf('/');
        ReadOnlySpan<char> name = value.AsSpan(slash + 1);
        bool simple = name.Length <= LabelMaximum && IsQualified(name)
            && (slash < 0 || (slash <= SubdomainMaximum && IsDnsSubdomain(value.AsSpan(0, slash))));
        return simple ? [] : ExplainQualifiedName(value);
    }

    /// <summary>A label's value: empty, or like a key's name.</summary>
    public static IReadOnlyList<string> LabelValue(string value)
    {
        bool form = value.Length == 0 || IsQualified(value);
        if (form && value.Length <= LabelMaximum) return [];
        List<string> errors = [];
        if (Bytes(value) > LabelMaximum) errors.Add(MaximumBytes(LabelMaximum));
        if (!form)
        {
            errors.Add(Form(
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
                + "and must start and end with an alphanumeric character",
                $"({QualifiedForm})?",
                "MyValue",
                "my_value",
                "12345"));
        }
        return errors;
    }

    /// <summary>A key of a ConfigMap's or Secret's data.</summary>
    public static IReadOnlyList<string> ConfigMapKey(string value)
    {
        bool form = value.Length > 0 && !value.AsSpan().ContainsAnyExcept(Characters.ConfigKey);
        if (form && value.Length <= SubdomainMaximum && value[0] != '.') return [];
        List<string> errors = [];
        if (Bytes(value) > SubdomainMaximum) errors.Add(MaximumLength(SubdomainMaximum));
        if (!form)
        {
            errors.Add(Form(
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.'", "[-._a-zA-Z0-9]+", "key.name",
                    "KEY_NAME", "key-name"));
        }
        AddDirectoryChange(value, errors);
        return errors;
    }

    /// <summary>An environment variable's name by the old, strict rule.</summary>
    public static IReadOnlyList<string> EnvironmentVariable(string value)
    {
        List<string> errors = [];
        if (value.Length == 0 || char.IsAsciiDigit(value[0]) || value.AsSpan().ContainsAnyExcept(Characters.ConfigKey))
        {
            errors.Add(Form(
                "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', "
                + "and must not start with a digit",
                "[-._a-zA-Z][-._a-zA-Z0-9]*",
                "my.env-name",
                "MY_ENV.NAME",
                "MyEnvName1"));
        }
        AddDirectoryChange(value, errors);
        return errors;
    }

    /// <summary>An environment variable's name by the rule in force since 1.34: printable ASCII without an equals sign.</summary>
    public static IReadOnlyList<string> RelaxedEnvironmentVariable(string value)
    {
        if (value.Length == 0) return ["environment variable name must be non-empty"];
        foreach (char c in value)
        {
            if (c is < ' ' or > '~' or '=')
                return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
        }
        return [];
    }

    public static IReadOnlyList<string> CIdentifier(string value)
    {
        bool form = value.Length > 0 && !char.IsAsciiDigit(value[0]) && !value.AsSpan().ContainsAnyExcept(Characters.Identifier);
        return form
            ? []
            : [Form(
                "a valid C identifier must start with alphabetic character or '_', "
                + "followed by a string of alphanumeric characters or '_'",
                "[A-Za-z_][A-Za-z0-9_]*",
                "my_name",
                "MY_NAME",
                "MyName")];
    }

    /// <summary>A container port's name.</summary>
    public static IReadOnlyList<string> PortName(string value)
    {
        List<string> errors = [];
        if (Bytes(value) > 15) errors.Add(MaximumLength(15));
        if (value.Length == 0 || value.AsSpan().ContainsAnyExcept(Characters.Label))
            errors.Add("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
        if (!value.AsSpan().ContainsAnyInRange('a', 'z')) errors.Add("must contain at least one letter (a-z)");
        if (value.Contains("--", StringComparison.Ordinal)) errors.Add("must not contain consecutive hyphens");
        if (value.StartsWith('-') || value.EndsWith('-')) errors.Add("must not begin or end with a hyphen");
        return errors;
    }

    public static IReadOnlyList<string> PortNumber(long port) => Range(port, 1, 65535);

    public static IReadOnlyList<string> UserId(long id) => Range(id, 0, int.MaxValue);

    public static IReadOnlyList<string> GroupId(long id) => Range(id, 0, int.MaxValue);

    public static IReadOnlyList<string> Range(long value, long low, long high) =>
        value >= low && value <= high
            ? []
            : [string.Create(CultureInfo.InvariantCulture, $"must be between {low} and {high}, inclusive")];

    /// <summary>A percentage such as 25%.</summary>
    public static IReadOnlyList<string> Percent(string value) =>
        value.Length > 1 && value[^1] == '%' && !value.AsSpan(0, value.Length - 1).ContainsAnyExceptInRange('0', '9')
            ? []
            : [Form("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", "1%", "93%")];

    public static IReadOnlyList<string> HttpHeaderName(string value) =>
        value.Length > 0 && !value.AsSpan().ContainsAnyExcept(Characters.Header)
            ? []
            : [Form("a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", "X-Header-Name")];

    /// <summary>A name that may stand in a URL path: RBAC's names and others without a DNS rule.</summary>
    public static IReadOnlyList<string> PathSegment(string value)
    {
        if (value is "." or "..") return [$"may not be '{value}'"];
        return PathSegmentPrefix(value);
    }

    public static IReadOnlyList<string> PathSegmentPrefix(string value)
    {
        if (value.AsSpan().IndexOfAny('/', '%') < 0) return [];
        List<string> errors = [];
        if (value.Contains('/')) errors.Add("may not contain '/'");
        if (value.Contains('%')) errors.Add("may not contain '%'");
        return errors;
    }

    /// <summary>A generateName with its last dash hidden, so that the rule for whole names can judge it.</summary>
    public static string MaskTrailingDash(string prefix) => prefix.Length > 1 && prefix[^1] == '-' ? prefix[..^2] + "a" : prefix;

    public static string MaximumLength(int characters) =>
        string.Create(CultureInfo.InvariantCulture, $"must be no more than {characters} characters");

    /// <summary>The text about a regular expression a value did not match.</summary>
    public static string Form(string text, string expression, params ReadOnlySpan<string> examples)
    {
        if (examples.IsEmpty) return $"{text} (regex used for validation is '{expression}')";
        StringBuilder builder = new(text);
        builder.Append(" (e.g. ");
        for (int i = 0; i < examples.Length; i++) builder.Append(i > 0 ? " or " : "").Append('\'').Append(examples[i]).Append(
            "', ");
        return builder.Append("regex used for validation is '").Append(expression).Append("')").ToString();
    }

    internal static int Bytes(string value) => Encoding.UTF8.GetByteCount(value);

    private static string MaximumBytes(int bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"must be no more than {bytes} bytes");

    private static List<string> ExplainQualifiedName(string value)
    {
        string[] parts = value.Split('/');
        string form = Form(QualifiedText, QualifiedForm, "MyName", "my.name", "123-abc");
        if (parts.Length > 2)
            return [$"a valid label key {form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"];

        List<string> errors = [];
        if (parts.Length == 2)
        {
            string prefix = parts[0];
            if (prefix.Length == 0) errors.Add("prefix part must be non-empty");
            else
            {
                if (Bytes(prefix) > SubdomainMaximum) errors.Add("prefix part " + MaximumBytes(SubdomainMaximum));
                if (!IsDnsSubdomain(prefix)) errors.Add("prefix part " + Form(SubdomainText, SubdomainForm, "example.com"));
            }
        }
        string name = parts[^1];
        if (name.Length == 0) errors.Add("name part must be non-empty");
        else if (Bytes(name) > LabelMaximum) errors.Add("name part " + MaximumBytes(LabelMaximum));
        if (!IsQualified(name)) errors.Add("name part " + form);
        return errors;
    }

    private static void AddDirectoryChange(string value, List<string> errors)
    {
        if (value is "." or "..") errors.Add($"must not be '{value}'");
        else if (value.StartsWith("..", StringComparison.Ordinal)) errors.Add("must not start with '..'");
    }

    private static bool IsDnsLabel(ReadOnlySpan<char> value) =>
        !value.IsEmpty && value[0] != '-' && value[^1] != '-' && !value.ContainsAnyExcept(Characters.Label);

    private static bool IsUnderscoreLabel(string value)
    {
        ReadOnlySpan<char> rest = value.StartsWith('_') ? value.AsSpan(1) : value;
        return !rest.IsEmpty && rest[0] is not ('-' or '_') && rest[^1] is not ('-' or '_')
            && !rest.ContainsAnyExcept(Characters.UnderscoreLabel);
    }

    private static bool IsDnsSubdomain(ReadOnlySpan<char> value)
    {
        while (true)
        {
            int dot = value.IndexOf('.');
            if (dot < 0) return IsDnsLabel(value);
            if (!IsDnsLabel(value[..dot])) return false;
            value = value[(dot + 1)..];
        }
    }

    private static bool IsQualified(ReadOnlySpan<char> value) =>
        !value.IsEmpty && char.IsAsciiLetterOrDigit(value[0]) && char.IsAsciiLetterOrDigit(value[^1])
            && !value.ContainsAnyExcept(Characters.ConfigKey);
}
