using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Wire;

/// <summary>Whose entry it is. Who applies has one entry whatever the version; who updates has one a version.</summary>
/// <param name="Manager">The name.</param>
/// <param name="Operation">Apply or Update.</param>
/// <param name="ApiVersion">The version of an Update; empty for Apply.</param>
/// <param name="Subresource">The subresource written through; empty for the object itself.</param>
public readonly record struct FieldOwner(string Manager, string Operation, string ApiVersion, string Subresource)
{
    public const string ApplyOperation = "Apply";
    public const string UpdateOperation = "Update";

    /// <summary>The owner as conflicts name it.</summary>
    public override string ToString()
    {
        string text = JsonScalar.Of(Manager).ToString();
        if (Subresource.Length > 0) text += $" with subresource {JsonScalar.Of(Subresource)}";
        return Operation == UpdateOperation ? $"{text} using {ApiVersion}" : text;
    }

    internal static FieldOwner Of(ManagedFieldsEntry entry) =>
        new(entry.Manager, entry.Operation, entry.Operation == ApplyOperation ? "" : entry.APIVersion, entry.Subresource);
}

/// <summary>One owner's fields.</summary>
/// <param name="Owner">Whose.</param>
/// <param name="ApiVersion">The version whose fields these are.</param>
/// <param name="Fields">The fields.</param>
/// <param name="Time">When the owner last set or took one.</param>
internal sealed record ManagedSet(FieldOwner Owner, string ApiVersion, FieldSet Fields, DateTimeOffset? Time);

/// <summary>The content of <c>metadata.managedFields</c>, each owner once. Not shared.</summary>
internal sealed class ManagedSets
{
    private const string FieldsType = "FieldsV1";

    private readonly List<ManagedSet> _sets = [];

    public int Count => _sets.Count;

    /// <summary>The sets as they are now; safe to walk while they change.</summary>
    public ManagedSet[] Snapshot() => [.. _sets];

    /// <summary>Reads the entries.</summary>
    /// <exception cref="ObjectDecodeException">An entry is not of this form.</exception>
    public static ManagedSets Decode(List<ManagedFieldsEntry>? entries)
    {
        ManagedSets sets = new();
        for (int i = 0; i < (entries?.Count ?? 0); i++)
        {
            ManagedFieldsEntry entry = entries![i];
            if (entry.Operation is not (FieldOwner.ApplyOperation or FieldOwner.UpdateOperation))
                throw new ObjectDecodeException("operation must be `Apply` or `Update`");
            if (entry.APIVersion.Length == 0) throw new ObjectDecodeException("apiVersion must not be empty");
            if (entry.FieldsType.Length == 0) throw new ObjectDecodeException($"missing fieldsType in managed fields entry {i}");
            if (entry.FieldsType != FieldsType)
                throw new ObjectDecodeException($"invalid fieldsType \"{entry.FieldsType}\" in managed fields entry {i}");
            FieldSet fields = entry.FieldsV1 is { } raw ? FieldSetJson.Read(raw.Utf8.Span) : FieldSet.Empty;
            sets.Put(new ManagedSet(FieldOwner.Of(entry), entry.APIVersion, fields, entry.Time));
        }
        return sets;
    }

    /// <summary>The same, or nothing at all when they cannot be read.</summary>
    public static ManagedSets DecodeOrNone(List<ManagedFieldsEntry>? entries)
    {
        try
        {
            return Decode(entries);
        }
        catch (ObjectDecodeException)
        {
            // Upstream as well starts anew: a broken list must not keep an object from being written.
            return new ManagedSets();
        }
    }

    public ManagedSet? Find(FieldOwner owner) => _sets.Find(set => set.Owner == owner);

    /// <summary>Replaces an owner's set, or adds it; an empty one is removed.</summary>
    public void Put(ManagedSet set)
    {
        int at = _sets.FindIndex(known => known.Owner == set.Owner);
        if (set.Fields.IsEmpty)
        {
            if (at >= 0) _sets.RemoveAt(at);
        }
        else if (at >= 0)
        {
            _sets[at] = set;
        }
        else
        {
            _sets.Add(set);
        }
    }

    public void Remove(FieldOwner owner) => _sets.RemoveAll(set => set.Owner == owner);

    /// <summary>The entries in upstream's order: operation, time, manager, version, subresource. Null when there are none.</summary>
    public List<ManagedFieldsEntry>? Encode()
    {
        if (_sets.Count == 0) return null;
        List<ManagedFieldsEntry> entries = new(_sets.Count);
        _sets.Sort(Compare);
        foreach (ManagedSet set in _sets)
        {
            entries.Add(Entry(set.Owner, set.ApiVersion, set.Time, FieldSetJson.Write(set.Fields)));
        }
        return entries;
    }

    /// <summary>One entry.</summary>
    public static ManagedFieldsEntry Entry(FieldOwner owner, string apiVersion, DateTimeOffset? time, byte[] fields) => new()
    {
        Manager = owner.Manager, Operation = owner.Operation, APIVersion = apiVersion, Subresource = owner.Subresource,
        Time = time, FieldsType = FieldsType, FieldsV1 = new RawJson(fields),
    };

    private static int Compare(ManagedSet a, ManagedSet b)
    {
        int order = string.CompareOrdinal(a.Owner.Operation, b.Owner.Operation);
        if (order == 0) order = Seconds(a).CompareTo(Seconds(b));
        if (order == 0) order = string.CompareOrdinal(a.Owner.Manager, b.Owner.Manager);
        if (order == 0) order = string.CompareOrdinal(a.ApiVersion, b.ApiVersion);
        return order != 0 ? order : string.CompareOrdinal(a.Owner.Subresource, b.Owner.Subresource);
    }

    internal static long Seconds(ManagedSet set) => set.Time?.ToUnixTimeSeconds() ?? 0;
}
