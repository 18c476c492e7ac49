using System.Globalization;

namespace Cybernetes.Objects;

/// <summary>How a requirement relates a label's value to its own.</summary>
public enum LabelOperator
{
    In,
    NotIn,
    Equals,
    DoubleEquals,
    NotEquals,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

/// <summary>One term of a label selector. Immutable.</summary>
public sealed class LabelRequirement
{
    private static readonly string[] OperatorNames = ["in", "notin", "=", "==", "!=", "exists", "!", "gt", "lt"];
    private readonly string[] _values;
    private readonly long _number;

    private LabelRequirement(string key, LabelOperator @operator, string[] values)
    {
        Key = key;
        Operator = @operator;
        _values = values;
        if (@operator is LabelOperator.GreaterThan or LabelOperator.LessThan) TryInteger(values[0], out _number);
    }

    public string Key { get; }

    public LabelOperator Operator { get; }

    public IReadOnlyList<string> Values => _values;

    /// <summary>A requirement that is known to be valid.</summary>
    public static LabelRequirement Of(string key, LabelOperator @operator, params string[] values) => new(key, @operator, values);

    /// <summary>Checks key, operator and values; the errors are upstream's.</summary>
    /// <param name="path">The path errors are told under; null when there is none.</param>
    public static LabelRequirement? Create(string key, LabelOperator @operator, string[] values, FieldPath? path,
        FieldErrorList errors)
    {
        int before = errors.Count;
        IReadOnlyList<string> keyReasons = Names.QualifiedName(key);
        if (keyReasons.Count > 0) errors.Add(FieldError.Invalid(Child(path, "key"), key, string.Join("; ", keyReasons)));

        FieldPath valuesPath = Child(path, "values");
        string? wrongCount = @operator switch
        {
            LabelOperator.In or LabelOperator.NotIn when values.Length == 0 =>
                "for 'in', 'notin' operators, values set can't be empty",
            LabelOperator.Equals or LabelOperator.DoubleEquals or LabelOperator.NotEquals when values.Length != 1 =>
                "exact-match compatibility requires one single value",
            LabelOperator.Exists or LabelOperator.DoesNotExist when values.Length != 0 =>
                "values set must be empty for exists and does not exist",
            LabelOperator.GreaterThan or LabelOperator.LessThan when values.Length != 1 =>
                "for 'Gt', 'Lt' operators, exactly one value is required",
            _ => null,
        };
        if (wrongCount is not null) errors.Add(FieldError.Invalid(valuesPath, values, wrongCount));
        bool numeric = @operator is LabelOperator.GreaterThan or LabelOperator.LessThan;
        for (int i = 0; numeric && i < values.Length; i++)
        {
            if (!TryInteger(values[i], out _))
                errors.Add(FieldError.Invalid(valuesPath.Index(i), values[i],
                    "for 'Gt', 'Lt' operators, the value must be an integer"));
        }
        for (int i = 0; i < values.Length; i++)
        {
            IReadOnlyList<string> reasons = Names.LabelValue(values[i]);
            if (reasons.Count > 0)
                errors.Add(FieldError.Invalid(valuesPath.Index(i).Key(key), values[i], string.Join("; ", reasons)));
        }
        return errors.Count == before ? new LabelRequirement(key, @operator, values) : null;
    }

    public bool Matches(Dictionary<string, string>? labels)
    {
        string? value = null;
        bool exists = labels is not null && labels.TryGetValue(Key, out value);
        return Matches(exists, value);
    }

    /// <summary>The same of labels that lie flat: a key, its value, the next key.</summary>
    public bool MatchesPairs(ReadOnlySpan<string> pairs)
    {
        for (int i = 0; i < pairs.Length; i += 2)
        {
            if (string.Equals(pairs[i], Key, StringComparison.Ordinal)) return Matches(exists: true, pairs[i + 1]);
        }
        return Matches(exists: false, null);
    }

    private bool Matches(bool exists, string? value) => Operator switch
    {
        LabelOperator.In or LabelOperator.Equals or LabelOperator.DoubleEquals => exists && HasValue(value!),
        LabelOperator.NotIn or LabelOperator.NotEquals => !exists || !HasValue(value!),
        LabelOperator.Exists => exists,
        LabelOperator.DoesNotExist => !exists,
        LabelOperator.GreaterThan => exists && TryInteger(value!, out long number) && number > _number,
        _ => exists && TryInteger(value!, out long number) && number < _number,
    };

    /// <summary>The term as text: <c>a=b</c>, <c>c in (d,e)</c>, <c>!f</c>.</summary>
    public override string ToString()
    {
        string joined = _values.Length == 1 ? _values[0] : string.Join(',', _values.Order(StringComparer.Ordinal));
        return Operator switch
        {
            LabelOperator.Exists => Key,
            LabelOperator.DoesNotExist => "!" + Key,
            LabelOperator.In or LabelOperator.NotIn => $"{Key} {OperatorNames[(int)Operator]} ({joined})",
            LabelOperator.GreaterThan => $"{Key}>{joined}",
            LabelOperator.LessThan => $"{Key}<{joined}",
            _ => Key + OperatorNames[(int)Operator] + joined,
        };
    }

    private bool HasValue(string value)
    {
        foreach (string candidate in _values)
        {
            if (string.Equals(candidate, value, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    private static FieldPath Child(FieldPath? path, string name) => path is null ? FieldPath.Of(name) : path.Child(name);

    private static bool TryInteger(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
}
