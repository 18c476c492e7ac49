using System.Numerics;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>A set of node slots, one bit each; the set operations run over 64 nodes at a time.</summary>
internal sealed class NodeBits
{
    private ulong[] _words;

    public NodeBits(int capacity = 0) => _words = new ulong[(capacity + 63) / 64];

    public ReadOnlySpan<ulong> Words => _words;

    public bool this[int slot] => slot >> 6 < _words.Length && (_words[slot >> 6] & (1UL << slot)) != 0;

    public void Add(int slot)
    {
        if (slot >> 6 >= _words.Length)
            Array.Resize(ref _words, Math.Max(_words.Length * 2, (slot >> 6) + 1));
        _words[slot >> 6] |= 1UL << slot;
    }

    public void Remove(int slot)
    {
        if (slot >> 6 < _words.Length)
            _words[slot >> 6] &= ~(1UL << slot);
    }

    public int Count()
    {
        var count = 0;
        foreach (var word in _words)
            count += BitOperations.PopCount(word);
        return count;
    }

    public void CopyFrom(NodeBits other)
    {
        if (_words.Length != other._words.Length)
            _words = new ulong[other._words.Length];
        other._words.CopyTo(_words, 0);
    }

    public void Clear() => Array.Clear(_words);

    public bool IsEmpty => !_words.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>The lowest slot, or -1.</summary>
    public int First()
    {
        for (var i = 0; i < _words.Length; i++)
        {
            if (_words[i] != 0)
                return (i << 6) + BitOperations.TrailingZeroCount(_words[i]);
        }
        return -1;
    }

    public static NodeBits Copy(NodeBits other)
    {
        var copy = new NodeBits();
        copy.CopyFrom(other);
        return copy;
    }

    public void UnionWith(NodeBits other)
    {
        if (_words.Length < other._words.Length)
            Array.Resize(ref _words, other._words.Length);
        for (var i = 0; i < other._words.Length; i++)
            _words[i] |= other._words[i];
    }

    public void IntersectWith(NodeBits other)
    {
        for (var i = 0; i < _words.Length; i++)
            _words[i] &= i < other._words.Length ? other._words[i] : 0;
    }

    public void ExceptWith(NodeBits other)
    {
        var shared = Math.Min(_words.Length, other._words.Length);
        for (var i = 0; i < shared; i++)
            _words[i] &= ~other._words[i];
    }

    public Enumerator GetEnumerator() => new(_words);

    /// <summary>Walks the slots in ascending order; the set may lose the current slot meanwhile.</summary>
    public struct Enumerator(ulong[] words)
    {
        private int _index = -1;
        private ulong _rest;

        public int Current { get; private set; }

        public bool MoveNext()
        {
            while (_rest == 0)
            {
                if (++_index >= words.Length)
                    return false;
                _rest = words[_index];
            }
            Current = (_index << 6) + BitOperations.TrailingZeroCount(_rest);
            _rest &= _rest - 1;
            return true;
        }
    }
}
