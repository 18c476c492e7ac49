using System.Diagnostics.CodeAnalysis;

namespace Cybernetes.Expressions;

/// <summary>A list. Elements may be made when they are asked for.</summary>
public abstract class CelList : CelValue
{
    public static CelList Empty { get; } = new CelArray([]);

    public abstract int Count { get; }

    public override CelType Type => CelType.AnyList;

    internal override long Size => Count;

    public abstract CelValue this[int index] { get; }

    public static CelList Of(IReadOnlyList<CelValue> elements) => elements.Count == 0 ? Empty : new CelArray(elements);

    public override bool Equals(object? obj)
    {
        if (obj is not CelList other || other.Count != Count) return false;
        for (var i = 0; i < Count; i++)
        {
            if (!this[i].Equals(other[i])) return false;
        }
        return true;
    }

    public override int GetHashCode() => Count == 0 ? 0 : HashCode.Combine(Count, this[0]);

    public override string ToString() => CelFormat.Plain(this);

    internal IEnumerable<CelValue> Elements()
    {
        for (var i = 0; i < Count; i++) yield return this[i];
    }

    /// <summary>The two lists one after the other. Appending to what was appended last copies nothing, so that comprehensions stay linear.</summary>
    internal static CelList Concat(CelList one, CelList other)
    {
        if (other.Count == 0) return one;
        if (one.Count == 0) return other;
        return one is CelAppendedList appended ? appended.Append(other) : CelAppendedList.From(one, other);
    }
}

/// <summary>A list over elements that are there.</summary>
internal sealed class CelArray(IReadOnlyList<CelValue> elements) : CelList
{
    public override int Count => elements.Count;

    public override CelValue this[int index] => elements[index];
}

/// <summary>
/// A view of the first elements of a buffer that later views share. A view is made and extended by the one evaluation that made the buffer.
/// </summary>
internal sealed class CelAppendedList : CelList
{
    private readonly List<CelValue> _buffer;

    private CelAppendedList(List<CelValue> buffer)
    {
        _buffer = buffer;
        Count = buffer.Count;
    }

    public override int Count { get; }

    public override CelValue this[int index] => index < Count ? _buffer[index] : throw new ArgumentOutOfRangeException(nameof(index));

    public static CelAppendedList From(CelList one, CelList other)
    {
        var buffer = new List<CelValue>(one.Count + other.Count);
        buffer.AddRange(one.Elements());
        buffer.AddRange(other.Elements());
        return new CelAppendedList(buffer);
    }

    public CelAppendedList Append(CelList other)
    {
        if (Count != _buffer.Count) return From(this, other);
        // Snapshot the count: the other list may be a view of the same buffer.
        var added = other.Count;
        for (var i = 0; i < added; i++) _buffer.Add(other[i]);
        return new CelAppendedList(_buffer);
    }
}

/// <summary>A map. Values may be made when they are asked for.</summary>
public abstract class CelMap : CelValue
{
    public static CelMap Empty { get; } = new CelDictionary(new Dictionary<CelValue, CelValue>());

    public abstract int Count { get; }

    /// <summary>The keys, each once.</summary>
    public abstract IEnumerable<CelValue> Keys { get; }

    public override CelType Type => CelType.AnyMap;

    internal override long Size => Count;

    public static CelMap Of(IReadOnlyDictionary<CelValue, CelValue> entries) => new CelDictionary(entries);

    public abstract bool TryGet(CelValue key, [NotNullWhen(true)] out CelValue? value);

    /// <summary>Whether the key is there; a map that answers for keys it does not hold says no here.</summary>
    public virtual bool Contains(CelValue key) => TryGet(key, out _);

    public override bool Equals(object? obj)
    {
        if (obj is not CelMap other || other.Count != Count) return false;
        foreach (var key in Keys)
        {
            if (!TryGet(key, out var mine) || !other.TryGet(key, out var theirs) || !mine.Equals(theirs)) return false;
        }
        return true;
    }

    public override int GetHashCode() => Count;

    public override string ToString() => CelFormat.Plain(this);
}

/// <summary>A map over entries that are there.</summary>
internal sealed class CelDictionary(IReadOnlyDictionary<CelValue, CelValue> entries) : CelMap
{
    public override int Count => entries.Count;

    public override IEnumerable<CelValue> Keys => entries.Keys;

    public override bool TryGet(CelValue key, [NotNullWhen(true)] out CelValue? value) => entries.TryGetValue(key, out value);
}
