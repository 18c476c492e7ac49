using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>What is wrong with a field; the names are the cause types a client sees in <c>status.details.causes</c>.</summary>
public enum FieldErrorType
{
    FieldValueNotFound,
    FieldValueRequired,
    FieldValueDuplicate,
    FieldValueInvalid,
    FieldValueNotSupported,
    FieldValueForbidden,
    FieldValueTooLong,
    FieldValueTooMany,
    FieldValueTooFew,
    FieldValueTooShort,
    FieldValueTypeInvalid,
    InternalError,
}

/// <summary>One complaint about one field, worded as upstream's field.Error.</summary>
public sealed class FieldError
{
    /// <summary>Stands for a value too large to print.</summary>
    private static readonly object Omitted = new();

    /// <summary>Given as the value of an invalid field whose value is not to be printed.</summary>
    public static object OmittedValue => Omitted;

    private FieldError(FieldErrorType type, FieldPath? field, object? badValue, string detail)
        : this(type, field?.ToString() ?? FieldPath.None, badValue, detail)
    {
    }

    private FieldError(FieldErrorType type, string field, object? badValue, string detail)
    {
        Type = type;
        Field = field;
        BadValue = badValue;
        Detail = detail;
    }

    public FieldErrorType Type { get; }

    /// <summary>The path as text.</summary>
    public string Field { get; }

    public object? BadValue { get; }

    public string Detail { get; }

    /// <summary>The same complaint with other words behind it.</summary>
    public FieldError WithDetail(string detail) => new(Type, Field, BadValue, detail);

    public static FieldError Required(FieldPath? field, string detail) =>
        new(FieldErrorType.FieldValueRequired, field, "", detail);

    public static FieldError Invalid(FieldPath? field, object? value, string detail) =>
        new(FieldErrorType.FieldValueInvalid, field, value, detail);

    public static FieldError TypeInvalid(FieldPath? field, object? value, string detail) =>
        new(FieldErrorType.FieldValueTypeInvalid, field, value, detail);

    public static FieldError Duplicate(FieldPath? field, object? value) =>
        new(FieldErrorType.FieldValueDuplicate, field, value, "");

    public static FieldError NotFound(FieldPath? field, object? value) =>
        new(FieldErrorType.FieldValueNotFound, field, value, "");

    public static FieldError Forbidden(FieldPath? field, string detail) =>
        new(FieldErrorType.FieldValueForbidden, field, "", detail);

    /// <param name="supported">In the order they are to be listed; upstream mostly sorts them.</param>
    public static FieldError NotSupported(FieldPath? field, object? value, params IEnumerable<string> supported)
    {
        string list = string.Join(", ", supported.Select(GoText.Quote));
        return new FieldError(FieldErrorType.FieldValueNotSupported, field, value,
            list.Length == 0 ? "" : "supported values: " + list);
    }

    /// <param name="maximumBytes">The bound in bytes; negative for none to tell.</param>
    public static FieldError TooLong(FieldPath? field, int maximumBytes) =>
        new(FieldErrorType.FieldValueTooLong, field, "<value omitted>",
            maximumBytes < 0 ? "value is too long" : $"may not be more than {Count(maximumBytes, "byte")}");

    public static FieldError TooLongCharacters(FieldPath? field, int maximum) =>
        new(FieldErrorType.FieldValueTooLong, field, "<value omitted>",
            maximum < 0 ? "value is too long" : $"may not be more than {Count(maximum, "character")}");

    public static FieldError TooShort(FieldPath? field, object? value, int minimum) =>
        new(FieldErrorType.FieldValueTooShort, field, value,
            minimum < 0 ? "value is too short" : $"must be at least {Count(minimum, "character")}");

    public static FieldError TooMany(FieldPath? field, int actual, int maximum) =>
        new(FieldErrorType.FieldValueTooMany, field, actual < 0 ? Omitted : actual,
            maximum < 0 ? "has too many items" : $"must have at most {Count(maximum, "item")}");

    public static FieldError TooFew(FieldPath? field, int actual, int minimum) =>
        new(FieldErrorType.FieldValueTooFew, field, actual,
            minimum < 0 ? "has too few items" : $"must have at least {Count(minimum, "item")}");

    public static FieldError Internal(FieldPath? field, string detail) =>
        new(FieldErrorType.InternalError, field, detail, detail);

    /// <summary>The complaint without the path, as a cause's message.</summary>
    public string Body
    {
        get
        {
            string name = Type switch
            {
                FieldErrorType.FieldValueNotFound => "Not found",
                FieldErrorType.FieldValueRequired => "Required value",
                FieldErrorType.FieldValueDuplicate => "Duplicate value",
                FieldErrorType.FieldValueInvalid or FieldErrorType.FieldValueTypeInvalid => "Invalid value",
                FieldErrorType.FieldValueNotSupported => "Unsupported value",
                FieldErrorType.FieldValueForbidden => "Forbidden",
                FieldErrorType.FieldValueTooLong => "Too long",
                FieldErrorType.FieldValueTooMany => "Too many",
                FieldErrorType.FieldValueTooFew => "Too few",
                FieldErrorType.FieldValueTooShort => "Too short",
                _ => "Internal error",
            };
            bool withValue = BadValue != Omitted && Type is not (
                FieldErrorType.FieldValueRequired or FieldErrorType.FieldValueForbidden or FieldErrorType.FieldValueTooLong
                or FieldErrorType.FieldValueTooShort or FieldErrorType.InternalError);
            string text = withValue ? $"{name}: {Render(BadValue)}" : name;
            return Detail.Length == 0 ? text : $"{text}: {Detail}";
        }
    }

    /// <summary>Path and complaint: <c>spec.x: Invalid value: "a": must be …</c>.</summary>
    public override string ToString() => $"{Field}: {Body}";

    private static string Count(int number, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {unit}{(number == 1 ? "" : "s")}");

    private static string Render(object? value) => value switch
    {
        null => "null",
        string text => GoText.Quote(text),
        bool flag => flag ? "true" : "false",
        DateTimeOffset time => GoText.Quote(KubernetesTime.Format(time)),
        TimeSpan duration => GoText.Quote(KubernetesDuration.Format(duration)),
        IJsonWritable writable => Json(writable.WriteJson),
        Dictionary<string, string> map => Json(writer => JsonWrite.StringMap(writer, map)),
        IEnumerable<string> list => Json(writer => JsonWrite.StringList(writer, [.. list])),
        IEnumerable<IJsonWritable> list => Json(writer => WriteList(writer, list)),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static void WriteList(Utf8JsonWriter writer, IEnumerable<IJsonWritable> list)
    {
        writer.WriteStartArray();
        foreach (IJsonWritable item in list) item.WriteJson(writer);
        writer.WriteEndArray();
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, JsonLimits.WriterOptions)) write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
