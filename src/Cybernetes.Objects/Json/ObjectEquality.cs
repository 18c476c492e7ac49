namespace Cybernetes.Objects;

/// <summary>Semantic equality of the collections that generated classes hold: absent and empty are equal.</summary>
public static class ObjectEquality
{
    public static bool Bytes(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

    public static bool Raw(RawJson left, RawJson right) => left.SemanticEquals(right);

    public static bool Raw(RawJson? left, RawJson? right) => left.GetValueOrDefault().SemanticEquals(right.GetValueOrDefault());

    public static bool StringList(List<string>? left, List<string>? right) => List(left, right, string.Equals);

    public static bool Int32List(List<int>? left, List<int>? right) => List(left, right, (a, b) => a == b);

    public static bool Int64List(List<long>? left, List<long>? right) => List(left, right, (a, b) => a == b);

    public static bool BooleanList(List<bool>? left, List<bool>? right) => List(left, right, (a, b) => a == b);

    public static bool RawList(List<RawJson>? left, List<RawJson>? right) => List(left, right, (a, b) => a.SemanticEquals(b));

    public static bool QuantityList(List<Quantity>? left, List<Quantity>? right) => List(left, right, (a, b) => a == b);

    public static bool ObjectList<T>(List<T>? left, List<T>? right) where T : class, IWireObject<T> => List(left, right, (a, b) => a.SemanticEquals(b));

    public static bool StringMap(Dictionary<string, string>? left, Dictionary<string, string>? right) => Map(left, right, string.Equals);

    public static bool BytesMap(Dictionary<string, byte[]>? left, Dictionary<string, byte[]>? right) => Map(left, right, Bytes);

    public static bool TimeMap(Dictionary<string, DateTimeOffset>? left, Dictionary<string, DateTimeOffset>? right) =>
        Map(left, right, (a, b) => a == b);

    public static bool QuantityMap(Dictionary<string, Quantity>? left, Dictionary<string, Quantity>? right) => Map(left, right, (a, b) => a == b);

    public static bool RawMap(Dictionary<string, RawJson>? left, Dictionary<string, RawJson>? right) => Map(left, right, (a, b) => a.SemanticEquals(b));

    public static bool StringListMap(Dictionary<string, List<string>>? left, Dictionary<string, List<string>>? right) => Map(left, right, StringList);

    public static bool ObjectMap<T>(Dictionary<string, T>? left, Dictionary<string, T>? right) where T : class, IWireObject<T> =>
        Map(left, right, (a, b) => a.SemanticEquals(b));

    private static bool List<T>(List<T>? left, List<T>? right, Func<T, T, bool> equal)
    {
        if (ReferenceEquals(left, right))
            return true;
        var count = left?.Count ?? 0;
        if (count != (right?.Count ?? 0))
            return false;
        for (var i = 0; i < count; i++)
        {
            if (!equal(left![i], right![i]))
                return false;
        }
        return true;
    }

    private static bool Map<T>(Dictionary<string, T>? left, Dictionary<string, T>? right, Func<T, T, bool> equal)
    {
        if (ReferenceEquals(left, right))
            return true;
        if ((left?.Count ?? 0) != (right?.Count ?? 0))
            return false;
        foreach (var (key, value) in left.OrEmpty())
        {
            if (!right!.TryGetValue(key, out var other) || !equal(value, other))
                return false;
        }
        return true;
    }
}
