using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>Checks of one device of a slice: its attributes, capacities, taints, counters and nodes.</summary>
internal static partial class DevicePropertyChecks
{
    private const int MostProperties = 32;
    private const int MostAttributeValues = 48;
    private const int MostTaints = 16;
    private const int MostConsumptions = 2;
    private const int MostValueBytes = 64;
    private const string Number = "(0|[1-9]\\d*)";
    private const string Prerelease = "(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)";
    private const string Build = "[0-9a-zA-Z-]+";

    private const string OneNode = "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true "
        + "in the ResourceSlice spec";

    public static void Validate(Device device, bool nodesPerDevice, FieldPath path, FieldErrorList errors)
    {
        DeviceChecks.Label(device.Name, path.Child("name"), errors);
        var (attributes, capacity) = (device.Attributes ?? [], device.Capacity ?? []);
        if (attributes.Count + capacity.Count > MostProperties)
            errors.Invalid(path, attributes.Count + capacity.Count, $"the total number of attributes and capacities must not exceed {MostProperties}");
        var values = attributes.Values.Sum(a => Math.Max(1, Lists(a).Sum(l => l.Count ?? 0)));
        if (values > MostAttributeValues)
            errors.Invalid(path, values, $"the total number of attribute values must not exceed {MostAttributeValues}");
        DeviceChecks.Map(
            device.Attributes, int.MaxValue, path.Child("attributes"), errors, (name, at) => DeviceChecks.QualifiedName(name, at, errors),
            (attribute, at) => Attribute(attribute, at, errors));
        DeviceChecks.Map(
            device.Capacity, int.MaxValue, path.Child("capacity"), errors, (name, at) => DeviceChecks.QualifiedName(name, at, errors), (c, at) =>
            {
                if (c.RequestPolicy is { } policy && device.AllowMultipleAllocations == true)
                    CapacityPolicyChecks.Validate(c.Value, policy, at.Child("requestPolicy"), errors);
                else if (c.RequestPolicy is not null)
                    errors.Forbidden(at.Child("requestPolicy"), "allowMultipleAllocations must be true");
            });
        DeviceChecks.Each(device.Taints, MostTaints, path.Child("taints"), errors, (taint, at) =>
            DeviceChecks.Taint(taint.Key, taint.Value, taint.Effect, null, at, errors));
        DeviceChecks.Set(device.ConsumesCounters, MostConsumptions, c => c.CounterSet, path.Child("consumesCounters"), errors, (consumption, at) =>
        {
            SliceChecks.Label(consumption.CounterSet, at.Child("counterSet"), errors);
            SliceChecks.Counters(consumption.Counters, at.Child("counters"), errors);
        });
        Nodes(device, nodesPerDevice, path, errors);
        DeviceChecks.BindingConditions(device.BindingConditions, device.BindingFailureConditions, path, errors);
    }

    private static (string Field, int? Count)[] Lists(DeviceAttribute a) =>
        [("bools", a.BoolValues?.Count), ("ints", a.IntValues?.Count), ("strings", a.StringValues?.Count), ("versions", a.VersionValues?.Count)];

    private static void Attribute(DeviceAttribute attribute, FieldPath path, FieldErrorList errors)
    {
        var count = (attribute.BoolValue is null ? 0 : 1) + (attribute.IntValue is null ? 0 : 1);
        if (attribute.StringValue is { } text)
        {
            count++;
            Text(text, path.Child("string"), errors);
        }
        if (attribute.VersionValue is { } version)
        {
            count++;
            Version(version, path.Child("version"), errors);
        }
        foreach (var (field, size) in Lists(attribute).Where(l => l.Count is not null))
        {
            count++;
            if (size == 0)
                errors.Invalid(path.Child(field), FieldChecks.JsonValue.Of(w => w.WriteRawValue("[]"u8)), "must not be empty if specified");
        }
        for (var i = 0; i < (attribute.StringValues?.Count ?? 0); i++)
            Text(attribute.StringValues![i], path.Child("strings").Index(i), errors);
        for (var i = 0; i < (attribute.VersionValues?.Count ?? 0); i++)
            Version(attribute.VersionValues![i], path.Child("versions").Index(i), errors);
        if (count != 1)
            errors.Invalid(path, count == 0 ? "" : FieldChecks.JsonValue.Of(attribute.WriteJson), "exactly one value must be specified");
    }

    private static void Text(string value, FieldPath path, FieldErrorList errors)
    {
        if (Encoding.UTF8.GetByteCount(value) > MostValueBytes)
            errors.TooLong(path, MostValueBytes);
    }

    private static void Version(string value, FieldPath path, FieldErrorList errors)
    {
        if (!SemanticVersion().IsMatch(value))
            errors.Invalid(path, value, "must be a string compatible with semver.org spec 2.0.0");
        Text(value, path, errors);
    }

