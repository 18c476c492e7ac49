using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Volumes;

/// <summary>The spec of a persistent volume, or of one that stands inside a volume attachment.</summary>
internal static class PersistentVolumeValidation
{
    private const string Inline = "in the context of inline volumes";

    /// <param name="spec">The spec.</param>
    /// <param name="name">The volume's name.</param>
    /// <param name="inline">Whether it stands inside an attachment: then it is a CSI volume and little else.</param>
    /// <param name="path">Path of <paramref name="spec"/>.</param>
    /// <param name="errors">Where complaints go.</param>
    public static void Spec(PersistentVolumeSpec spec, string name, bool inline, FieldPath path, FieldErrorList errors)
    {
        if (inline)
        {
            Forbid(spec.ClaimRef is not null, path, "claimRef", errors);
            Forbid(spec.Capacity is { Count: > 0 }, path, "capacity", errors);
            if (spec.CSI is null)
                errors.Required(path.Child("csi"), $"has to be specified {Inline}");
        }
        if (spec.AccessModes is not { Count: > 0 })
            errors.Required(path.Child("accessModes"));
        ClaimSpecValidation.Modes(spec.AccessModes, path, errors);
        if (!inline)
            Capacity(spec.Capacity, path.Child("capacity"), errors);
        Reclaim(spec, inline, path, errors);
        if (spec.NodeAffinity is { } affinity)
        {
            if (inline)
                Forbid(true, path, "nodeAffinity", errors);
            else if (affinity.Required is null)
                errors.Required(path.Child("nodeAffinity").Child("required"), "must specify required node constraints");
            else
                AffinityValidation.NodeSelector(affinity.Required, path.Child("nodeAffinity").Child("required"), errors);
        }
        PersistentVolumeSources.Validate(spec, name, path, errors);
        // Whatever "/", "//" or "/." spell, recycling it would empty the node.
        if (spec is { HostPath: { } host, PersistentVolumeReclaimPolicy: "Recycle" } && IsRoot(host.Path))
            errors.Forbidden(path.Child("persistentVolumeReclaimPolicy"), "may not be 'recycle' for a hostPath mount of '/'");
        Classes(spec, inline, path, errors);
    }

    /// <summary>An amount that is not negative.</summary>
    public static bool BasicAmount(Quantity amount, FieldPath path, FieldErrorList errors)
    {
        if (amount.Sign >= 0)
            return true;
        errors.Invalid(path, amount.Value(), "must be a valid resource quantity");
        return false;
    }

    private static void Forbid(bool given, FieldPath path, string field, FieldErrorList errors)
    {
        if (given)
            errors.Forbidden(path.Child(field), $"may not be specified {Inline}");
    }

    private static void Capacity(Dictionary<string, Quantity>? capacity, FieldPath path, FieldErrorList errors)
    {
        if (capacity is not { Count: > 0 })
            errors.Required(path);
        if (capacity is null || !capacity.ContainsKey("storage") || capacity.Count > 1)
            errors.NotSupported(path, FieldChecks.JsonValue.Of(w => WriteAmounts(w, capacity)), "storage");
        foreach (var name in JsonWrite.SortedKeys(capacity ?? []))
        {
            BasicAmount(capacity![name], path.Key(name), errors);
            if (capacity[name].Sign <= 0)
                errors.Invalid(path.Key(name), capacity[name].ToString(), "must be greater than zero");
        }
    }

    private static void WriteAmounts(System.Text.Json.Utf8JsonWriter writer, Dictionary<string, Quantity>? amounts)
    {
        if (amounts is null)
        {
            writer.WriteNullValue();
            return;
        }
        writer.WriteStartObject();
        foreach (var name in JsonWrite.SortedKeys(amounts))
            writer.WriteString(name, amounts[name].ToString());
        writer.WriteEndObject();
    }

    private static void Reclaim(PersistentVolumeSpec spec, bool inline, FieldPath path, FieldErrorList errors)
    {
        var policy = spec.PersistentVolumeReclaimPolicy;
        if (policy.Length == 0)
            return;
        if (inline && policy != "Retain")
            errors.Forbidden(path.Child("persistentVolumeReclaimPolicy"), $"may only be Retain {Inline}");
        else if (policy is not ("Delete" or "Recycle" or "Retain"))
            errors.NotSupported(path.Child("persistentVolumeReclaimPolicy"), policy, "Delete", "Recycle", "Retain");
    }

    private static bool IsRoot(string path) => path.StartsWith('/') && path.Split('/').All(p => p is "" or ".");

    private static void Classes(PersistentVolumeSpec spec, bool inline, FieldPath path, FieldErrorList errors)
    {
        if (spec.StorageClassName.Length > 0)
        {
            if (inline)
                Forbid(true, path, "storageClassName", errors);
            else
                FieldChecks.Subdomain(spec.StorageClassName, path, "storageClassName", errors);
        }
        if (!inline)
            ClaimSpecValidation.Mode(spec.VolumeMode, path, errors);
        else if (spec.VolumeMode is not (null or "Filesystem"))
            errors.Forbidden(path.Child("volumeMode"), $"may not specify volumeMode other than Filesystem {Inline}");
        if (inline || spec.VolumeAttributesClassName is not { } attributes)
            return;
        if (attributes.Length == 0)
            errors.Required(path.Child("volumeAttributesClassName"), "an empty string is disallowed");
        else
            FieldChecks.Subdomain(attributes, path, "volumeAttributesClassName", errors);
        if (spec.CSI is null)
            errors.Required(path.Child("csi"), "has to be specified when using volumeAttributesClassName");
    }
}
