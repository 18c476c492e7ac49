using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Wire;

/// <summary>
/// Server-side apply: lays a configuration over the live object, takes out what its author no longer names and nobody else owns, and keeps the
/// entries of managedFields. Pure. Semantics: KEP-555 and structured-merge-diff.
/// </summary>
public static class ServerSideApply
{
    // The manager whose conflicts with kubectl's client-side apply are settled in its favour.
    private const string Kubectl = "kubectl";
    private const string BeforeFirstApply = "before-first-apply";

    /// <summary>Applies a configuration.</summary>
    /// <param name="write">Who applies.</param>
    /// <param name="live">The live object in the version of the request; an object without any value when there is none.</param>
    /// <param name="applied">The configuration.</param>
    /// <param name="entries">The live object's managedFields.</param>
    /// <param name="exists">Whether there is a live object.</param>
    /// <param name="force">Takes fields from their owners.</param>
    /// <exception cref="PatchException">The configuration is not of the kind's schema.</exception>
    /// <exception cref="ApplyConflictException">Others own some of its fields.</exception>
    public static AppliedObject Apply(
        FieldWrite write, ReadOnlyMemory<byte> live, AppliedConfiguration applied, List<ManagedFieldsEntry>? entries, bool exists, bool force)
    {
        JsonTape configuration = applied.Tape;
        using JsonTape current = JsonTape.Scan(live);
        Check(write, configuration.Root);
        ManagedSets sets = Begin(write, current.Root, live, entries, exists);
        AppliedObject result;
        try
        {
            result = Apply(write, current.Root, live, configuration.Root, sets, force);
        }
        catch (ApplyConflictException conflict) when (write.Manager == Kubectl)
        {
            FieldSet allowed = LastApplied.Owned(current.Root, write);
            List<FieldConflict> left = [.. conflict.Conflicts.Where(c => !Allows(allowed, c.Path))];
            if (left.Count > 0) throw new ApplyConflictException(left);
            sets = Begin(write, current.Root, live, entries, exists);
            result = Apply(write, current.Root, live, configuration.Root, sets, force: true);
        }
        return write.Manager == Kubectl ? result with { Json = LastApplied.Renew(result.Json, configuration.Root) } : result;
    }

    private static bool Allows(FieldSet allowed, string path) => allowed.Paths().Any(known => FieldSet.PathText(known) == path);

    private static void Check(FieldWrite write, TapeValue configuration)
    {
        if (configuration.Kind != JsonValueKind.Object) throw Bad("Object 'Kind' is missing");
        string version = Text(configuration, "apiVersion");
        if (version != write.ApiVersion)
            throw Bad($"Incorrect version specified in apply patch. Specified patch version: {version}, expected: {write.ApiVersion}");
        TapeValue metadata = configuration.Find("metadata"u8);
        if (metadata.Find("managedFields"u8) is { IsAbsent: false, Kind: not JsonValueKind.Null }) throw Bad("metadata.managedFields must be nil");
        if (AppliedCheck.Problem(configuration, write.Schema) is not { } problem) return;
        string slash = version.Contains('/') ? "" : "/";
        string name = $"{Text(metadata, "namespace")}/{Text(metadata, "name")}; {slash}{version}, Kind={Text(configuration, "kind")}";
        throw new PatchException(PatchFailure.Unclassified, $"failed to create typed patch object ({name}): {problem}");
    }

    private static PatchException Bad(string message) => new(PatchFailure.BadRequest, message);

    private static string Text(TapeValue map, string name) =>
        map.FindText(name) is { Kind: JsonValueKind.String } value ? value.Text : "";

    /// <summary>An object that was written before anyone's fields were kept: what is there belongs to "before-first-apply".</summary>
    private static ManagedSets Begin(
        FieldWrite write, TapeValue current, ReadOnlyMemory<byte> live, List<ManagedFieldsEntry>? entries, bool exists)
    {
        ManagedSets sets;
        try
        {
            sets = ManagedSets.Decode(entries);
        }
        catch (ObjectDecodeException error)
        {
            throw new PatchException(PatchFailure.Unclassified, $"failed to decode managed fields: {error.Message}");
        }
        if (sets.Count > 0 || !exists) return sets;
        ReadOnlyMemory<byte> empty = write.Versions.Empty(write.ApiVersion);
        using JsonTape nothing = JsonTape.Scan(empty);
        FieldComparison all = FieldComparison.Of(nothing.Root, current, write.Schema).Filter(write.Filter);
        FieldManager.Update(write, sets, all, empty, live, BeforeFirstApply);
        return sets;
    }

