using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>Takes out of a merged object what its author gave up: named last time, not now, and owned by no one else.</summary>
/// <param name="write">Who applies.</param>
/// <param name="others">The other owners' fields.</param>
/// <param name="mine">What the author names now.</param>
internal sealed class FieldPruning(FieldWrite write, ManagedSets others, ManagedSet mine)
{
    /// <summary>The merged object, of the request's version, without what was given up.</summary>
    public ReadOnlyMemory<byte> Prune(ReadOnlyMemory<byte> merged, ManagedSet last)
    {
        // What is named again is owned again: nothing was given up.
        bool isKept = last.ApiVersion == mine.ApiVersion && last.Fields.Difference(mine.Fields).IsEmpty;
        if (isKept || write.Versions.SchemaOf(last.ApiVersion) is not { } schema) return merged;
        bool isOneVersion = last.ApiVersion == mine.ApiVersion && others.Snapshot().All(set => set.ApiVersion == mine.ApiVersion);
        return isOneVersion ? PruneOneVersion(merged, last, schema) : PruneVersions(merged, last, schema);
    }

    /// <summary>The usual case, worked out on the sets alone: the document is changed once.</summary>
    private ReadOnlyMemory<byte> PruneOneVersion(ReadOnlyMemory<byte> merged, ManagedSet last, ApplySchema schema)
    {
        FieldSet given = last.Fields.WithNamedFields(schema);
        FieldSet owned = others.Snapshot().Aggregate(mine.Fields, (sum, set) => sum.Union(set.Fields)).WithNamedFields(schema);
        // A field goes with one at or above it that was given and that nobody owns: only those and what is below them has to be looked at.
        FieldSet suspects = Suspects(given, owned, isGiven: false);
        if (suspects.IsEmpty) return merged;
        using JsonDocument document = JsonDocument.Parse(merged, JsonLimits.DocumentOptions);
        FieldSet whole = AppliedFields.Within(document.RootElement, schema, suspects).WithNamedFields(schema);
        FieldSet left = whole.RecursiveDifference(given);
        left = whole.RecursiveDifference(whole.Difference(left).Difference(owned));
        FieldSet gone = whole.Difference(left).Intersection(given);
        return gone.IsEmpty ? merged : FieldRemoval.Remove(document.RootElement, gone, schema);
    }

    /// <summary>The uppermost steps, at or below a given field, that nobody owns.</summary>
    private static FieldSet Suspects(FieldSet given, FieldSet owned, bool isGiven)
    {
        List<FieldNode>? nodes = null;
        foreach (FieldNode node in given.Nodes)
        {
            bool isMet = owned.TryGet(node.Element, out FieldNode other);
            bool isBelow = isGiven || node.IsMember;
            if (isBelow && !(isMet && other.IsMember))
            {
                (nodes ??= []).Add(new FieldNode(node.Element, true, null));
                continue;
            }
            if (node.Children is null) continue;
            FieldSet below = Suspects(node.Children, other.Children ?? FieldSet.Empty, isBelow);
            if (!below.IsEmpty) (nodes ??= []).Add(new FieldNode(node.Element, false, below));
        }
        return FieldSet.Of(nodes);
    }

    /// <summary>The general case: what is left is looked at in the version of each owner.</summary>
    internal ReadOnlyMemory<byte> PruneVersions(ReadOnlyMemory<byte> merged, ManagedSet last, ApplySchema schema)
    {
        ReadOnlyMemory<byte> whole = Convert(merged, write.ApiVersion, last.ApiVersion);
        ReadOnlyMemory<byte> pruned = Remove(whole, last.Fields.WithNamedFields(schema), schema);
        pruned = AddBackOwned(whole, pruned, last.ApiVersion);
        pruned = AddBackUnowned(whole, pruned, last.Fields.WithNamedFields(schema), schema);
        return Convert(pruned, last.ApiVersion, write.ApiVersion);
    }

    /// <summary>What someone owns, the author's new fields included, stays; version after version.</summary>
    private ReadOnlyMemory<byte> AddBackOwned(ReadOnlyMemory<byte> whole, ReadOnlyMemory<byte> pruned, string version)
    {
        Dictionary<string, FieldSet> owned = new(StringComparer.Ordinal) { [mine.ApiVersion] = mine.Fields };
        foreach (ManagedSet set in others.Snapshot())
            owned[set.ApiVersion] = owned.TryGetValue(set.ApiVersion, out FieldSet? known) ? known.Union(set.Fields) : set.Fields;
        string at = version;
        foreach ((string next, FieldSet fields) in owned.OrderBy(entry => entry.Key == version ? 0 : 1))
        {
            if (write.Versions.SchemaOf(next) is not { } schema) continue;
            whole = Convert(whole, at, next);
            pruned = Convert(pruned, at, next);
            at = next;
            FieldSet all = Fields(whole, schema);
            FieldSet left = Fields(pruned, schema);
            pruned = Remove(whole, all.Difference(left.Union(fields.WithNamedFields(schema))), schema);
        }
        return Convert(pruned, at, version);
    }

    /// <summary>What went although the author never owned it comes back.</summary>
    private static ReadOnlyMemory<byte> AddBackUnowned(ReadOnlyMemory<byte> whole, ReadOnlyMemory<byte> pruned, FieldSet last, ApplySchema schema) =>
        Remove(whole, Fields(whole, schema).Difference(Fields(pruned, schema)).Intersection(last), schema);

    private static FieldSet Fields(ReadOnlyMemory<byte> json, ApplySchema schema)
    {
        using JsonDocument document = JsonDocument.Parse(json, JsonLimits.DocumentOptions);
        return AppliedFields.Of(document.RootElement, schema).WithNamedFields(schema);
    }

    private static ReadOnlyMemory<byte> Remove(ReadOnlyMemory<byte> json, FieldSet fields, ApplySchema schema)
    {
        if (fields.IsEmpty) return json;
        using JsonDocument document = JsonDocument.Parse(json, JsonLimits.DocumentOptions);
        return FieldRemoval.Remove(document.RootElement, fields, schema);
    }

    private ReadOnlyMemory<byte> Convert(ReadOnlyMemory<byte> json, string from, string to) =>
        from == to ? json : write.Versions.Convert(json, from, to);
}
