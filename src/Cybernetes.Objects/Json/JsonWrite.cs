using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>Writes of single values as Go's encoder orders and forms them.</summary>
public static partial class JsonWrite
{
    /// <summary>The map as an object with its keys in ordinal order.</summary>
    public static void StringMap(Utf8JsonWriter writer, Dictionary<string, string> map)
    {
        writer.WriteStartObject();
        if (map.Count <= 1)
        {
            foreach ((string key, string value) in map) writer.WriteString(key, value);
        }
        else
        {
            foreach (string key in SortedKeys(map)) writer.WriteString(key, map[key]);
        }
        writer.WriteEndObject();
    }

    public static void StringList(Utf8JsonWriter writer, List<string> list)
    {
        writer.WriteStartArray();
        foreach (string value in list) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    /// <summary>Bytes as base64; null as null.</summary>
    public static void Bytes(Utf8JsonWriter writer, byte[]? bytes)
    {
        if (bytes is null) writer.WriteNullValue();
        else writer.WriteBase64StringValue(bytes);
    }

    /// <summary>A map's keys in the order Go writes them (by UTF-8 bytes).</summary>
    public static string[] SortedKeys<T>(Dictionary<string, T> map)
    {
        string[] keys = [.. map.Keys];
        Array.Sort(keys, StringComparer.Ordinal);
        return keys;
    }
}
