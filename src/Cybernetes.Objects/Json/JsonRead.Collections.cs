using System.Text.Json;

namespace Cybernetes.Objects;

// Lists and maps: the reader stands on the first token of the collection and afterwards on its last; null is absent.
public static partial class JsonRead
{
    private delegate T ReadValue<T>(ref Utf8JsonReader reader, DecodeContext context);

    public static List<int>? Int32List(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, static (ref Utf8JsonReader r, DecodeContext c) => Int32(ref r, c, "int32"));

    public static List<long>? Int64List(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, static (ref Utf8JsonReader r, DecodeContext c) => Int64(ref r, c, "int64"));

    public static List<bool>? BooleanList(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, static (ref Utf8JsonReader r, DecodeContext c) => Boolean(ref r, c, "bool"));

    public static List<RawJson>? RawList(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, RawJson.ReadJson);

    public static List<Quantity>? QuantityList(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        List(ref reader, context, goType, Quantity.ReadJson);

    public static List<T>? ObjectList<T>(ref Utf8JsonReader reader, DecodeContext context, string goType) where T : class, IWireObject<T>
    {
        if (!context.StartArray(ref reader, goType))
            return null;
        var list = new List<T>();
        // A null among structs reads as the zero struct, as in Go.
        while (context.NextElement(ref reader))
            list.Add(T.ReadJson(ref reader, context));
        return list;
    }

    public static Dictionary<string, byte[]>? BytesMap(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        Map(ref reader, context, goType, static (ref Utf8JsonReader r, DecodeContext c) => Bytes(ref r, c) ?? []);

    public static Dictionary<string, DateTimeOffset>? TimeMap(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        Map(ref reader, context, goType, static (ref Utf8JsonReader r, DecodeContext c) => KubernetesTime.ReadJson(ref r, c) ?? default);

    public static Dictionary<string, Quantity>? QuantityMap(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        Map(ref reader, context, goType, Quantity.ReadJson);

    public static Dictionary<string, RawJson>? RawMap(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        Map(ref reader, context, goType, RawJson.ReadJson);

    public static Dictionary<string, List<string>>? StringListMap(ref Utf8JsonReader reader, DecodeContext context, string goType) =>
        Map(ref reader, context, goType, static (ref Utf8JsonReader r, DecodeContext c) => StringList(ref r, c) ?? []);

    public static Dictionary<string, T>? ObjectMap<T>(ref Utf8JsonReader reader, DecodeContext context, string goType) where T : class, IWireObject<T> =>
        Map(ref reader, context, goType, static (ref Utf8JsonReader r, DecodeContext c) => T.ReadJson(ref r, c));

    private static List<T>? List<T>(ref Utf8JsonReader reader, DecodeContext context, string goType, ReadValue<T> read)
    {
        if (!context.StartArray(ref reader, goType))
            return null;
        var list = new List<T>();
        while (context.NextElement(ref reader))
            list.Add(read(ref reader, context));
        return list;
    }

    private static Dictionary<string, T>? Map<T>(ref Utf8JsonReader reader, DecodeContext context, string goType, ReadValue<T> read)
    {
        if (!context.StartMap(ref reader, goType))
            return null;
        var map = new Dictionary<string, T>(StringComparer.Ordinal);
        while (context.NextKey(ref reader, out var key))
        {
            if (map.ContainsKey(key))
                context.Duplicate();
            map[key] = read(ref reader, context);
        }
        return map;
    }
}
