using System.Globalization;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>Checks of the counts and percentages of rollouts and disruption budgets.</summary>
internal static class RolloutNumbers
{
    /// <summary>A count of at least zero, or a percentage.</summary>
    public static void PositiveIntOrPercent(IntOrString value, FieldPath path, string child, FieldErrorList errors)
    {
        if (value.IsString)
            errors.InvalidChild(path, child, value.StringValue, Names.Percent(value.StringValue));
        else
            FieldChecks.NonNegative(value.IntValue, path, child, errors);
    }

    /// <summary>A percentage of at most one hundred; counts pass.</summary>
    public static void NotMoreThan100Percent(IntOrString value, FieldPath path, string child, FieldErrorList errors)
    {
        if (value.IsString && Names.Percent(value.StringValue).Count == 0 && Value(value) > 100)
            errors.Invalid(path.Child(child), value, "must not be greater than 100%");
    }

    /// <summary>The number, or the number before the percent sign; 0 for other texts.</summary>
    public static int Value(IntOrString value)
    {
        if (!value.IsString)
            return value.IntValue;
        var text = value.StringValue;
        return text.EndsWith('%') && int.TryParse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
