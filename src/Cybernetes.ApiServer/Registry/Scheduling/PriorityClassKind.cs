using Cybernetes.Objects;
using Cybernetes.Objects.Scheduling.V1;

namespace Cybernetes.ApiServer.Registry.Scheduling;

/// <summary>Priority classes: a number under a name.</summary>
internal sealed class PriorityClassKind : KindDefinition<PriorityClass>
{
    /// <summary>The greatest value that users may give.</summary>
    public const int HighestUserDefinable = 1_000_000_000;

    /// <summary>Value of system-cluster-critical.</summary>
    public const int SystemClusterCritical = 2 * HighestUserDefinable;

    /// <summary>Value of system-node-critical.</summary>
    public const int SystemNodeCritical = SystemClusterCritical + 1000;

    private const string SystemPrefix = "system-";

    public override IReadOnlyList<string> ShortNames => ["pc"];

    public override IReadOnlyList<Column<PriorityClass>> Columns { get; } =
    [
        Column<PriorityClass>.Name,
        Column<PriorityClass>.Number("Value", "The priority of pods of this class.", p => p.Value),
        new(new("Global-Default", "boolean", "", "Whether pods that name no class are of this one.", 0), (p, _) => p.GlobalDefault),
        Column<PriorityClass>.Age,
        Column<PriorityClass>.Text("PreemptionPolicy", "Whether its pods push out others.", p => p.PreemptionPolicy ?? ""),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<PriorityClass>("v1beta1")
        {
            IsOlder = true,
            DeprecationWarning = "scheduling.k8s.io/v1beta1 PriorityClass is deprecated in v1.14+, unavailable in v1.22+; "
                + "use scheduling.k8s.io/v1 PriorityClass",
        },
    ];

    protected override void Default(PriorityClass obj) => obj.PreemptionPolicy ??= "PreemptLowerPriority";

    protected override void PrepareForCreate(PriorityClass obj, WriteContext context) => obj.Metadata.Generation = 1;

    protected override void Validate(PriorityClass obj, FieldErrorList errors)
    {
        var name = obj.Metadata.Name;
        if (name.StartsWith(SystemPrefix, StringComparison.Ordinal))
        {
            if (SystemProblem(obj) is { } problem)
                errors.Forbidden(FieldPath.Of("metadata", "name"),
                    $"priority class names with '{SystemPrefix}' prefix are reserved for system use only. error: {problem}");
        }
        else if (obj.Value > HighestUserDefinable)
        {
            errors.Forbidden(FieldPath.Of("value"), $"maximum allowed value of a user defined priority is {HighestUserDefinable}");
        }
        if (obj.PreemptionPolicy is "")
            errors.Required(FieldPath.Of("preemptionPolicy"));
        else if (obj.PreemptionPolicy is not (null or "Never" or "PreemptLowerPriority"))
            errors.NotSupported(FieldPath.Of("preemptionPolicy"), obj.PreemptionPolicy, "Never", "PreemptLowerPriority");
    }

    protected override void ValidateUpdate(PriorityClass obj, PriorityClass old, FieldErrorList errors)
    {
        if (obj.Value != old.Value)
            errors.Forbidden(FieldPath.Of("value"), "may not be changed in an update.");
        if (obj.PreemptionPolicy != old.PreemptionPolicy)
            errors.Invalid(FieldPath.Of("preemptionPolicy"), obj.PreemptionPolicy, FieldChecks.Immutability);
    }

    private static string? SystemProblem(PriorityClass obj)
    {
        var name = obj.Metadata.Name;
        int? value = name switch
        {
            "system-node-critical" => SystemNodeCritical,
            "system-cluster-critical" => SystemClusterCritical,
            _ => null,
        };
        if (value is null)
            return $"{name} is not a known system priority class";
        if (value != obj.Value)
            return $"value of {name} PriorityClass must be {value}";
        return obj.GlobalDefault ? $"globalDefault of {name} PriorityClass must be false" : null;
    }
}
