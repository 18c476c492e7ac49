using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>
/// Protobuf messages of API objects as JSON trees, led by the facts. What the message holds is what the tree holds: zero values
/// that Go
/// writes for absent fields appear as such, which a typed read takes for absent.
/// </summary>
public static class ProtobufToJson
{
    private const int MaximumDepth = 200;
    private const string SchemaType = "apiextensions/v1.JSONSchemaProps";

    /// <summary>The object in an envelope, with its apiVersion and kind.</summary>
    /// <exception cref="ObjectDecodeException">Malformed, or of a kind the facts do not know.</exception>
    public static JsonMap Read(ReadOnlySpan<byte> envelope)
    {
        ReadOnlySpan<byte> message = ProtobufEnvelope.Open(envelope, out string apiVersion, out string kind);
        JsonMap map = new() { ["kind"] = kind, ["apiVersion"] = apiVersion };
        string type = ProtobufKinds.Find(apiVersion, kind, out bool isList)
            ?? throw new ObjectDecodeException($"no kind \"{kind}\" is registered for version \"{apiVersion}\"");
        if (isList) ReadList(message, type, map);
        else ReadMessage(message, ProtobufMessage.Of(type), map, 0);
        return map;
    }

    /// <summary>A message of a struct of the facts, such as <c>core/v1.PodSpec</c>.</summary>
    /// <exception cref="ObjectDecodeException">Malformed.</exception>
    public static JsonMap ReadMessage(ReadOnlySpan<byte> message, string typeFullName)
    {
        JsonMap map = [];
        ReadMessage(message, ProtobufMessage.Of(typeFullName), map, 0);
        return map;
    }

