using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.NodeRuntime.V1;
using Old = Cybernetes.Objects.NodeRuntime.V1alpha1;

namespace Cybernetes.ApiServer.Registry.NodeRuntime;

/// <summary>Runtime classes: which handler of the container runtime runs a pod, and what that costs.</summary>
internal sealed class RuntimeClassKind : KindDefinition<RuntimeClass>
{
    public override IReadOnlyList<Column<RuntimeClass>> Columns { get; } =
    [
        Column<RuntimeClass>.Name,
        Column<RuntimeClass>.Text("Handler", "Handler of the container runtime.", r => r.Handler),
        Column<RuntimeClass>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<RuntimeClass>("v1beta1")
        {
            IsOlder = true,
            DeprecationWarning = "node.k8s.io/v1beta1 RuntimeClass is deprecated in v1.22+, unavailable in v1.25+; use node.k8s.io/v1 RuntimeClass",
        },
        new ConvertedVersion<Old.RuntimeClass, RuntimeClass>(ToStored, FromStored)
        {
            IsOlder = true,
            DeprecationWarning = "node.k8s.io/v1alpha1 RuntimeClass is deprecated in v1.22+, unavailable in v1.24+; use node.k8s.io/v1 RuntimeClass",
        },
    ];

    protected override void Validate(RuntimeClass obj, FieldErrorList errors)
    {
        foreach (var reason in Names.Dns1123Label(obj.Handler))
            errors.Invalid(FieldPath.Of("handler"), obj.Handler, reason);
        if (obj.Overhead is { } overhead)
            ResourceValidation.Validate(new() { Limits = overhead.PodFixed }, null, FieldPath.Of("overhead"), errors);
        if (obj.Scheduling is not { } scheduling)
            return;
        var path = FieldPath.Of("scheduling");
        FieldRules.Labels(scheduling.NodeSelector, path.Child("nodeSelector"), errors);
        if (scheduling.Tolerations is { Count: > 0 } tolerations)
            Tolerations(tolerations, path.Child("tolerations"), errors);
    }

    protected override void ValidateUpdate(RuntimeClass obj, RuntimeClass old, FieldErrorList errors) =>
        FieldChecks.Immutable(obj.Handler, old.Handler, FieldPath.Of("handler"), errors);

    private static void Tolerations(List<Toleration> tolerations, FieldPath path, FieldErrorList errors)
    {
        SchedulingValidation.Tolerations(tolerations, path, errors);
        for (var i = 0; i < tolerations.Count; i++)
        {
            if (tolerations.Take(i).Any(t => t.SemanticEquals(tolerations[i])))
                errors.Duplicate(path.Index(i), FieldChecks.JsonValue.Of(tolerations[i].WriteJson));
        }
    }

    private static RuntimeClass ToStored(Old.RuntimeClass served) => new()
    {
        Metadata = served.Metadata,
        Handler = served.Spec.RuntimeHandler,
        Overhead = served.Spec.Overhead is { } overhead ? new() { PodFixed = overhead.PodFixed } : null,
        Scheduling = served.Spec.Scheduling is { } scheduling
            ? new() { NodeSelector = scheduling.NodeSelector, Tolerations = scheduling.Tolerations } : null,
    };

    private static Old.RuntimeClass FromStored(RuntimeClass stored) => new()
    {
        Metadata = stored.Metadata,
        Spec = new()
        {
            RuntimeHandler = stored.Handler,
            Overhead = stored.Overhead is { } overhead ? new() { PodFixed = overhead.PodFixed } : null,
            Scheduling = stored.Scheduling is { } scheduling
                ? new() { NodeSelector = scheduling.NodeSelector, Tolerations = scheduling.Tolerations } : null,
        },
    };
}
