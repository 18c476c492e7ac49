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
        FieldWrite write, ReadOnlyMemory<byte> live, ReadOnlyMemory<byte> applied, List<ManagedFieldsEntry>? entries, bool exists, bool force)
    {
        using JsonDocument configuration = JsonDocument.Parse(applied, JsonLimits.DocumentOptions);
        using JsonDocument current = JsonDocument.Parse(live, JsonLimits.DocumentOptions);
        Check(write, configuration.RootElement);
        ManagedSets sets = Begin(write, current.RootElement, live, entries, exists);
        AppliedObject result;
        try
        {
            result = Apply(write, current.RootElement, live, configuration.RootElement, sets, force);
        }
        catch (ApplyConflictException conflict) when (write.Manager == Kubectl)
        {
            FieldSet allowed = LastApplied.Owned(current.RootElement, write);
            List<FieldConflict> left = [.. conflict.Conflicts.Where(c => !Allows(allowed, c.Path))];
            if (left.Count > 0) throw new ApplyConflictException(left);
            sets = Begin(write, current.RootElement, live, entries, exists);
            result = Apply(write, current.RootElement, live, configuration.RootElement, sets, force: true);
        }
        return write.Manager == Kubectl ? result with { Json = LastApplied.Renew(result.Json, configuration.RootElement) } : result;
    }

    private static bool Allows(FieldSet allowed, string path) => allowed.Paths().Any(known => FieldSet.PathText(known) == path);

    private static void Check(FieldWrite write, JsonElement configuration)
    {
        if (configuration.ValueKind != JsonValueKind.Object) throw Bad("Object 'Kind' is missing");
        string version = Text(configuration, "apiVersion");
        if (version != write.ApiVersion)
            throw Bad($"Incorrect version specified in apply patch. Specified patch version: {version}, expected: {write.ApiVersion}");
        JsonElement metadata = configuration.TryGetProperty("metadata", out JsonElement found) ? found : default;
        bool hasManaged = metadata.ValueKind == JsonValueKind.Object && metadata.TryGetProperty("managedFields", out JsonElement managed)
            && managed.ValueKind != JsonValueKind.Null;
        if (hasManaged) throw Bad("metadata.managedFields must be nil");
        if (AppliedCheck.Problem(configuration, write.Schema) is not { } problem) return;
        string slash = version.Contains('/') ? "" : "/";
        string name = $"{Text(metadata, "namespace")}/{Text(metadata, "name")}; {slash}{version}, Kind={Text(configuration, "kind")}";
        throw new PatchException(PatchFailure.Unclassified, $"failed to create typed patch object ({name}): {problem}");
    }

    private static PatchException Bad(string message) => new(PatchFailure.BadRequest, message);

    private static string Text(JsonElement map, string name) =>
        map.ValueKind == JsonValueKind.Object && map.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    /// <summary>An object that was written before anyone's fields were kept: what is there belongs to "before-first-apply".</summary>
    private static ManagedSets Begin(
        FieldWrite write, JsonElement current, ReadOnlyMemory<byte> live, List<ManagedFieldsEntry>? entries, bool exists)
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
        using JsonDocument nothing = JsonDocument.Parse(empty);
        FieldComparison all = FieldComparison.Of(nothing.RootElement, current, write.Schema).Filter(write.Filter);
        FieldManager.Update(write, sets, all, empty, live, BeforeFirstApply);
        return sets;
    }

    private static AppliedObject Apply(
        FieldWrite write, JsonElement current, ReadOnlyMemory<byte> live, JsonElement configuration, ManagedSets sets, bool force)
    {
        FieldOwner owner = write.Owner(FieldOwner.ApplyOperation);
        ApplySchema schema = write.Schema;
        ReadOnlyMemory<byte> json = AppliedMerge.Merge(current, configuration, schema);
        FieldSet fields = write.Filter.Apply(AppliedFields.Of(configuration, schema));
        ManagedSet? last = sets.Find(owner);
        ManagedSet mine = new(owner, write.ApiVersion, fields, last?.Time);
        sets.Remove(owner);
        if (last is not null) json = new FieldPruning(write, sets, mine).Prune(json, last);

        // The same to the last byte, as repeated applies leave it: then nothing has to be compared.
        bool isSame = json.Span.SequenceEqual(live.Span);
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
        isSame = isSame || (change.IsEmpty && IsSame(current, json));
        fields = FieldManager.StripMetadata(fields);
        bool isSameSet = last is not null && last.Fields.SetEquals(fields);
        // The set that was there comes with its bytes.
        if (isSameSet) fields = last!.Fields;
        bool isRepeated = isSameSet && isSame;
        sets.Put(mine with { Fields = fields, Time = isRepeated ? mine.Time : write.Time });
        return new AppliedObject(isSame ? live : json, sets.Encode());
    }

    private static FieldComparison Compare(FieldWrite write, JsonElement current, ReadOnlyMemory<byte> json)
    {
        using JsonDocument merged = JsonDocument.Parse(json, JsonLimits.DocumentOptions);
        return FieldComparison.Of(current, merged.RootElement, write.Schema).Filter(write.Filter);
    }

    private static bool IsSame(JsonElement current, ReadOnlyMemory<byte> json)
    {
        using JsonDocument merged = JsonDocument.Parse(json, JsonLimits.DocumentOptions);
        return JsonElement.DeepEquals(current, merged.RootElement);
    }
}
