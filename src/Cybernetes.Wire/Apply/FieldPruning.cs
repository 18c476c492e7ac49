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
        List<FieldSet> owners = [mine.Fields, .. others.Snapshot().Select(set => set.Fields)];
        // A field goes with one at or above it that was given and that nobody owns: only those and what is below them has to be looked at.
        FieldSet suspects = Suspects(last.Fields, owners, schema, isGiven: false);
        if (suspects.IsEmpty) return merged;
        FieldSet given = last.Fields.NamedAround(suspects, schema);
        FieldSet owned = owners.Aggregate(FieldSet.Empty, (sum, fields) => sum.Union(fields.NamedAround(suspects, schema)));
        using JsonTape document = JsonTape.Scan(merged);
        FieldSet whole = AppliedFields.Within(document.Root, schema, suspects).WithNamedFields(schema);
        FieldSet left = whole.RecursiveDifference(given);
        left = whole.RecursiveDifference(whole.Difference(left).Difference(owned));
        FieldSet gone = whole.Difference(left).Intersection(given);
        return gone.IsEmpty ? merged : FieldRemoval.Remove(document.Root, gone, schema);
    }

    /// <summary>
    /// The uppermost steps, at or below a given field, that nobody owns. A named field counts as given or owned with what is in it.
    /// The first owner is the author with the new configuration.
    /// </summary>
    private static FieldSet Suspects(FieldSet given, List<FieldSet> owners, ApplySchema schema, bool isGiven)
    {
        List<FieldNode>? nodes = null;
        foreach (FieldNode node in given.Nodes)
        {
            List<FieldSet> inside = new(owners.Count);
            bool isNamed = schema.HasField(node.Element);
            bool isOwned = false;
            bool isKept = false;
            foreach (FieldSet owner in owners)
            {
                bool isMet = owner.TryGet(node.Element, out FieldNode known);
                isOwned |= isMet && (known.IsMember || (isNamed && known.Children is not null));
                // All that a configuration names is a member or named: nothing in the very same set is given up.
                isKept |= isMet && inside.Count == 0 && ReferenceEquals(known.Children, node.Children);
                // Each owner keeps its place, the configuration's author the first one.
                inside.Add(known.Children ?? FieldSet.Empty);
            }
            bool isBelow = isGiven || node.IsMember || (isNamed && node.Children is not null);
            if (isBelow && !isOwned)
            {
                (nodes ??= []).Add(new FieldNode(node.Element, true, null));
                continue;
            }
            if (node.Children is null || isKept) continue;
            FieldSet below = Suspects(node.Children, inside, schema.Child(node.Element), isBelow);
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
        using JsonTape document = JsonTape.Scan(json);
        return AppliedFields.Of(document.Root, schema).WithNamedFields(schema);
    }

    private static ReadOnlyMemory<byte> Remove(ReadOnlyMemory<byte> json, FieldSet fields, ApplySchema schema)
    {
        if (fields.IsEmpty) return json;
        using JsonTape document = JsonTape.Scan(json);
        return FieldRemoval.Remove(document.Root, fields, schema);
    }

    private ReadOnlyMemory<byte> Convert(ReadOnlyMemory<byte> json, string from, string to) =>
        from == to ? json : write.Versions.Convert(json, from, to);
}
