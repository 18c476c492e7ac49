using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>Checks of resource slices, in upstream's words and order.</summary>
internal static class SliceChecks
{
    private const int MostDevices = 128;
    private const int MostAdvancedDevices = 64;
    private const int MostCounterSets = 8;
    private const int MostCounters = 32;
    private const string OneOf = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public static void Validate(ResourceSliceSpec spec, ResourceSliceSpec? old, FieldErrorList errors)
    {
        DeviceChecks.Driver(spec.Driver, SpecPath.Child("driver"), errors);
        var pool = SpecPath.Child("pool");
        DeviceChecks.Pool(spec.Pool.Name, pool.Child("name"), errors);
        if (spec.Pool.ResourceSliceCount <= 0)
            errors.Invalid(pool.Child("resourceSliceCount"), spec.Pool.ResourceSliceCount, "must be greater than zero");
        if (spec.Pool.Generation < 0)
            errors.Invalid(pool.Child("generation"), spec.Pool.Generation, "must be greater than or equal to zero");
        if (old is not null)
        {
            FieldChecks.Immutable(spec.Pool.Name, old.Pool.Name, pool.Child("name"), errors);
            FieldChecks.Immutable(spec.Driver, old.Driver, SpecPath.Child("driver"), errors);
            if (spec.NodeName != old.NodeName)
                errors.Invalid(SpecPath.Child("nodeName"), spec.NodeName, FieldChecks.Immutability);
        }
        Nodes(spec, errors);
        if (spec is { SharedCounters: not null, Devices: not null })
            errors.Invalid(SpecPath, "", "only one of `sharedCounters` or `devices` is allowed");
        var advanced = spec.Devices.OrEmpty().Any(d => d.Taints is { Count: > 0 } || d.ConsumesCounters is { Count: > 0 });
        DeviceChecks.Set(
            spec.Devices, advanced ? MostAdvancedDevices : MostDevices, d => d.Name, SpecPath.Child("devices"), errors,
            (device, at) => DevicePropertyChecks.Validate(device, spec.PerDeviceNodeSelection == true, at, errors));
        DeviceChecks.Set(spec.SharedCounters, MostCounterSets, c => c.Name, SpecPath.Child("sharedCounters"), errors, (set, at) =>
        {
            Label(set.Name, at.Child("name"), errors);
            Counters(set.Counters, at.Child("counters"), errors);
        });
    }

    /// <summary>Counters by name; there must be some.</summary>
    public static void Counters(Dictionary<string, Counter>? counters, FieldPath path, FieldErrorList errors)
    {
        if (counters is not { Count: > 0 })
            errors.Required(path);
        DeviceChecks.Map(counters, MostCounters, path, errors, (name, at) => DeviceChecks.Label(name, at, errors), (_, _) => { });
    }

    public static void Label(string name, FieldPath path, FieldErrorList errors)
    {
        if (name.Length == 0)
            errors.Required(path);
        else
            DeviceChecks.Label(name, path, errors);
    }

    private static void Nodes(ResourceSliceSpec spec, FieldErrorList errors)
    {
        List<string> set = [];
        if (spec.NodeName is { Length: > 0 } name)
        {
            set.Add("`nodeName`");
            FieldChecks.Subdomain(name, SpecPath, "nodeName", errors);
        }
        else if (spec.NodeName is not null)
        {
            errors.Invalid(SpecPath.Child("nodeName"), "", "must be either unset or set to a non-empty string");
        }
        if (spec.NodeSelector is { } selector)
        {
            set.Add("`nodeSelector`");
            var path = SpecPath.Child("nodeSelector");
            AffinityValidation.NodeSelector(selector, path, errors);
            if (selector.NodeSelectorTerms?.Count != 1)
                errors.Invalid(path.Child("nodeSelectorTerms"), Shown(selector.NodeSelectorTerms), "must have exactly one node selector term");
        }
        Flag(spec.AllNodes, "allNodes", set, errors);
        Flag(spec.PerDeviceNodeSelection, "perDeviceNodeSelection", set, errors);
        if (set.Count == 0)
            errors.Required(SpecPath, OneOf);
        else if (set.Count > 1)
            errors.Invalid(SpecPath, $"{{{string.Join(", ", set)}}}", OneOf + ", but multiple fields are set");
    }

    private static void Flag(bool? value, string field, List<string> set, FieldErrorList errors)
    {
        if (value == true)
            set.Add($"`{field}`");
        else if (value == false)
            errors.Invalid(SpecPath.Child(field), false, "must be either unset or set to true");
    }

    private static object Shown(List<NodeSelectorTerm>? terms) => FieldChecks.JsonValue.Of(writer =>
    {
        writer.WriteStartArray();
        terms?.ForEach(t => t.WriteJson(writer));
        writer.WriteEndArray();
    });
}
