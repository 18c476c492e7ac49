using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Wire;

/// <summary>
/// Who owns the replicas of an object, as its scale subresource tells it and takes it back: the one field that both have stands elsewhere and in
/// another version there.
/// </summary>
public static class ScaleFields
{
    private static readonly FieldSet s_replicas = FieldSet.Of(PathElement.Field("spec"), PathElement.Field("replicas"));

    /// <summary>The entries of the scale: everyone who owns the object's replicas.</summary>
    /// <param name="parent">The object's entries.</param>
    /// <param name="versions">The object's kind.</param>
    /// <param name="scaleVersion">The version of the scale.</param>
    public static List<ManagedFieldsEntry>? ToScale(List<ManagedFieldsEntry>? parent, IFieldVersions versions, string scaleVersion)
    {
        ManagedSets scale = new();
        foreach (ManagedSet set in ManagedSets.DecodeOrNone(parent).Snapshot())
        {
            if (versions.SchemaOf(set.ApiVersion) is null || !Owns(set)) continue;
            string version = set.Owner.Operation == FieldOwner.ApplyOperation ? "" : scaleVersion;
            scale.Put(new ManagedSet(set.Owner with { ApiVersion = version }, scaleVersion, s_replicas, set.Time));
        }
        return scale.Encode();
    }

    /// <summary>The entries of the object after its scale was written.</summary>
    /// <param name="parent">The object's entries.</param>
    /// <param name="before">What <see cref="ToScale"/> made of them.</param>
    /// <param name="after">The scale's entries now.</param>
    /// <param name="versions">The object's kind.</param>
    /// <param name="apiVersion">The version of the object that new owners get.</param>
    public static List<ManagedFieldsEntry>? ToParent(
        List<ManagedFieldsEntry>? parent, List<ManagedFieldsEntry>? before, List<ManagedFieldsEntry>? after, IFieldVersions versions, string apiVersion)
    {
        if (ReferenceEquals(before, after)) return parent;
        ManagedSets scale = ManagedSets.DecodeOrNone(after);
        ManagedSets result = new();
        foreach (ManagedSet set in ManagedSets.DecodeOrNone(parent).Snapshot())
        {
            if (versions.SchemaOf(set.ApiVersion) is null) continue;
            FieldOwner seen = InScale(set, before);
            bool isKept = !Owns(set) || scale.Find(seen) is not null;
            result.Put(isKept ? set : set with { Fields = set.Fields.Difference(s_replicas) });
            if (Owns(set)) scale.Remove(seen);
        }
        foreach (ManagedSet set in scale.Snapshot())
        {
            string version = set.Owner.Operation == FieldOwner.ApplyOperation ? "" : apiVersion;
            result.Put(new ManagedSet(set.Owner with { ApiVersion = version }, apiVersion, s_replicas, set.Time));
        }
        return result.Encode();
    }

    private static bool Owns(ManagedSet set) => !set.Fields.Intersection(s_replicas).IsEmpty;

    private static FieldOwner InScale(ManagedSet set, List<ManagedFieldsEntry>? before) =>
        set.Owner.Operation == FieldOwner.ApplyOperation || before is not { Count: > 0 } ? set.Owner : set.Owner with { ApiVersion = before[0].APIVersion };
}
