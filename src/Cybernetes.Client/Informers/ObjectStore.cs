using System.Diagnostics.CodeAnalysis;
using Cybernetes.Objects;

namespace Cybernetes.Client.Informers;

/// <summary>
/// The objects an informer knows, readable from any thread. What it hands out is shared: who wants to change an object makes a
/// <c>DeepClone</c> first. Lists are snapshots in no particular order.
/// </summary>
public sealed class ObjectStore<T>
    where T : class, IKubernetesObject<T>
{
    private const string NamespaceIndex = "namespace";
    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, ObjectSlot<T>> _objects = [];
    private readonly Dictionary<string, ObjectIndex<T>> _indexes = new(StringComparer.Ordinal)
    {
        // Most controllers list by namespace. It is part of the key: an object never leaves it.
        [NamespaceIndex] = new ObjectIndex<T>(static value => [value.Metadata.Namespace], static (_, _) => true),
    };

    public int Count
    {
        get
        {
            lock (_gate)
                return _objects.Count;
        }
    }

    /// <summary>The object, or null.</summary>
    public T? Get(ObjectKey key)
    {
        lock (_gate)
            return _objects.GetValueOrDefault(key)?.Value;
    }

    /// <summary>The object, or null. The namespace is empty for kinds without one.</summary>
    public T? Get(string ns, string name) => Get(new ObjectKey(ns, name));

    public bool TryGet(ObjectKey key, [NotNullWhen(true)] out T? value)
    {
        value = Get(key);
        return value is not null;
    }

    public IReadOnlyList<T> List()
    {
        lock (_gate)
        {
            var all = new List<T>(_objects.Count);
            foreach (ObjectSlot<T> slot in _objects.Values)
                all.Add(slot.Value);
            return all;
        }
    }

    public IReadOnlyList<T> ListNamespace(string ns) => ByIndex(NamespaceIndex, ns);

    /// <summary>The objects for which the index function gave this value.</summary>
    /// <exception cref="KeyNotFoundException">There is no index of that name.</exception>
    public IReadOnlyList<T> ByIndex(string index, string value)
    {
        lock (_gate)
            return IndexOf(index).Find(value);
    }

    /// <summary>How many objects <see cref="ByIndex"/> would give.</summary>
    /// <exception cref="KeyNotFoundException">There is no index of that name.</exception>
    public int CountByIndex(string index, string value)
    {
        lock (_gate)
            return IndexOf(index).Count(value);
    }

    /// <summary>The values that an index has objects for, in no particular order.</summary>
    /// <exception cref="KeyNotFoundException">There is no index of that name.</exception>
    public IReadOnlyList<string> IndexValues(string index)
    {
        lock (_gate)
            return IndexOf(index).Values();
    }

    /// <summary>
    /// Adds an index: <paramref name="values"/> gives the values under which an object is found, each once. It must depend on the object only. An
    /// index of that name that is there already stays: shared informers are set up by several users.
    /// </summary>
    /// <param name="isSame">Whether two states of an object have the same values, where that is cheaper to say than the values are to make.</param>
    public void AddIndex(string name, Func<T, IEnumerable<string>> values, Func<T, T, bool>? isSame = null)
    {
        lock (_gate)
        {
            var index = new ObjectIndex<T>(values, isSame);
            if (!_indexes.TryAdd(name, index))
                return;
            foreach (ObjectSlot<T> slot in _objects.Values)
                index.Add(slot);
        }
    }

    /// <summary>Puts an object in; gives the one that was there.</summary>
    internal T? Put(ObjectKey key, T value)
    {
        lock (_gate)
        {
            if (!_objects.TryGetValue(key, out ObjectSlot<T>? slot))
            {
                _objects[key] = slot = new ObjectSlot<T>(value);
                foreach (ObjectIndex<T> index in _indexes.Values)
                    index.Add(slot);
                return null;
            }
            T old = slot.Value;
            slot.Value = value;
            foreach (ObjectIndex<T> index in _indexes.Values)
                index.Change(slot, old);
            return old;
        }
    }

    /// <summary>Takes an object out and gives it.</summary>
    internal T? Remove(ObjectKey key)
    {
        lock (_gate)
        {
            if (!_objects.Remove(key, out ObjectSlot<T>? slot))
                return null;
            foreach (ObjectIndex<T> index in _indexes.Values)
                index.Remove(slot, slot.Value);
            return slot.Value;
        }
    }

    internal IReadOnlyList<ObjectKey> Keys()
    {
        lock (_gate)
            return [.. _objects.Keys];
    }

    private ObjectIndex<T> IndexOf(string name) => _indexes.GetValueOrDefault(name)
        ?? throw new KeyNotFoundException($"no index \"{name}\" on the informer of {T.Facts.Kind}");
}
