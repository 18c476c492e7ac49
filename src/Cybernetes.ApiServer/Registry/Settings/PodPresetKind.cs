using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Settings.V1alpha1;

namespace Cybernetes.ApiServer.Registry.Settings;

/// <summary>
/// Pod presets, which upstream removed in 1.20: what is put into every new pod with certain labels. Applied by
/// <see cref="Admission.PodPresetAdmission"/>.
/// </summary>
internal sealed class PodPresetKind : KindDefinition<PodPreset>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<Column<PodPreset>> Columns { get; } = [Column<PodPreset>.Name, Column<PodPreset>.CreatedAt];

    protected override bool IsOlder => true;

    protected override string Deprecation => "settings.k8s.io/v1alpha1 PodPreset is deprecated in v1.19+, unavailable in v1.20+";

    protected override void Default(PodPreset obj)
    {
        foreach (var volume in obj.Spec.Volumes.OrEmpty())
            VolumeDefaults.Apply(volume);
        PodDefaults.ApplyTo(obj.Spec.Env);
    }

    protected override void PrepareForCreate(PodPreset obj, WriteContext context) => obj.Metadata.Generation = 1;

    // A preset's spec never changes: pods made of it could not tell which they got.
    protected override void PrepareForUpdate(PodPreset obj, PodPreset old, WriteContext context) => obj.Spec = old.Spec;

    protected override void Validate(PodPreset obj, FieldErrorList errors)
    {
        var spec = obj.Spec;
        FieldChecks.Selector(spec.Selector, SpecPath.Child("selector"), errors);
        if (spec is { Env: null, EnvFrom: null, Volumes: null, VolumeMounts: null })
            errors.Required(SpecPath.Child("volumes", "env").Child("envFrom", "volumeMounts"), "must specify at least one");
        var check = new PodCheck(new() { Volumes = spec.Volumes }, null, errors);
        VolumeValidation.Validate(check, SpecPath.Child("volumes"));
        if (spec.Env is { } variables)
            EnvironmentValidation.Variables(variables, SpecPath.Child("env"), check);
        if (spec.EnvFrom is { } sources)
            EnvironmentValidation.Sources(sources, SpecPath.Child("envFrom"), errors);
        if (spec.VolumeMounts is not { } mounts)
            return;
        // Whether the container may propagate its mounts is known only when there is one.
        var any = new Container { VolumeMounts = mounts, SecurityContext = new() { Privileged = true } };
        MountValidation.Mounts(any, SpecPath.Child("volumeMounts"), check);
    }
}
