using System.Globalization;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Quotas;

/// <summary>One item of a limit range: known resources, and bounds that do not contradict each other.</summary>
internal static class LimitRangeItemValidation
{
    // Above it, thousandths no longer fit into 64 bits.
    private const long MaximumMilli = (1L << 53) - 1;

    public static void Validate(LimitRangeItem item, FieldPath path, FieldErrorList errors)
    {
        Resources(item.Type, item.Max, path.Child("max"), errors);
        Resources(item.Type, item.Min, path.Child("min"), errors);
        if (item.Type == "Pod")
        {
            if (item.Default is { Count: > 0 })
                errors.Forbidden(path.Child("default"), "may not be specified when `type` is 'Pod'");
            if (item.DefaultRequest is { Count: > 0 })
                errors.Forbidden(path.Child("defaultRequest"), "may not be specified when `type` is 'Pod'");
        }
        else
        {
            Resources(item.Type, item.Default, path.Child("default"), errors);
            Resources(item.Type, item.DefaultRequest, path.Child("defaultRequest"), errors);
        }
        if (item.Type == "PersistentVolumeClaim" && item.Min?.ContainsKey("storage") != true && item.Max?.ContainsKey("storage") != true)
            errors.Required(path.Child("limits"), "either minimum or maximum storage value is required, but neither was provided");
        Resources(item.Type, item.MaxLimitRequestRatio, path.Child("maxLimitRequestRatio"), errors);

        SortedSet<string> names = new(StringComparer.Ordinal);
        foreach (var amounts in new[] { item.Max, item.Min, item.Default, item.DefaultRequest, item.MaxLimitRequestRatio })
            names.UnionWith(amounts?.Keys ?? Enumerable.Empty<string>());
        foreach (var name in names)
        {
            Bounds(item, name, path, errors);
            Ratio(item, name, path, errors);
        }
    }

    private static void Resources(string type, Dictionary<string, Quantity>? amounts, FieldPath path, FieldErrorList errors)
    {
        foreach (var name in JsonWrite.SortedKeys(amounts ?? []))
        {
            if (type is "Pod" or "Container")
                ResourceValidation.ContainerResourceName(name, path.Key(name), errors);
            else
                ResourceValidation.ResourceName(name, path.Key(name), errors);
        }
    }

    private static Quantity? In(Dictionary<string, Quantity>? amounts, string name) =>
        amounts is not null && amounts.TryGetValue(name, out var amount) ? amount : null;

    private static void Bounds(LimitRangeItem item, string name, FieldPath path, FieldErrorList errors)
    {
        var ofPods = item.Type == "Pod";
        var (min, max) = (In(item.Min, name), In(item.Max, name));
        var (limit, request) = ofPods ? (null, null) : (In(item.Default, name), In(item.DefaultRequest, name));
        if (min > max)
            Say("min", min, $"min value {min} is greater than max value {max}");
        if (min > request)
            Say("defaultRequest", request, $"min value {min} is greater than default request value {request}");
        if (request > max)
            Say("defaultRequest", request, $"default request value {request} is greater than max value {max}");
        if (request > limit)
            Say("defaultRequest", request, $"default request value {request} is greater than default limit value {limit}");
        if (min > limit)
            Say("default", min, $"min value {min} is greater than default value {limit}");
        if (limit > max)
            Say("default", max, $"default value {limit} is greater than max value {max}");
        if (!ResourceFacts.IsOvercommitAllowed(name) && limit is not null && request is not null && limit != request)
            Say("defaultRequest", request, $"default value {limit} must equal to defaultRequest value {request} in {name}");

        void Say(string field, Quantity? value, string detail) => errors.Invalid(path.Child(field).Key(name), value.ToString(), detail);
    }

    private static void Ratio(LimitRangeItem item, string name, FieldPath path, FieldErrorList errors)
    {
        if (In(item.MaxLimitRequestRatio, name) is not { } ratio)
            return;
        var at = path.Child("maxLimitRequestRatio").Key(name);
        if (ratio.CompareTo(1) < 0)
            errors.Invalid(at, ratio.ToString(), $"ratio {ratio} is less than 1");
        if (In(item.Min, name) is not { } min || In(item.Max, name) is not { } max)
            return;
        var fine = ratio.Value() < MaximumMilli && min.Value() < MaximumMilli && max.Value() < MaximumMilli;
        var asked = fine ? ratio.MilliValue() / 1000.0 : ratio.Value();
        var possible = fine ? (double)max.MilliValue() / min.MilliValue() : (double)max.Value() / min.Value();
        if (asked > possible)
        {
            errors.Invalid(at, ratio.ToString(),
                $"ratio {ratio} is greater than max/min = {possible.ToString("F6", CultureInfo.InvariantCulture)}");
        }
    }
}
