namespace Cybernetes.Objects;

/// <summary>Deep copies of the collections that generated classes hold; absent stays absent.</summary>
public static class ObjectClone
{
    public static byte[]? Bytes(byte[]? bytes) => (byte[]?)bytes?.Clone();

    public static List<string>? StringList(List<string>? list) => list is null ? null : [.. list];

    public static List<int>? Int32List(List<int>? list) => list is null ? null : [.. list];

    public static List<long>? Int64List(List<long>? list) => list is null ? null : [.. list];

    public static List<bool>? BooleanList(List<bool>? list) => list is null ? null : [.. list];

    public static List<RawJson>? RawList(List<RawJson>? list) => list is null ? null : [.. list];

    public static List<Quantity>? QuantityList(List<Quantity>? list) => list is null ? null : [.. list];

    public static List<T>? ObjectList<T>(List<T>? list) where T : class, IWireObject<T>
    {
        if (list is null)
            return null;
        var copy = new List<T>(list.Count);
        foreach (var item in list)
            copy.Add(item.DeepClone());
        return copy;
    }

    public static Dictionary<string, string>? StringMap(Dictionary<string, string>? map) => Map(map, v => v);

    public static Dictionary<string, byte[]>? BytesMap(Dictionary<string, byte[]>? map) => Map(map, v => (byte[])v.Clone());

    public static Dictionary<string, DateTimeOffset>? TimeMap(Dictionary<string, DateTimeOffset>? map) => Map(map, v => v);

    public static Dictionary<string, Quantity>? QuantityMap(Dictionary<string, Quantity>? map) => Map(map, v => v);

    public static Dictionary<string, RawJson>? RawMap(Dictionary<string, RawJson>? map) => Map(map, v => v);

    public static Dictionary<string, List<string>>? StringListMap(Dictionary<string, List<string>>? map) => Map(map, v => new List<string>(v));

    public static Dictionary<string, T>? ObjectMap<T>(Dictionary<string, T>? map) where T : class, IWireObject<T> => Map(map, v => v.DeepClone());

    private static Dictionary<string, T>? Map<T>(Dictionary<string, T>? map, Func<T, T> clone)
    {
        if (map is null)
            return null;
        var copy = new Dictionary<string, T>(map.Count, StringComparer.Ordinal);
        foreach (var (key, value) in map)
            copy[key] = clone(value);
        return copy;
    }
}
