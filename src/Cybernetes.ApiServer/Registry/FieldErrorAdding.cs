using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Short forms of adding one error to a list; see <see cref="FieldError"/> for their wording.</summary>
internal static class FieldErrorAdding
{
    public static void Invalid(this FieldErrorList errors, FieldPath path, object? value, string detail) =>
        errors.Add(FieldError.Invalid(path, value, detail));

    public static void Required(this FieldErrorList errors, FieldPath path, string detail = "") =>
        errors.Add(FieldError.Required(path, detail));

    public static void Forbidden(this FieldErrorList errors, FieldPath path, string detail) =>
        errors.Add(FieldError.Forbidden(path, detail));

    public static void Duplicate(this FieldErrorList errors, FieldPath path, object? value) =>
        errors.Add(FieldError.Duplicate(path, value));

    public static void NotFound(this FieldErrorList errors, FieldPath path, object? value) =>
        errors.Add(FieldError.NotFound(path, value));

    public static void NotSupported(this FieldErrorList errors, FieldPath path, object? value, params string[] supported) =>
        errors.Add(FieldError.NotSupported(path, value, supported));

    public static void TooLong(this FieldErrorList errors, FieldPath path, int maximumBytes) =>
        errors.Add(FieldError.TooLong(path, maximumBytes));

    public static void TooMany(this FieldErrorList errors, FieldPath path, int actual, int maximum) =>
        errors.Add(FieldError.TooMany(path, actual, maximum));

    /// <summary>One error for each reason; the path is made only when there is one.</summary>
    public static void InvalidChild(
        this FieldErrorList errors, FieldPath path, string child, object? value, IReadOnlyList<string> reasons)
    {
        for (var i = 0; i < reasons.Count; i++)
            errors.Invalid(path.Child(child), value, reasons[i]);
    }

    /// <summary>As <see cref="InvalidChild"/>, for a field of a list's item.</summary>
    public static void InvalidChildOf(
        this FieldErrorList errors, FieldPath list, int index, string child, object? value, IReadOnlyList<string> reasons)
    {
        if (reasons.Count > 0)
            errors.InvalidChild(list.Index(index), child, value, reasons);
    }
}
