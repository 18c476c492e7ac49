using System.Text.Json;

namespace Cybernetes.Objects;

public static partial class JsonWrite
{
    public static void Int32List(Utf8JsonWriter writer, List<int> list)
    {
        writer.WriteStartArray();
        foreach (var item in list)
            writer.WriteNumberValue(item);
        writer.WriteEndArray();
    }

    public static void Int64List(Utf8JsonWriter writer, List<long> list)
    {
        writer.WriteStartArray();
        foreach (var item in list)
            writer.WriteNumberValue(item);
        writer.WriteEndArray();
    }

    public static void BooleanList(Utf8JsonWriter writer, List<bool> list)
    {
        writer.WriteStartArray();
        foreach (var item in list)
            writer.WriteBooleanValue(item);
        writer.WriteEndArray();
    }

    public static void RawList(Utf8JsonWriter writer, List<RawJson> list)
    {
        writer.WriteStartArray();
        foreach (var item in list)
            item.WriteJson(writer);
        writer.WriteEndArray();
    }

    public static void QuantityList(Utf8JsonWriter writer, List<Quantity> list)
    {
        writer.WriteStartArray();
        foreach (var item in list)
            item.WriteJson(writer);
        writer.WriteEndArray();
    }

    public static void ObjectList<T>(Utf8JsonWriter writer, List<T> list) where T : class, IWireObject<T>
    {
        writer.WriteStartArray();
        foreach (var item in list)
            item.WriteJson(writer);
        writer.WriteEndArray();
    }

    public static void BytesMap(Utf8JsonWriter writer, Dictionary<string, byte[]> map) =>
        Map(writer, map, static (w, v) => w.WriteBase64StringValue(v));

    public static void TimeMap(Utf8JsonWriter writer, Dictionary<string, DateTimeOffset> map) =>
        Map(writer, map, static (w, v) => KubernetesTime.WriteJson(w, v));

    public static void QuantityMap(Utf8JsonWriter writer, Dictionary<string, Quantity> map) =>
        Map(writer, map, static (w, v) => v.WriteJson(w));

    public static void RawMap(Utf8JsonWriter writer, Dictionary<string, RawJson> map) => Map(writer, map, static (w, v) => v.WriteJson(w));

    public static void StringListMap(Utf8JsonWriter writer, Dictionary<string, List<string>> map) => Map(writer, map, StringList);

    public static void ObjectMap<T>(Utf8JsonWriter writer, Dictionary<string, T> map) where T : class, IWireObject<T> =>
        Map(writer, map, static (w, v) => v.WriteJson(w));

    private static void Map<T>(Utf8JsonWriter writer, Dictionary<string, T> map, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartObject();
        if (map.Count < 2)
        {
            foreach (var (key, value) in map)
                WriteEntry(writer, key, value, write);
        }
        else
        {
            foreach (var key in SortedKeys(map))
                WriteEntry(writer, key, map[key], write);
        }
        writer.WriteEndObject();
    }

    private static void WriteEntry<T>(Utf8JsonWriter writer, string key, T value, Action<Utf8JsonWriter, T> write)
    {
        writer.WritePropertyName(key);
        write(writer, value);
    }
}
