using Cybernetes.Objects;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.ApiServer.Registry.Storage;

/// <summary>CSI drivers.</summary>
internal sealed class CSIDriverKind : KindDefinition<CSIDriver>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<CSIDriver>> Columns { get; } =
    [
        Column<CSIDriver>.Name,
        new(new("AttachRequired", "boolean", "", "Whether volumes are attached to nodes first.", 0), (d, _) => d.Spec.AttachRequired ?? true),
        new(new("PodInfoOnMount", "boolean", "", "Whether the driver is told of the pod.", 0), (d, _) => d.Spec.PodInfoOnMount ?? false),
        new(new("StorageCapacity", "boolean", "", "Whether pods are placed by free capacity.", 0), (d, _) => d.Spec.StorageCapacity ?? false),
        Column<CSIDriver>.Text("TokenRequests", "Audiences of the tokens it gets.", d =>
            d.Spec.TokenRequests is { } tokens ? string.Join(',', tokens.Select(t => t.Audience)) : "<unset>"),
        new(new("RequiresRepublish", "boolean", "", "Whether volumes are published again and again.", 0), (d, _) => d.Spec.RequiresRepublish ?? false),
        Column<CSIDriver>.Text("Modes", "Persistent, Ephemeral or both.", d =>
            d.Spec.VolumeLifecycleModes is { Count: > 0 } modes ? string.Join(',', modes) : "<none>"),
        Column<CSIDriver>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<CSIDriver>("v1beta1")
        {
            IsOlder = true,
            DeprecationWarning = "storage.k8s.io/v1beta1 CSIDriver is deprecated in v1.19+, unavailable in v1.22+; use storage.k8s.io/v1 CSIDriver",
        },
    ];

    protected override void Default(CSIDriver obj)
    {
        var spec = obj.Spec;
        spec.AttachRequired ??= true;
        spec.PodInfoOnMount ??= false;
        spec.StorageCapacity ??= false;
        spec.FSGroupPolicy ??= "ReadWriteOnceWithFSType";
        if (spec.VolumeLifecycleModes is not { Count: > 0 })
            spec.VolumeLifecycleModes = ["Persistent"];
        spec.RequiresRepublish ??= false;
        spec.SELinuxMount ??= false;
    }

    protected override void PrepareForCreate(CSIDriver obj, WriteContext context) => DropDisabled(obj, null, context.Gates);

    protected override void PrepareForUpdate(CSIDriver obj, CSIDriver old, WriteContext context)
    {
        DropDisabled(obj, old, context.Gates);
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void Validate(CSIDriver obj, FieldErrorList errors)
    {
        var spec = obj.Spec;
        if (spec.FSGroupPolicy is not (null or "File" or "None" or "ReadWriteOnceWithFSType"))
            errors.NotSupported(SpecPath.Child("fsGroupPolicy"), spec.FSGroupPolicy, "File", "None", "ReadWriteOnceWithFSType");
        Tokens(spec.TokenRequests.OrEmpty(), SpecPath.Child("tokenRequests"), errors);
        foreach (var mode in spec.VolumeLifecycleModes.OrEmpty())
        {
            if (mode is not ("Persistent" or "Ephemeral"))
                errors.NotSupported(SpecPath.Child("volumeLifecycleModes"), mode, "Persistent", "Ephemeral");
        }
        if (spec.NodeAllocatableUpdatePeriodSeconds is < 10 and var period)
            errors.Invalid(SpecPath.Child("nodeAllocatableUpdatePeriodSeconds"), period, "must be greater than or equal to 10 seconds");
    }

    protected override void ValidateUpdate(CSIDriver obj, CSIDriver old, FieldErrorList errors)
    {
        if (obj.Spec.AttachRequired != old.Spec.AttachRequired)
            errors.Invalid(SpecPath.Child("attachedRequired"), obj.Spec.AttachRequired, FieldChecks.Immutability);
        if (!obj.Spec.VolumeLifecycleModes.OrEmpty().SequenceEqual(old.Spec.VolumeLifecycleModes.OrEmpty(), StringComparer.Ordinal))
            errors.Invalid(SpecPath.Child("volumeLifecycleModes"), obj.Spec.VolumeLifecycleModes, FieldChecks.Immutability);
    }

    private static void DropDisabled(CSIDriver obj, CSIDriver? old, FeatureGates gates)
    {
        if (!gates.IsEnabled("SELinuxMountReadWriteOncePod") && old?.Spec.SELinuxMount is null)
            obj.Spec.SELinuxMount = null;
        if (!gates.IsEnabled("VolumeLimitScaling") && old?.Spec.PreventPodSchedulingIfMissing is null)
            obj.Spec.PreventPodSchedulingIfMissing = null;
    }

    private static void Tokens(IReadOnlyList<TokenRequest> tokens, FieldPath path, FieldErrorList errors)
    {
        HashSet<string> audiences = new(StringComparer.Ordinal);
        for (var i = 0; i < tokens.Count; i++)
        {
            if (!audiences.Add(tokens[i].Audience))
                errors.Duplicate(path.Index(i).Child("audience"), tokens[i].Audience);
            else if (tokens[i].ExpirationSeconds is < 600 and var few)
                errors.Invalid(path.Index(i).Child("expirationSeconds"), few, "may not specify a duration less than 10 minutes");
            else if (tokens[i].ExpirationSeconds is > 1L << 32 and var many)
                errors.Invalid(path.Index(i).Child("expirationSeconds"), many, "may not specify a duration larger than 2^32 seconds");
        }
    }
}
