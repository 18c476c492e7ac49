using Cybernetes.Objects;
using Cybernetes.Objects.Policy.V1beta1;

namespace Cybernetes.ApiServer.Registry.Policy;

/// <summary>Pod security policies, which upstream has removed: stored and validated for the manifests that still bring them; nothing acts on them.</summary>
internal sealed class PodSecurityPolicyKind : KindDefinition<PodSecurityPolicy>
{
    public override IReadOnlyList<string> ShortNames => ["psp"];

    public override string StoragePath => "podsecuritypolicy";

    public override IReadOnlyList<Column<PodSecurityPolicy>> Columns { get; } =
    [
        Column<PodSecurityPolicy>.Name,
        Column<PodSecurityPolicy>.Text("Priv", "Whether privileged containers are allowed.", p => p.Spec.Privileged ? "true" : "false"),
        Column<PodSecurityPolicy>.Text("Caps", "Capabilities that may be added.", p => string.Join(',', p.Spec.AllowedCapabilities.OrEmpty())),
        Column<PodSecurityPolicy>.Text("Selinux", "Rule of the SELinux context.", p => p.Spec.SELinux.Rule),
        Column<PodSecurityPolicy>.Text("RunAsUser", "Rule of the user.", p => p.Spec.RunAsUser.Rule),
        Column<PodSecurityPolicy>.Text("FsGroup", "Rule of the volumes' group.", p => p.Spec.FSGroup.Rule),
        Column<PodSecurityPolicy>.Text("SupGroup", "Rule of further groups.", p => p.Spec.SupplementalGroups.Rule),
        Column<PodSecurityPolicy>.Text("ReadOnlyRootFs", "Whether root file systems must be read-only.", p => p.Spec.ReadOnlyRootFilesystem ? "true" : "false"),
        Column<PodSecurityPolicy>.Text("Volumes", "Kinds of volumes allowed.", p => string.Join(',', p.Spec.Volumes.OrEmpty())),
    ];

    protected override bool IsOlder => true;

    protected override string Deprecation => "policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+";

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<PodSecurityPolicy>("extensions", "v1beta1")
        {
            IsOlder = true,
            DeprecationWarning =
                "extensions/v1beta1 PodSecurityPolicy is deprecated in v1.11+, unavailable in v1.16+; use policy/v1beta1 PodSecurityPolicy",
        },
    ];

    // What was written before the field was there stays as permissive as it was.
    protected override void Default(PodSecurityPolicy obj) => obj.Spec.AllowPrivilegeEscalation ??= true;

    protected override void Validate(PodSecurityPolicy obj, FieldErrorList errors) => PodSecurityPolicyValidation.Validate(obj, errors);
}
