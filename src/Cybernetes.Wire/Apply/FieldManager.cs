using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Wire;

/// <summary>
/// Keeps <c>metadata.managedFields</c> true when an object is written otherwise than by apply: the writer owns what it set, nobody owns what is gone.
/// Pure: documents and entries in, entries out. Semantics: KEP-555 and structured-merge-diff.
/// </summary>
public static class FieldManager
{
    /// <summary>Entries of Update that are kept apart; older ones are told as one.</summary>
    public const int MaximumUpdateManagers = 10;

    private const string AncientManager = "ancient-changes";

    /// <summary>The entries that a write begins from: those it sent, if it may and they can be read, else those of the live object.</summary>
    /// <param name="live">The live object's.</param>
    /// <param name="sent">The written object's.</param>
    /// <param name="isSubresource">Subresources may not set them.</param>
    public static List<ManagedFieldsEntry>? Begin(List<ManagedFieldsEntry>? live, List<ManagedFieldsEntry>? sent, bool isSubresource)
    {
        if (isSubresource || sent is not { Count: > 0 } || ReferenceEquals(sent, live)) return live;
        if (IsReset(sent)) return null;
        if (IsSame(sent, live)) return live;
        return ManagedSets.DecodeOrNone(sent) is { Count: > 0 } sets ? sets.Encode() : live;
    }

    /// <summary>The entries after a create, update or patch. The very list that came in is answered where nothing changed.</summary>
    /// <param name="write">Who writes.</param>
    /// <param name="before">The object before, in the version of the request; for a create an object without any value.</param>
    /// <param name="after">The object as the request wants it, with defaults.</param>
    /// <param name="entries">See <see cref="Begin"/>.</param>
    /// <param name="isCreate">An object that nobody's fields are kept of stays so, but a new one does not.</param>
    public static List<ManagedFieldsEntry>? Update(
        FieldWrite write, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, List<ManagedFieldsEntry>? entries, bool isCreate)
    {
        if (!isCreate && entries is not { Count: > 0 }) return entries;
        using JsonTape old = JsonTape.Scan(before);
        using JsonTape now = JsonTape.Scan(after);
        if (isCreate && entries is not { Count: > 0 } && CreatedFields.TryWrite(old.Root, now.Root, write.Schema, write.Filter, out byte[]? created))
            return created is null ? entries : [ManagedSets.Entry(write.Owner(FieldOwner.UpdateOperation), write.ApiVersion, write.Time, created)];
        FieldComparison change = FieldComparison.Of(old.Root, now.Root, write.Schema).Filter(write.Filter);
        if (change.IsEmpty) return entries;
        ManagedSets sets = ManagedSets.DecodeOrNone(entries);
        Update(write, sets, change, before, after);
        Cap(sets);
        return sets.Encode();
    }

    /// <summary>Whether two lists say the same of who owns what, whenever that was.</summary>
    public static bool SameButTimes(List<ManagedFieldsEntry>? left, List<ManagedFieldsEntry>? right)
    {
        if (left?.Count != right?.Count) return false;
        for (int i = 0; i < (left?.Count ?? 0); i++)
        {
            (ManagedFieldsEntry a, ManagedFieldsEntry b) = (left![i], right![i]);
            if (a.Manager != b.Manager || a.Operation != b.Operation || a.APIVersion != b.APIVersion || a.Subresource != b.Subresource) return false;
            if (!(a.FieldsV1 ?? default).Equals(b.FieldsV1 ?? default)) return false;
        }
        return true;
    }

    internal static void Update(
        FieldWrite write, ManagedSets sets, FieldComparison change, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, string? manager = null)
    {
        FieldSet own = StripMetadata(change.Set);
        VersionedChanges changes = new(write, change, before, after);
        foreach (ManagedSet set in sets.Snapshot()) TakeAway(sets, set, changes.Of(set.ApiVersion));
        if (own.IsEmpty) return;
        FieldOwner owner = write.Owner(FieldOwner.UpdateOperation, manager);
        FieldSet all = sets.Find(owner) is { } known ? known.Fields.Union(own) : own;
        sets.Put(new ManagedSet(owner, write.ApiVersion, all, write.Time));
    }

