using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>JSON trees of API objects as protobuf messages, led by the facts. Fields the facts give no number are left
/// out.</summary>
public static class JsonToProtobuf
{
    private const string SchemaType = "apiextensions/v1.JSONSchemaProps";

    /// <summary>The object in an envelope; its apiVersion and kind say what it is.</summary>
    /// <exception cref="ObjectDecodeException">The facts do not know the kind, or a value is not of its field's type.</exception>
    public static byte[] Write(JsonMap map)
    {
        string apiVersion = map.String("apiVersion") ?? "";
        string kind = map.String("kind") ?? "";
        string type = ProtobufKinds.Find(apiVersion, kind, out bool isList)
            ?? throw new ObjectDecodeException($"no kind \"{kind}\" is registered for version \"{apiVersion}\"");
        ProtobufWriter writer = new();
        if (isList) WriteList(writer, map, type);
        else WriteMessage(writer, map, ProtobufMessage.Of(type));
        return ProtobufEnvelope.Wrap(apiVersion, kind, writer.Written);
    }

    /// <summary>A message of a struct of the facts, such as <c>core/v1.PodSpec</c>.</summary>
    /// <exception cref="ObjectDecodeException">A value is not of its field's type.</exception>
    public static byte[] WriteMessage(JsonMap map, string typeFullName)
    {
        ProtobufWriter writer = new();
        WriteMessage(writer, map, ProtobufMessage.Of(typeFullName));
        return writer.ToArray();
    }

    private static void WriteList(ProtobufWriter writer, JsonMap map, string itemType)
    {
        int start = writer.StartMessage(1);
        if (map.Map("metadata") is { } metadata) WriteMessage(writer, metadata, ProtobufMessage.Of("meta/v1.ListMeta"));
        writer.EndMessage(start);
        ProtobufMessage message = ProtobufMessage.Of(itemType);
        foreach (JsonTree item in map.List("items") ?? [])
        {
            start = writer.StartMessage(2);
            WriteMessage(writer, Expect<JsonMap>(item), message);
            writer.EndMessage(start);
        }
    }

    private static void WriteMessage(ProtobufWriter writer, JsonMap map, ProtobufMessage message)
    {
        foreach (ProtobufField field in message.Fields)
        {
            if (field.JsonName.Length == 0)
            {
                int start = writer.StartMessage(field.Number);
                WriteMessage(writer, map, ProtobufMessage.Of(field.Type.StructName!));
                writer.EndMessage(start);
                continue;
            }
            if (map.Get(field.JsonName) is { IsNull: false } value) WriteField(writer, field, value);
        }
    }

