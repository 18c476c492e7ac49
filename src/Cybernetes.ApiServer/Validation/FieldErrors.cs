using System.Collections;
using System.Globalization;
using Cybernetes.ApiServer.Failures;

namespace Cybernetes.ApiServer.Validation;

/// <summary>One thing wrong with one field.</summary>
/// <param name="Type">Cause type: <c>FieldValueInvalid</c>, <c>FieldValueRequired</c> …</param>
/// <param name="Field">Field path.</param>
/// <param name="Body">Message without the field: <c>Invalid value: "x": must be …</c>.</param>
public readonly record struct FieldError(string Type, string Field, string Body)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Field}: {Body}";
}

/// <summary>
/// Collects the field errors of one object, worded as upstream's <c>field.Error</c>. Values are rendered like Go: text quoted, numbers and
/// booleans bare; for a structure pass its JSON as <see cref="RawValue"/>.
/// </summary>
public sealed class FieldErrors : IReadOnlyList<FieldError>
{
    private List<FieldError>? _errors;

    /// <summary>How many there are.</summary>
    public int Count => _errors?.Count ?? 0;

    /// <summary>The error at a position.</summary>
    public FieldError this[int index] => _errors![index];

    /// <summary>A value that does not fit: <c>Invalid value: "x": detail</c>.</summary>
    public void Invalid(FieldPath path, object? value, string detail) => Add("FieldValueInvalid", path, "Invalid value: " + Render(value), detail);

    /// <summary>A value of the wrong type.</summary>
    public void TypeInvalid(FieldPath path, object? value, string detail) =>
        Add("FieldValueTypeInvalid", path, "Invalid value: " + Render(value), detail);

    /// <summary>A value that has to be there: <c>Required value: detail</c>.</summary>
    public void Required(FieldPath path, string detail = "") => Add("FieldValueRequired", path, "Required value", detail);

    /// <summary>A value that occurs twice.</summary>
    public void Duplicate(FieldPath path, object? value) => Add("FieldValueDuplicate", path, "Duplicate value: " + Render(value), "");

    /// <summary>A reference to something that is not there.</summary>
    public void NotFound(FieldPath path, object? value) => Add("FieldValueNotFound", path, "Not found: " + Render(value), "");

    /// <summary>A value outside an enumeration; the supported ones are listed in the order given.</summary>
    public void NotSupported(FieldPath path, object? value, params ReadOnlySpan<string> supported)
    {
        var quoted = new string[supported.Length];
        for (var i = 0; i < quoted.Length; i++)
            quoted[i] = JsonText.Quote(supported[i]);
        Add("FieldValueNotSupported", path, "Unsupported value: " + Render(value),
            quoted.Length == 0 ? "" : "supported values: " + string.Join(", ", quoted));
    }

    /// <summary>A value that may not be set here or now.</summary>
    public void Forbidden(FieldPath path, string detail) => Add("FieldValueForbidden", path, "Forbidden", detail);

    /// <summary>Text longer than a number of bytes.</summary>
    public void TooLong(FieldPath path, int maxBytes) =>
        Add("FieldValueTooLong", path, "Too long", $"may not be more than {maxBytes} {(maxBytes == 1 ? "byte" : "bytes")}");

    /// <summary>More items than allowed.</summary>
    public void TooMany(FieldPath path, int actual, int max) =>
        Add("FieldValueTooMany", path, $"Too many: {actual}", $"must have at most {max} {(max == 1 ? "item" : "items")}");

    /// <summary>Fewer items than needed.</summary>
    public void TooFew(FieldPath path, int actual, int min) =>
        Add("FieldValueTooFew", path, $"Too few: {actual}", $"must have at least {min} {(min == 1 ? "item" : "items")}");

    /// <summary>Something on the server's side went wrong while checking the field.</summary>
    public void Internal(FieldPath path, string detail) => Add("InternalError", path, "Internal error", detail);

    /// <summary>Adds all of another collection.</summary>
    public void AddRange(FieldErrors other)
    {
        if (other._errors is { } errors)
            (_errors ??= []).AddRange(errors);
    }

    /// <summary>One message for all, as Go's aggregate: one error bare, several in brackets, each distinct text once.</summary>
    public string Aggregate()
    {
        var distinct = this.Select(e => e.ToString()).Distinct(StringComparer.Ordinal).ToList();
        return distinct.Count == 1 ? distinct[0] : $"[{string.Join(", ", distinct)}]";
    }

    /// <inheritdoc/>
    public IEnumerator<FieldError> GetEnumerator() => (_errors ?? []).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Add(string type, FieldPath path, string head, string detail) =>
        (_errors ??= []).Add(new(type, path.ToString(), detail.Length == 0 ? head : $"{head}: {detail}"));

    private static string Render(object? value) => value switch
    {
        null => "null",
        string text => JsonText.Quote(text),
        bool flag => flag ? "true" : "false",
        RawValue raw => raw.Text,
        IFormattable number when value is int or long or double => number.ToString(null, CultureInfo.InvariantCulture),
        _ => JsonText.Quote(value.ToString() ?? ""),
    };
}

/// <summary>A value whose text goes into the message as it is: JSON of a structure.</summary>
public readonly record struct RawValue(string Text);