    /// <summary>Takes what a change set or removed away from an owner. No change known means that the owner's version is gone.</summary>
    internal static void TakeAway(ManagedSets sets, ManagedSet set, FieldComparison? change)
    {
        FieldSet left = change is null ? FieldSet.Empty : set.Fields.Difference(change.Added).Difference(change.Modified).Difference(change.Removed);
        if (!ReferenceEquals(left, set.Fields)) sets.Put(set with { Fields = left });
    }

    /// <summary>The metadata itself is nobody's; what the server keeps of it is not compared at all.</summary>
    internal static FieldSet StripMetadata(FieldSet fields) => fields.Difference(s_metadata);

    private static readonly FieldSet s_metadata = FieldSet.Of(PathElement.Field("metadata"));

    private static bool IsReset(List<ManagedFieldsEntry> sent) => sent is
        [{ Manager: "", Operation: "", APIVersion: "", FieldsType: "", Subresource: "", Time: null, FieldsV1: null }];

    private static bool IsSame(List<ManagedFieldsEntry> sent, List<ManagedFieldsEntry>? live)
    {
        if (!SameButTimes(sent, live)) return false;
        for (int i = 0; i < sent.Count; i++)
        {
            if (sent[i].Time != live![i].Time || sent[i].FieldsType != live[i].FieldsType) return false;
        }
        return true;
    }

    /// <summary>Merges the oldest entries of Update into one a version, until there are few enough.</summary>
    private static void Cap(ManagedSets sets)
    {
        List<ManagedSet> updates = [.. sets.Snapshot().Where(set => set.Owner.Operation == FieldOwner.UpdateOperation)];
        if (updates.Count <= MaximumUpdateManagers) return;
        updates = [.. updates.OrderBy(ManagedSets.Seconds).ThenBy(set => set.Owner.ToString(), StringComparer.Ordinal)];
        Dictionary<string, ManagedSet> first = new(StringComparer.Ordinal);
        int count = updates.Count;
        foreach (ManagedSet set in updates)
        {
            if (count <= MaximumUpdateManagers) return;
            if (first.TryAdd(set.ApiVersion, set)) continue;
            FieldOwner bucket = new(AncientManager, FieldOwner.UpdateOperation, set.ApiVersion, "");
            ManagedSet base_ = sets.Find(bucket) ?? first[set.ApiVersion];
            sets.Remove(base_.Owner);
            sets.Remove(set.Owner);
            sets.Put(new ManagedSet(bucket, set.ApiVersion, set.Fields.Union(base_.Fields), set.Time));
            count--;
        }
    }
}

/// <summary>One change as the versions of a kind see it, each worked out when someone's fields are of it.</summary>
internal sealed class VersionedChanges(FieldWrite write, FieldComparison own, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after)
{
    private readonly Dictionary<string, FieldComparison?> _others = new(StringComparer.Ordinal);

    /// <summary>The change in a version; null when the kind no longer has it.</summary>
    public FieldComparison? Of(string apiVersion)
    {
        if (apiVersion == write.ApiVersion) return own;
        if (_others.TryGetValue(apiVersion, out FieldComparison? known)) return known;
        return _others[apiVersion] = Convert(apiVersion);
    }

    private FieldComparison? Convert(string apiVersion)
    {
        if (write.Versions.SchemaOf(apiVersion) is not { } schema) return null;
        using JsonTape old = JsonTape.Scan(write.Versions.Convert(before, write.ApiVersion, apiVersion));
        using JsonTape now = JsonTape.Scan(write.Versions.Convert(after, write.ApiVersion, apiVersion));
        return FieldComparison.Of(old.Root, now.Root, schema).Filter(write.Filter);
    }
}
