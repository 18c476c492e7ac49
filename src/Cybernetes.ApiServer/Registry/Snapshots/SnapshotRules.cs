using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry.Snapshots;

/// <summary>
/// The rules that the snapshot kinds share. Upstream they are rules of custom resource definitions: an object's value is not told, and a rule
/// about a change holds for fields that were set before.
/// </summary>
internal static class SnapshotRules
{
    public const string ClassName = "volumeSnapshotClassName";

    /// <summary>Both versions that upstream's definitions list, the older of them unserved there today.</summary>
    public static string DeprecationOf(string kind) =>
        $"snapshot.storage.k8s.io/v1beta1 {kind} is deprecated; use snapshot.storage.k8s.io/v1 {kind}";

    public static void ExactlyOne(string? left, string? right, string message, FieldPath path, FieldErrorList errors)
    {
        if (left is null == right is null)
            errors.Invalid(path, FieldError.OmittedValue, message);
    }

    public static void NotEmpty(string? name, FieldPath path, FieldErrorList errors)
    {
        if (name is { Length: 0 })
            errors.Invalid(path.Child(ClassName), name, $"{ClassName} must not be the empty string when set");
    }

    public static void DeletionPolicy(string policy, FieldPath path, FieldErrorList errors)
    {
        if (policy.Length == 0)
            errors.Required(path);
        else if (policy is not ("Delete" or "Retain"))
            errors.NotSupported(path, policy, "Delete", "Retain");
    }

    /// <summary>Whether a field that was set is gone: told of the structure that held it.</summary>
    public static void StaysSet(string? value, string? old, string field, FieldPath path, FieldErrorList errors)
    {
        if (old is not null && value is null)
            errors.Invalid(path, FieldError.OmittedValue, $"{field} is required once set");
    }

    /// <summary>Whether a field that was set is another.</summary>
    public static void StaysTheSame(string? value, string? old, string field, FieldPath path, FieldErrorList errors)
    {
        if (old is not null && value is not null && value != old)
            errors.Invalid(path.Child(field), value, $"{field} is immutable");
    }
}