    private static void Nodes(Device device, bool nodesPerDevice, FieldPath path, FieldErrorList errors)
    {
        if (!nodesPerDevice)
        {
            if (device is not { NodeName: null, NodeSelector: null, AllNodes: null })
            {
                errors.Invalid(path, null, "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true "
                    + "in the ResourceSlice spec");
            }
            return;
        }
        List<string> set = [];
        if (device.NodeName is { Length: > 0 } name)
        {
            set.Add("`nodeName`");
            FieldChecks.Subdomain(name, path, "nodeName", errors);
        }
        else if (device.NodeName is not null)
        {
            errors.Invalid(path.Child("nodeName"), "", "must not be empty");
        }
        if (device.NodeSelector is { } selector)
        {
            set.Add("`nodeSelector`");
            AffinityValidation.NodeSelector(selector, path.Child("nodeSelector"), errors);
        }
        if (device.AllNodes == true)
            set.Add("`allNodes`");
        else if (device.AllNodes == false)
            errors.Invalid(path.Child("allNodes"), false, "must be either unset or set to true");
        if (set.Count == 0)
            errors.Required(path, OneNode);
        else if (set.Count > 1)
            errors.Invalid(path, $"{{{string.Join(", ", set)}}}", OneNode);
    }

    [GeneratedRegex(
        "^" + Number + "\\." + Number + "\\." + Number + "(-" + Prerelease + "(\\." + Prerelease + ")*)?(\\+" + Build + "(\\." + Build + ")*)?\\z",
        RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex SemanticVersion();
}

/// <summary>Which shares of a capacity may be asked for.</summary>
internal static class CapacityPolicyChecks
{
    private const int MostValues = 10;

    public static void Validate(Quantity capacity, CapacityRequestPolicy policy, FieldPath path, FieldErrorList errors)
    {
        if (policy.ValidValues is { Count: > 0 } values)
        {
            if (policy.ValidRange is not null)
                errors.Forbidden(path, "exactly one policy can be specified, cannot specify \"validValues\" and \"validRange\" at the same time");
            else if (policy.Default is not { } chosen)
                errors.Required(path.Child("default"), "required when validValues is defined");
            else
                Values(chosen, capacity, values, path.Child("validValues"), errors);
        }
        else if (policy.ValidRange is { } range)
        {
            if (policy.Default is not { } chosen)
                errors.Required(path.Child("default"), "required when validRange is defined");
            else
                Range(chosen, capacity, range, path.Child("validRange"), errors);
        }
    }

    private static void Values(Quantity chosen, Quantity capacity, List<Quantity> values, FieldPath path, FieldErrorList errors)
    {
        for (var i = 1; i < values.Count; i++)
        {
            if (values[i - 1] > values[i])
                errors.Invalid(path.Index(i), values[i].ToString(), "values must be sorted in ascending order");
        }
        DeviceChecks.Set(values, MostValues, v => v.Value().ToString(CultureInfo.InvariantCulture), path, errors, (value, at) =>
        {
            if (value > capacity)
                errors.Invalid(at, value.ToString(), $"option is larger than capacity value: {capacity}");
        });
        if (!values.Contains(chosen))
            errors.Invalid(path, chosen.ToString(), "default value is not valid according to the requestPolicy");
    }

    private static void Range(Quantity chosen, Quantity capacity, CapacityRequestPolicyRange range, FieldPath path, FieldErrorList errors)
    {
        if (range.Min is not { } min)
        {
            errors.Required(path.Child("min"), "required when validRange is defined");
            return;
        }
        if (min > capacity)
            errors.Invalid(path.Child("min"), min.ToString(), $"min is larger than capacity value: {capacity}");
        if (chosen < min)
            errors.Invalid(path.Child("default"), chosen.ToString(), $"default is less than min: {min}");
        if (range.Max is { } max)
        {
            if (min > max)
                errors.Invalid(path.Child("max"), min.ToString(), $"min is larger than max: {max}");
            if (max > capacity)
                errors.Invalid(path.Child("max"), max.ToString(), $"max is larger than capacity value: {capacity}");
            if (chosen > max)
                errors.Invalid(path.Child("default"), chosen.ToString(), $"default is more than max: {max}");
        }
        if (range.Step is not { } step)
            return;
        if (step.Sign <= 0)
        {
            errors.Invalid(path.Child("step"), step.ToString(), "must be greater than zero");
            return;
        }
        if (min + step > capacity)
            errors.Invalid(path.Child("step"), step.ToString(), $"one step {min + step} is larger than capacity value: {capacity}");
        foreach (var value in new[] { chosen, range.Max ?? min })
        {
            if (!(value - min).IsWhole || step.Value() == 0 || (value - min).Value() % step.Value() != 0)
                errors.Invalid(path.Child("step"), value.ToString(), $"value is not a multiple of a given step ({step}) from ({min})");
        }
    }
}
