using System.Text.Json;

namespace Cybernetes.Objects.Json;

/// <summary>Lists and maps: the reader stands on the first token of the collection, which is not null, and afterwards on its last.</summary>
public static partial class JsonRead
{
    private delegate T ReadValue<T>(ref Utf8JsonReader reader, DecodeContext context);

    public static List<string> StringList(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, "", static (ref Utf8JsonReader r, DecodeContext c) => String(ref r, c, "string"));

    public static List<int> Int32List(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, 0, static (ref Utf8JsonReader r, DecodeContext c) => Int32(ref r, c, "int32"));

    public static List<long> Int64List(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, 0, static (ref Utf8JsonReader r, DecodeContext c) => Int64(ref r, c, "int64"));

    public static List<bool> BooleanList(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, false, static (ref Utf8JsonReader r, DecodeContext c) => Boolean(ref r, c, "bool"));

    public static List<RawJson> RawList(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, default, RawJson.ReadJson);

    public static List<Quantity> QuantityList(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, default, Quantity.ReadJson);

    public static List<T> ObjectList<T>(ref Utf8JsonReader reader, DecodeContext context, string goType) where T : class, IWireObject<T>
    {
        context.StartArray(ref reader, goType);
        var list = new List<T>();
        var nullValue = (T?)null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.Null)
            {
                // Go decodes null in a list of structs as the zero struct.
                list.Add(nullValue ??= Zero<T>());
                continue;
            }
            context.EnterIndex(list.Count);
            list.Add(T.ReadJson(ref reader, context));
            context.Exit();
        }
        context.EndArray();
        return list;
    }

    public static Dictionary<string, string> StringMap(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        Map(ref reader, context, goType, "", static (ref Utf8JsonReader r, DecodeContext c) => String(ref r, c, "string"));

    public static Dictionary<string, byte[]> BytesMap(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        Map(ref reader, context, goType, [], static (ref Utf8JsonReader r, DecodeContext c) => Bytes(ref r, c, "[]uint8"));

    public static Dictionary<string, Quantity> QuantityMap(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        Map(ref reader, context, goType, default, Quantity.ReadJson);

    public static Dictionary<string, RawJson> RawMap(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        Map(ref reader, context, goType, default, RawJson.ReadJson);

    public static Dictionary<string, List<string>> StringListMap(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        Map(ref reader, context, goType, [], static (ref Utf8JsonReader r, DecodeContext c) => StringList(ref r, c, "[]string"));

    public static Dictionary<string, T> ObjectMap<T>(ref Utf8JsonReader reader, DecodeContext context, string goType) where T : class, IWireObject<T> =>
        Map(ref reader, context, goType, null!, static (ref Utf8JsonReader r, DecodeContext c) => T.ReadJson(ref r, c));

    private static T Zero<T>() where T : class, IWireObject<T>
    {
        var reader = new Utf8JsonReader("{}"u8);
        reader.Read();
        return T.ReadJson(ref reader, new DecodeContext());
    }

    private static List<T> List<T>(ref Utf8JsonReader reader, DecodeContext context, string goType, T zero, ReadValue<T> read)
    {
        context.StartArray(ref reader, goType);
        var list = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            context.EnterIndex(list.Count);
            list.Add(reader.TokenType == JsonTokenType.Null ? zero : read(ref reader, context));
            context.Exit();
        }
        context.EndArray();
        return list;
    }

    private static Dictionary<string, T> Map<T>(ref Utf8JsonReader reader, DecodeContext context, string goType, T zero, ReadValue<T> read)
    {
        var map = new Dictionary<string, T>(StringComparer.Ordinal);
        if (!context.StartObject(ref reader, goType))
            return map;
        while (context.NextProperty(ref reader))
        {
            var key = reader.GetString()!;
            context.EnterKey(key);
            if (map.ContainsKey(key))
                context.DuplicateField();
            reader.Read();
            map[key] = reader.TokenType == JsonTokenType.Null ? zero : read(ref reader, context);
            context.Exit();
        }
        context.EndObject();
        return map;
    }
}