    private static void WriteField(ProtobufWriter writer, ProtobufField field, JsonTree value)
    {
        switch (field.Type.Shape)
        {
            case TypeShape.Map:
                foreach ((string key, JsonTree entry) in Expect<JsonMap>(value).OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    WriteEntry(writer, field, key, entry);
                break;
            case TypeShape.List when field.Form == ProtobufForm.WrappedList:
                WriteWrappedList(writer, field.Number, value);
                break;
            case TypeShape.List:
                foreach (JsonTree element in Expect<JsonList>(value))
                    WriteValue(writer, field.Number, field.Type.Element!, field.Form, element);
                break;
            default:
                WriteValue(writer, field.Number, field.Type, field.Form, value);
                break;
        }
    }

    private static void WriteEntry(ProtobufWriter writer, ProtobufField field, string key, JsonTree value)
    {
        int start = writer.StartMessage(field.Number);
        writer.String(1, key);
        if (field.Form == ProtobufForm.WrappedList) WriteWrappedList(writer, 2, value);
        else if (!value.IsNull) WriteValue(writer, 2, field.Type.Element!, field.Form, value);
        writer.EndMessage(start);
    }

    private static void WriteWrappedList(ProtobufWriter writer, int number, JsonTree value)
    {
        int start = writer.StartMessage(number);
        foreach (JsonTree item in value as JsonList ?? []) writer.String(1, Text(item));
        writer.EndMessage(start);
    }

    private static void WriteValue(ProtobufWriter writer, int number, TypeReference type, ProtobufForm form, JsonTree value)
    {
        if (form is ProtobufForm.SchemaOrArray or ProtobufForm.SchemaOrBoolean or ProtobufForm.SchemaOrStrings)
        {
            WriteSchemaChoice(writer, number, form, value);
            return;
        }
        switch (type.Shape)
        {
            case TypeShape.String: writer.String(number, Text(value)); return;
            case TypeShape.Boolean: writer.Boolean(number, Expect<JsonScalar>(value).Kind == JsonScalarKind.True); return;
            case TypeShape.Int32 or TypeShape.Int64: writer.Int64(number, Integer(value)); return;
            case TypeShape.Double:
                writer.Double(number,
                double.Parse(Text(value), NumberStyles.Float, CultureInfo.InvariantCulture)); return;
            case TypeShape.Bytes: writer.Bytes(number, Convert.FromBase64String(Text(value))); return;
        }
        int start = writer.StartMessage(number);
        switch (type.Shape)
        {
            case TypeShape.Time or TypeShape.MicroTime: WriteTime(writer, Text(value), type.Shape == TypeShape.MicroTime); break;
            case TypeShape.Duration: WriteDuration(writer, Text(value)); break;
            case TypeShape.Quantity: writer.String(1, Text(value)); break;
            case TypeShape.IntOrString: WriteIntOrString(writer, Expect<JsonScalar>(value)); break;
            case TypeShape.Raw: writer.Bytes(1, value.ToUtf8()); break;
            default: WriteMessage(writer, Expect<JsonMap>(value), ProtobufMessage.Of(type.StructName!)); break;
        }
        writer.EndMessage(start);
    }

    private static void WriteTime(ProtobufWriter writer, string text, bool micro)
    {
        if (KubernetesTime.TryParse(text, out DateTimeOffset time) is { } error) throw new ObjectDecodeException(error);
        long seconds = time.ToUnixTimeSeconds();
        writer.Int64(1, seconds);
        writer.Int64(2, micro ? (time.UtcTicks - DateTimeOffset.FromUnixTimeSeconds(seconds).UtcTicks) * 100 : 0);
    }

    private static void WriteDuration(ProtobufWriter writer, string text)
    {
        if (KubernetesDuration.TryParse(text, out TimeSpan duration) is { } error) throw new ObjectDecodeException(error);
        writer.Int64(1, duration.Ticks * 100);
    }

    private static void WriteIntOrString(ProtobufWriter writer, JsonScalar value)
    {
        bool isText = value.Kind == JsonScalarKind.String;
        writer.Int64(1, isText ? 1 : 0);
        writer.Int64(2, isText ? 0 : Integer(value));
        writer.String(3, isText ? value.Text : "");
    }

    private static void WriteSchemaChoice(ProtobufWriter writer, int number, ProtobufForm form, JsonTree value)
    {
        ProtobufMessage schema = ProtobufMessage.Of(SchemaType);
        int start = writer.StartMessage(number);
        if (form == ProtobufForm.SchemaOrBoolean) writer.Boolean(1, value is JsonMap || value == JsonScalar.True);
        switch (value)
        {
            case JsonMap map:
                WriteNested(writer, form == ProtobufForm.SchemaOrBoolean ? 2 : 1, map, schema);
                break;
            case JsonList list when form == ProtobufForm.SchemaOrStrings:
                foreach (JsonTree item in list) writer.String(2, Text(item));
                break;
            case JsonList list:
                foreach (JsonTree item in list) WriteNested(writer, 2, Expect<JsonMap>(item), schema);
                break;
        }
        writer.EndMessage(start);
    }

    private static void WriteNested(ProtobufWriter writer, int number, JsonMap map, ProtobufMessage message)
    {
        int start = writer.StartMessage(number);
        WriteMessage(writer, map, message);
        writer.EndMessage(start);
    }

    private static string Text(JsonTree value) => Expect<JsonScalar>(value).Text;

    private static long Integer(JsonTree value) =>
        Expect<JsonScalar>(value).TryInt64(out long number)
            ? number
            : throw new ObjectDecodeException($"json: {value} is no whole number");

    private static T Expect<T>(JsonTree value) where T : JsonTree =>
        value as T
            ?? throw new ObjectDecodeException($"json: cannot unmarshal {value.GoKind} into Go value of type {typeof(T).Name}");
}
