using System.Text.RegularExpressions;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Checks of <c>meta/v1 Condition</c> lists, in upstream's words (apimachinery's ValidateConditions).</summary>
internal static partial class ConditionChecks
{
    private const int MaximumReason = 1024;
    private const int MaximumMessage = 32 * 1024;
    private const string ReasonForm = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";

    /// <summary>Each condition as it should be, and each type once.</summary>
    public static void Conditions(List<Condition>? conditions, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (conditions?.Count ?? 0); i++)
        {
            var condition = conditions![i];
            var first = conditions.FindIndex(c => c.Type == condition.Type);
            if (first < i)
                errors.Duplicate(path.Index(i).Child("type"), condition.Type);
            One(condition, path.Index(i), errors);
        }
    }

    private static void One(Condition condition, FieldPath path, FieldErrorList errors)
    {
        errors.InvalidChild(path, "type", condition.Type, Names.QualifiedName(condition.Type));
        if (condition.Status is not ("True" or "False" or "Unknown"))
            errors.NotSupported(path.Child("status"), condition.Status, "False", "True", "Unknown");
        if (condition.ObservedGeneration < 0)
            errors.Invalid(path.Child("observedGeneration"), condition.ObservedGeneration, "must be greater than or equal to zero");
        if (condition.LastTransitionTime is null)
            errors.Required(path.Child("lastTransitionTime"), "must be set");
        if (condition.Reason.Length == 0)
            errors.Required(path.Child("reason"), "must be set");
        else if (condition.Reason.Length > MaximumReason)
            errors.TooLong(path.Child("reason"), MaximumReason);
        else if (!Reason().IsMatch(condition.Reason))
            errors.Invalid(path.Child("reason"), condition.Reason, Names.Form(
                "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', "
                + "and must end with an alphanumeric character or '_'", ReasonForm, "my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"));
        if (condition.Message.Length > MaximumMessage)
            errors.TooLong(path.Child("message"), MaximumMessage);
    }

    [GeneratedRegex("^(?:" + ReasonForm + ")\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Reason();
}
