using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Volumes;

/// <summary>What may change of a claim: its volume once, and when it is bound its size and its attributes class.</summary>
internal static class ClaimChange
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public static void Validate(PersistentVolumeClaim obj, PersistentVolumeClaim old, FieldErrorList errors)
    {
        var now = obj.Spec.DeepClone();
        var before = old.Spec.DeepClone();
        if (before.VolumeName.Length == 0)
            before.VolumeName = now.VolumeName;
        Class(obj, old, now, errors);
        var bound = obj.Status.Phase == "Bound";
        if (bound && now.Requests() is { } requests)
        {
            if (before.Requests() is { } given && given.TryGetValue("storage", out var size))
                requests["storage"] = size;
            else
                requests["storage"] = Quantity.Zero;
        }
        if (bound && now.VolumeAttributesClassName is not null)
            now.VolumeAttributesClassName = before.VolumeAttributesClassName;
        if (!now.SemanticEquals(before))
        {
            errors.Forbidden(SpecPath, "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
                + ObjectDifference.Of(before.WriteJson, now.WriteJson));
        }
        Size(obj, old, errors);
        if (obj.Spec.VolumeMode != old.Spec.VolumeMode)
            errors.Invalid(FieldPath.Of("volumeMode"), obj.Spec.VolumeMode ?? "null", FieldChecks.Immutability);
        Attributes(obj.Spec.VolumeAttributesClassName, old.Spec.VolumeAttributesClassName, errors);
    }

    private static Dictionary<string, Quantity>? Requests(this PersistentVolumeClaimSpec spec) => spec.Resources.Requests;

    /// <summary>The class may move from the old annotation to the field, and be filled in where none was named.</summary>
    private static void Class(PersistentVolumeClaim obj, PersistentVolumeClaim old, PersistentVolumeClaimSpec now, FieldErrorList errors)
    {
        var annotated = old.Metadata.Annotations?.GetValueOrDefault(VolumeTexts.BetaClass);
        var annotation = obj.Metadata.Annotations?.GetValueOrDefault(VolumeTexts.BetaClass);
        var fresh = obj.Spec.StorageClassName;
        if (annotated is not null && old.Spec.StorageClassName is null && fresh == annotated && (annotation is null || annotation == annotated))
        {
            now.StorageClassName = null;
            return;
        }
        if ((annotation ?? "") != (annotated ?? ""))
            errors.Invalid(FieldPath.Of("metadata", "annotations").Key(VolumeTexts.BetaClass), annotation ?? "", FieldChecks.Immutability);
        if (fresh is not null && old.Spec.StorageClassName is null && (annotated is null || fresh == annotated))
            now.StorageClassName = null;
    }

    private static void Size(PersistentVolumeClaim obj, PersistentVolumeClaim old, FieldErrorList errors)
    {
        var now = SizeOf(obj.Spec.Resources.Requests);
        // Asking for less is the way back from an expansion that failed, down to what is there.
        if (now < SizeOf(old.Spec.Resources.Requests) && now <= SizeOf(old.Status.Capacity))
            errors.Forbidden(SpecPath.Child("resources").Child("requests", "storage"), "field can not be less than status.capacity");
    }

    private static Quantity SizeOf(Dictionary<string, Quantity>? resources) =>
        resources is not null && resources.TryGetValue("storage", out var size) ? size : Quantity.Zero;

    private static void Attributes(string? now, string? before, FieldErrorList errors)
    {
        if (before is null || now == before)
            return;
        var path = SpecPath.Child("volumeAttributesClassName");
        if (now is null)
            errors.Forbidden(path, "update from non-nil value to nil is forbidden");
        else if (now.Length == 0)
            errors.Forbidden(path, "update from non-nil value to an empty string is forbidden");
    }
}
