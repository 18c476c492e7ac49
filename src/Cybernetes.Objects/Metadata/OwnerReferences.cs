using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Objects;

/// <summary>Who owns an object, and who of the owners manages it.</summary>
public static class OwnerReferences
{
    /// <summary>The managing owner, or null.</summary>
    public static OwnerReference? ControllerOf(IKubernetesObject owned)
    {
        foreach (OwnerReference reference in owned.Metadata.OwnerReferences.OrEmpty())
        {
            if (reference.Controller == true) return reference;
        }
        return null;
    }

    /// <summary>True when <paramref name="owner"/>, by its uid, is the managing owner.</summary>
    public static bool IsControlledBy(IKubernetesObject owned, IKubernetesObject owner) => ControllerOf(owned)?.UID == owner.Metadata.UID;

    /// <summary>A reference that makes its holder managed by <paramref name="owner"/>, whose deletion it blocks in the foreground.</summary>
    public static OwnerReference ToController<T>(T owner) where T : class, IKubernetesObject<T> => new()
    {
        APIVersion = T.Facts.APIVersion,
        Kind = T.Facts.Kind,
        Name = owner.Metadata.Name,
        UID = owner.Metadata.UID,
        Controller = true,
        BlockOwnerDeletion = true,
    };

    /// <summary>True when one of the references is to this uid.</summary>
    public static bool IsOwnedBy(IKubernetesObject owned, string uid)
    {
        foreach (OwnerReference reference in owned.Metadata.OwnerReferences.OrEmpty())
        {
            if (reference.UID == uid) return true;
        }
        return false;
    }
}