    private static void ReadList(ReadOnlySpan<byte> message, string itemType, JsonMap map)
    {
        JsonList items = [];
        JsonMap metadata = [];
        map["metadata"] = metadata;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1)
            {
                ReadMessage(reader.Bytes(), ProtobufMessage.Of("meta/v1.ListMeta"), metadata, 1);
            }
            else if (reader.Field == 2)
            {
                JsonMap item = [];
                ReadMessage(reader.Bytes(), ProtobufMessage.Of(itemType), item, 1);
                items.Add(item);
            }
            else
            {
                reader.Skip();
            }
        }
        map["items"] = items;
    }

    private static void ReadMessage(ReadOnlySpan<byte> bytes, ProtobufMessage message, JsonMap map, int depth)
    {
        if (depth > MaximumDepth) throw new ObjectDecodeException("exceeded max depth");
        ProtobufReader reader = new(bytes);
        while (reader.NextField())
        {
            if (message.Find(reader.Field) is not { } field)
            {
                reader.Skip();
                continue;
            }
            if (field.JsonName.Length == 0)
            {
                ReadMessage(reader.Bytes(), ProtobufMessage.Of(field.Type.StructName!), map, depth + 1);
                continue;
            }
            ReadField(ref reader, field, map, depth);
        }
    }

    private static void ReadField(ref ProtobufReader reader, ProtobufField field, JsonMap map, int depth)
    {
        switch (field.Type.Shape)
        {
            case TypeShape.Map:
                JsonMap entries = map.Map(field.JsonName) ?? [];
                map[field.JsonName] = entries;
                ReadEntry(reader.Bytes(), field, entries, depth);
                break;
            case TypeShape.List when field.Form == ProtobufForm.WrappedList:
                map[field.JsonName] = ReadWrappedList(reader.Bytes());
                break;
            case TypeShape.List:
                JsonList list = map.List(field.JsonName) ?? [];
                map[field.JsonName] = list;
                ReadElements(ref reader, field, list, depth);
                break;
            default:
                map[field.JsonName] = ReadValue(ref reader, field.Type, field.Form, depth);
                break;
        }
    }

    private static void ReadElements(ref ProtobufReader reader, ProtobufField field, JsonList list, int depth)
    {
        TypeReference element = field.Type.Element!;
        bool packed = reader.WireType == ProtobufWireType.Bytes
            && element.Shape is TypeShape.Int32 or TypeShape.Int64 or TypeShape.Boolean;
        if (!packed)
        {
            list.Add(ReadValue(ref reader, element, field.Form, depth));
            return;
        }
        // Another writer's packed numbers: each is a varint without a tag, which one in front of it makes a field.
        foreach (byte[] single in SplitPacked(reader.Bytes()))
        {
            ProtobufReader value = new(single);
            value.NextField();
            list.Add(ReadValue(ref value, element, field.Form, depth));
        }
    }

    private static List<byte[]> SplitPacked(ReadOnlySpan<byte> packed)
    {
        List<byte[]> values = [];
        int start = 0;
        for (int i = 0; i < packed.Length; i++)
        {
            if (packed[i] >= 0x80) continue;
            values.Add([0x08, .. packed[start..(i + 1)]]);
            start = i + 1;
        }
        return start == packed.Length ? values : throw new ObjectDecodeException("unexpected EOF");
    }

    private static void ReadEntry(ReadOnlySpan<byte> entry, ProtobufField field, JsonMap entries, int depth)
    {
        string key = "";
        JsonTree? value = null;
        TypeReference element = field.Type.Element!;
        ProtobufReader reader = new(entry);
        while (reader.NextField())
        {
            if (reader.Field == 1) key = reader.String();
            else if (reader.Field != 2) reader.Skip();
            else if (field.Form == ProtobufForm.WrappedList) value = ReadWrappedList(reader.Bytes());
            else value = ReadValue(ref reader, element, field.Form, depth + 1);
        }
        entries[key] = value ?? Zero(element);
    }

    private static JsonTree Zero(TypeReference type) => type.Shape switch
    {
        TypeShape.String or TypeShape.Bytes => "",
        TypeShape.Quantity => "0",
        TypeShape.Boolean => false,
        TypeShape.Int32 or TypeShape.Int64 or TypeShape.Double => 0L,
        TypeShape.Struct => new JsonMap(),
        TypeShape.List => new JsonList(),
        _ => JsonScalar.Null,
    };

    private static JsonList ReadWrappedList(ReadOnlySpan<byte> message)
    {
        JsonList list = [];
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) list.Add(reader.String());
            else reader.Skip();
        }
        return list;
    }

    private static JsonTree ReadValue(ref ProtobufReader reader, TypeReference type, ProtobufForm form, int depth)
    {
        if (form is ProtobufForm.SchemaOrArray or ProtobufForm.SchemaOrBoolean or ProtobufForm.SchemaOrStrings)
            return ReadSchemaChoice(reader.Bytes(), form, depth);
        switch (type.Shape)
        {
            case TypeShape.String: return reader.String();
            case TypeShape.Boolean: return reader.Boolean();
            case TypeShape.Int32: return (long)(int)reader.Int64();
            case TypeShape.Int64: return reader.Int64();
            case TypeShape.Double: return JsonScalar.Number(FormatDouble(reader.Double()));
            case TypeShape.Bytes: return Convert.ToBase64String(reader.Bytes());
            case TypeShape.Time or TypeShape.MicroTime: return ReadTime(reader.Bytes(), type.Shape == TypeShape.MicroTime);
            case TypeShape.Duration: return KubernetesDuration.Format(TimeSpan.FromTicks(FirstInt64(reader.Bytes()) / 100));
            case TypeShape.Quantity: return FirstString(reader.Bytes()) is { Length: > 0 } text ? text : "0";
            case TypeShape.IntOrString: return ReadIntOrString(reader.Bytes());
            case TypeShape.Raw: return ReadRaw(reader.Bytes());
            default:
                JsonMap map = [];
                ReadMessage(reader.Bytes(), ProtobufMessage.Of(type.StructName!), map, depth + 1);
                return map;
        }
    }

    private static string FormatDouble(double value) =>
        double.IsFinite(value)
            ? value.ToString("R", CultureInfo.InvariantCulture)
            : throw new ObjectDecodeException("json: unsupported value");

    private static JsonTree ReadTime(ReadOnlySpan<byte> message, bool micro)
    {
        if (message.IsEmpty) return JsonScalar.Null;
        long seconds = 0;
        long nanos = 0;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) seconds = reader.Int64();
            else if (reader.Field == 2) nanos = reader.Int64();
            else reader.Skip();
        }
        if (seconds is < -62135596800 or > 253402300799 || nanos is < 0 or > 999_999_999)
            throw new ObjectDecodeException("proto: time out of range");
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return micro ? KubernetesTime.FormatMicro(time.AddTicks(nanos / 100)) : KubernetesTime.Format(time);
    }

    private static JsonTree ReadIntOrString(ReadOnlySpan<byte> message)
    {
        long type = 0;
        long number = 0;
        string text = "";
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) type = reader.Int64();
            else if (reader.Field == 2) number = (int)reader.Int64();
            else if (reader.Field == 3) text = reader.String();
            else reader.Skip();
        }
        return type == 0 ? number : text;
    }

    private static JsonTree ReadRaw(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> raw = default;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) raw = reader.Bytes();
            else reader.Skip();
        }
        if (raw.IsEmpty) return JsonScalar.Null;
        return ProtobufEnvelope.IsEnvelope(raw) ? Read(raw) : JsonTree.Parse(raw);
    }

    private static JsonTree ReadSchemaChoice(ReadOnlySpan<byte> message, ProtobufForm form, int depth)
    {
        JsonMap? schema = null;
        JsonList? list = null;
        bool allows = false;
        int schemaField = form == ProtobufForm.SchemaOrBoolean ? 2 : 1;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == schemaField)
            {
                schema = [];
                ReadMessage(reader.Bytes(), ProtobufMessage.Of(SchemaType), schema, depth + 1);
            }
            else if (reader.Field == 1)
            {
                allows = reader.Boolean();
            }
            else if (reader.Field == 2 && form == ProtobufForm.SchemaOrStrings)
            {
                (list ??= []).Add(reader.String());
            }
            else if (reader.Field == 2)
            {
                JsonMap item = [];
                ReadMessage(reader.Bytes(), ProtobufMessage.Of(SchemaType), item, depth + 1);
                (list ??= []).Add(item);
            }
            else
            {
                reader.Skip();
            }
        }
        if (list is not null) return list;
        if (schema is not null) return schema;
        return form == ProtobufForm.SchemaOrBoolean ? JsonScalar.Of(allows) : JsonScalar.Null;
    }

    private static long FirstInt64(ReadOnlySpan<byte> message)
    {
        long value = 0;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) value = reader.Int64();
            else reader.Skip();
        }
        return value;
    }

    private static string FirstString(ReadOnlySpan<byte> message)
    {
        string value = "";
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) value = reader.String();
            else reader.Skip();
        }
        return value;
    }
}
