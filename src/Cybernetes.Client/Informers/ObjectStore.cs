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
    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, T> _objects = [];
    private readonly Dictionary<string, ObjectIndex<T>> _indexes = new(StringComparer.Ordinal)
    {
        // Most controllers list by namespace.
        [NamespaceIndex] = new ObjectIndex<T>(static value => [value.Metadata.Namespace]),
    };

    private const string NamespaceIndex = "namespace";

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
            return _objects.GetValueOrDefault(key);
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
            return [.. _objects.Values];
    }

    public IReadOnlyList<T> ListNamespace(string ns) => ByIndex(NamespaceIndex, ns);

    /// <summary>The objects for which the index function gave this value.</summary>
    /// <exception cref="KeyNotFoundException">There is no index of that name.</exception>
    public IReadOnlyList<T> ByIndex(string index, string value)
    {
        lock (_gate)
        {
            if (!_indexes.TryGetValue(index, out ObjectIndex<T>? found))
                throw new KeyNotFoundException($"no index \"{index}\" on the informer of {T.Facts.Kind}");
            return found.Find(value, _objects);
        }
    }

    /// <summary>
    /// Adds an index: <paramref name="values"/> gives the values under which an object is found. It must depend on the object
    /// only. An index of
    /// that name that is there already stays: shared informers are set up by several users.
    /// </summary>
    public void AddIndex(string name, Func<T, IEnumerable<string>> values)
    {
        lock (_gate)
        {
            var index = new ObjectIndex<T>(values);
            if (!_indexes.TryAdd(name, index))
                return;
            foreach ((ObjectKey key, T value) in _objects)
                index.Replace(key, null, value);
        }
    }

    /// <summary>Puts an object in; gives the one that was there.</summary>
    internal T? Put(ObjectKey key, T value)
    {
        lock (_gate)
        {
            T? old = _objects.GetValueOrDefault(key);
            _objects[key] = value;
            foreach (ObjectIndex<T> index in _indexes.Values)
                index.Replace(key, old, value);
            return old;
        }
    }

    /// <summary>Takes an object out and gives it.</summary>
    internal T? Remove(ObjectKey key)
    {
        lock (_gate)
        {
            if (!_objects.Remove(key, out T? old))
                return null;
            foreach (ObjectIndex<T> index in _indexes.Values)
                index.Replace(key, old, null);
            return old;
        }
    }

    internal IReadOnlyList<ObjectKey> Keys()
    {
        lock (_gate)
            return [.. _objects.Keys];
    }
}

/// <summary>One index: from a value to the keys of the objects that have it. Its store's lock guards it.</summary>
internal sealed class ObjectIndex<T>(Func<T, IEnumerable<string>> valuesOf)
    where T : class
{
    private readonly Dictionary<string, HashSet<ObjectKey>> _keys = new(StringComparer.Ordinal);

    public IReadOnlyList<T> Find(string value, Dictionary<ObjectKey, T> objects)
    {
        if (!_keys.TryGetValue(value, out HashSet<ObjectKey>? keys))
            return [];
        var found = new List<T>(keys.Count);
        foreach (ObjectKey key in keys)
            found.Add(objects[key]);
        return found;
    }

    public void Replace(ObjectKey key, T? old, T? value)
    {
        if (old is not null)
        {
            foreach (string former in valuesOf(old))
                Drop(former, key);
        }
        if (value is null)
            return;
        foreach (string present in valuesOf(value))
        {
            if (!_keys.TryGetValue(present, out HashSet<ObjectKey>? keys))
                _keys[present] = keys = [];
            keys.Add(key);
        }
    }

    private void Drop(string value, ObjectKey key)
    {
        if (_keys.TryGetValue(value, out HashSet<ObjectKey>? keys) && keys.Remove(key) && keys.Count == 0)
            _keys.Remove(value);
    }
}