    private static AppliedObject Apply(
        FieldWrite write, TapeValue current, ReadOnlyMemory<byte> live, TapeValue configuration, ManagedSets sets, bool force)
    {
        FieldOwner owner = write.Owner(FieldOwner.ApplyOperation);
        ApplySchema schema = write.Schema;
        ReadOnlyMemory<byte> json = AppliedMerge.Merge(current, configuration, schema);
        ManagedSet? last = sets.Find(owner);
        FieldSet fields = write.Filter.Apply(AppliedFields.Of(configuration, schema, last?.Fields));
        ManagedSet mine = new(owner, write.ApiVersion, fields, last?.Time);
        sets.Remove(owner);
        if (last is not null) json = new FieldPruning(write, sets, mine).Prune(json, last);

        // The same to the last byte, as repeated applies leave it: then nothing has to be compared.
        bool isSame = IsSameInBytes(current, live.Span, json.Span);
        FieldComparison change = isSame ? FieldComparison.None : Compare(write, current, json);
        VersionedChanges changes = new(write, change, live, json);
        List<FieldConflict> conflicts = [];
        foreach (ManagedSet set in sets.Snapshot())
        {
            FieldComparison? seen = changes.Of(set.ApiVersion);
            if (seen is not null && !force)
                conflicts.AddRange(set.Fields.Intersection(seen.Set).Paths().Select(path => new FieldConflict(set.Owner, FieldSet.PathText(path))));
            FieldManager.TakeAway(sets, set, seen);
        }
        if (conflicts.Count > 0)
            throw new ApplyConflictException([.. conflicts.OrderBy(c => c.Owner.Manager, StringComparer.Ordinal)]);

        // The time is when a field was last set, taken or given up; saying the same again leaves it.
        if (!isSame && change.IsEmpty && IsSame(current, json)) (isSame, json) = (true, live);
        fields = FieldManager.StripMetadata(fields);
        bool isSameSet = last is not null && last.Fields.SetEquals(fields);
        // The set that was there comes with its bytes.
        if (isSameSet) fields = last!.Fields;
        bool isRepeated = isSameSet && isSame;
        sets.Put(mine with { Fields = fields, Time = isRepeated ? mine.Time : write.Time });
        return new AppliedObject(json, sets.Encode());
    }

    private static FieldComparison Compare(FieldWrite write, TapeValue current, ReadOnlyMemory<byte> json)
    {
        using JsonTape merged = JsonTape.Scan(json);
        return FieldComparison.Of(current, merged.Root, write.Schema).Filter(write.Filter);
    }

    /// <summary>Whether the result is the live object to the last byte. Merges leave out who manages the fields, the last of the metadata.</summary>
    private static bool IsSameInBytes(TapeValue current, ReadOnlySpan<byte> live, ReadOnlySpan<byte> merged)
    {
        if (merged.SequenceEqual(live)) return true;
        TapeValue managed = current.Find("metadata"u8).Find("managedFields"u8);
        if (managed.IsAbsent) return false;
        (int start, int end) = managed.Range;
        start -= live[start - 1] == (byte)',' ? 1 : 0;
        return merged.Length == live.Length - (end - start) && merged[..start].SequenceEqual(live[..start]) && merged[start..].SequenceEqual(live[end..]);
    }

    /// <summary>Whether it is the same object, but for who manages its fields.</summary>
    private static bool IsSame(TapeValue current, ReadOnlyMemory<byte> json)
    {
        using JsonTape merged = JsonTape.Scan(json);
        return IsSame(current, merged.Root, isTop: true);
    }

    private static bool IsSame(TapeValue left, TapeValue right, bool isTop)
    {
        if (left.Kind != JsonValueKind.Object || right.Kind != JsonValueKind.Object) return left.DeepEquals(right);
        int more = left.Count - right.Count;
        foreach (TapeValue property in left)
        {
            TapeValue other = right.FindText(property.Name);
            bool isManaged = !isTop && property.RawName.SequenceEqual("managedFields"u8);
            if (isManaged && other.IsAbsent) more--;
            else if (isTop && property.RawName.SequenceEqual("metadata"u8) && !IsSame(property, other, isTop: false)) return false;
            else if (!isManaged && !property.RawName.SequenceEqual("metadata"u8) && !property.DeepEquals(other)) return false;
        }
        return more == 0;
    }
}
