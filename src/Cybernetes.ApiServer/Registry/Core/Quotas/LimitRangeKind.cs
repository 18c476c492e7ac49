using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Quotas;

/// <summary>Bounds and defaults of what single objects of a namespace may ask for.</summary>
internal sealed class LimitRangeKind : KindDefinition<LimitRange>
{
    public override IReadOnlyList<string> ShortNames => ["limits"];

    protected override void Default(LimitRange obj)
    {
        foreach (var item in obj.Spec.Limits.OrEmpty())
        {
            PodDefaults.RoundUp(item.Max);
            PodDefaults.RoundUp(item.Min);
            PodDefaults.RoundUp(item.Default);
            PodDefaults.RoundUp(item.DefaultRequest);
            PodDefaults.RoundUp(item.MaxLimitRequestRatio);
            if (item.Type == "Container")
                OfContainers(item);
        }
    }

    protected override void PrepareForCreate(LimitRange obj, WriteContext context)
    {
        if (obj.Metadata.Name.Length == 0)
            obj.Metadata.Name = context.Identities.NewUuidText();
    }

    protected override void Validate(LimitRange obj, FieldErrorList errors)
    {
        var path = FieldPath.Of("spec", "limits");
        var limits = obj.Spec.Limits.OrEmpty();
        for (var i = 0; i < limits.Count; i++)
        {
            TypeName(limits[i].Type, path.Index(i).Child("type"), errors);
            if (limits.Take(i).Any(l => l.Type == limits[i].Type))
                errors.Duplicate(path.Index(i).Child("type"), limits[i].Type);
            LimitRangeItemValidation.Validate(limits[i], path.Index(i), errors);
        }
    }

    /// <summary>The largest is the default limit, the default limit the default request, and failing that the smallest is.</summary>
    private static void OfContainers(LimitRangeItem item)
    {
        Dictionary<string, Quantity> limits = new(item.Default ?? [], StringComparer.Ordinal);
        Dictionary<string, Quantity> requests = new(item.DefaultRequest ?? [], StringComparer.Ordinal);
        foreach (var (name, value) in item.Max.OrEmpty())
            limits.TryAdd(name, value);
        foreach (var (name, value) in limits)
            requests.TryAdd(name, value);
        foreach (var (name, value) in item.Min.OrEmpty())
            requests.TryAdd(name, value);
        item.Default = limits;
        item.DefaultRequest = requests;
    }

    private static void TypeName(string type, FieldPath path, FieldErrorList errors)
    {
        var before = errors.Count;
        errors.AddInvalid(path, type, Names.QualifiedName(type));
        if (errors.Count == before && !type.Contains('/') && type is not ("Pod" or "Container" or "PersistentVolumeClaim"))
            errors.Invalid(path, type, "must be a standard limit type or fully qualified");
    }
}
