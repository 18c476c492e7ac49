using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.ApiServer.Registry.Storage;

/// <summary>Classes of storage.</summary>
internal sealed class StorageClassKind : KindDefinition<StorageClass>
{
    public override IReadOnlyList<string> ShortNames => ["sc"];

    public override IReadOnlyList<Column<StorageClass>> Columns { get; } =
    [
        new(Column<StorageClass>.Name.Definition, (c, _) => c.Metadata.Name + (StorageDefaultClass.Is(c.Metadata) ? " (default)" : "")),
        Column<StorageClass>.Text("Provisioner", "Who makes the volumes.", c => c.Provisioner),
        Column<StorageClass>.Text("ReclaimPolicy", "What becomes of a volume when its claim goes.", c => c.ReclaimPolicy ?? "Delete"),
        Column<StorageClass>.Text("VolumeBindingMode", "When volumes are made and bound.", c => c.VolumeBindingMode ?? "<unset>"),
        new(new("AllowVolumeExpansion", "string", "", "Whether claims may ask for more later.", 0), (c, _) => c.AllowVolumeExpansion ?? false),
        Column<StorageClass>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<StorageClass>("v1beta1")
        {
            IsOlder = true,
            DeprecationWarning = "storage.k8s.io/v1beta1 StorageClass is deprecated in v1.19+, unavailable in v1.22+; use storage.k8s.io/v1 StorageClass",
        },
    ];

    protected override void Default(StorageClass obj)
    {
        obj.ReclaimPolicy ??= "Delete";
        obj.VolumeBindingMode ??= "Immediate";
    }

    protected override void ValidateCreate(StorageClass obj, FieldErrorList errors)
    {
        StorageChecks.Provisioner(obj.Provisioner, FieldPath.Of("provisioner"), errors);
        StorageChecks.Parameters(obj.Parameters, allowEmpty: true, errors);
        if (obj.ReclaimPolicy is not (null or "" or "Delete" or "Retain"))
            errors.NotSupported(FieldPath.Of("reclaimPolicy"), obj.ReclaimPolicy, "Delete", "Retain");
        if (obj.VolumeBindingMode is not ("Immediate" or "WaitForFirstConsumer"))
            errors.NotSupported(FieldPath.Of("volumeBindingMode"), obj.VolumeBindingMode, "Immediate", "WaitForFirstConsumer");
        Topologies(obj.AllowedTopologies.OrEmpty(), FieldPath.Of("allowedTopologies"), errors);
    }

    protected override void ValidateUpdate(StorageClass obj, StorageClass old, FieldErrorList errors)
    {
        if (!ObjectEquality.StringMap(obj.Parameters, old.Parameters))
            errors.Forbidden(FieldPath.Of("parameters"), "updates to parameters are forbidden.");
        if (obj.Provisioner != old.Provisioner)
            errors.Forbidden(FieldPath.Of("provisioner"), "updates to provisioner are forbidden.");
        if (obj.ReclaimPolicy != old.ReclaimPolicy)
            errors.Forbidden(FieldPath.Of("reclaimPolicy"), "updates to reclaimPolicy are forbidden.");
        FieldChecks.Immutable(obj.VolumeBindingMode ?? "", old.VolumeBindingMode ?? "", FieldPath.Of("volumeBindingMode"), errors);
    }

    protected override void Warn(StorageClass obj, StorageClass? old, WriteContext context)
    {
        var path = FieldPath.Of("allowedTopologies");
        var terms = obj.AllowedTopologies.OrEmpty();
        for (var i = 0; i < terms.Count; i++)
        {
            var expressions = terms[i].MatchLabelExpressions.OrEmpty();
            for (var j = 0; j < expressions.Count; j++)
            {
                if (PodWarnings.OldLabel(expressions[j].Key) is { } message)
                    context.Warn($"{path.Index(i).Child("matchLabelExpressions").Index(j).Child("key")}: {message}");
            }
        }
    }

    private static void Topologies(IReadOnlyList<TopologySelectorTerm> terms, FieldPath path, FieldErrorList errors)
    {
        // Upstream compares with as many empty terms as there are terms: an empty one counts as a duplicate of each.
        List<Dictionary<string, HashSet<string>>> seen = [.. terms.Select(_ => new Dictionary<string, HashSet<string>>())];
        for (var i = 0; i < terms.Count; i++)
        {
            var term = Term(terms[i], path.Index(i).Child("matchLabelExpressions"), errors);
            foreach (var _ in seen.Where(s => s.Count == term.Count && s.All(p => term.TryGetValue(p.Key, out var v) && v.SetEquals(p.Value))))
                errors.Duplicate(path.Index(i).Child("matchLabelExpressions"), "");
            seen.Add(term);
        }
    }

    private static Dictionary<string, HashSet<string>> Term(TopologySelectorTerm term, FieldPath path, FieldErrorList errors)
    {
        var found = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        var expressions = term.MatchLabelExpressions.OrEmpty();
        for (var i = 0; i < expressions.Count; i++)
        {
            var expression = expressions[i];
            var values = new HashSet<string>(StringComparer.Ordinal);
            if (expression.Values is not { Count: > 0 } given)
                errors.Required(path.Index(i).Child("values"));
            else
            {
                for (var j = 0; j < given.Count; j++)
                {
                    if (!values.Add(given[j]))
                        errors.Duplicate(path.Index(i).Child("values").Index(j), given[j]);
                }
            }
            FieldRules.LabelName(expression.Key, path.Index(i).Child("key"), errors);
            if (found.ContainsKey(expression.Key))
                errors.Duplicate(path.Index(i).Child("key"), expression.Key);
            found[expression.Key] = values;
        }
        return found;
    }
}
