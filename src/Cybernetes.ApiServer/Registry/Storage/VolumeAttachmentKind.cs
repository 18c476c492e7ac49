using System.Text;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.ApiServer.Registry.Core.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.ApiServer.Registry.Storage;

/// <summary>Volumes attached to nodes.</summary>
internal sealed class VolumeAttachmentKind : KindDefinition<VolumeAttachment>
{
    private const int MaximumMetadataBytes = 256 * 1024;
    private const int MaximumMessageBytes = 1024;
    private const string ExactlyOne = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["metadata", "spec"];

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<VolumeAttachment>> Columns { get; } =
    [
        Column<VolumeAttachment>.Name,
        new(new("Attacher", "string", "name", "The driver that attaches.", 0), (a, _) => a.Spec.Attacher),
        Column<VolumeAttachment>.Text("PV", "The volume.", a => a.Spec.Source.PersistentVolumeName ?? ""),
        Column<VolumeAttachment>.Text("Node", "The node.", a => a.Spec.NodeName),
        new(new("Attached", "boolean", "", "Whether it is attached.", 0), (a, _) => a.Status.Attached),
        Column<VolumeAttachment>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<VolumeAttachment>("v1beta1")
        {
            IsOlder = true,
            DeprecationWarning = "storage.k8s.io/v1beta1 VolumeAttachment is deprecated in v1.19+, unavailable in v1.22+; "
                + "use storage.k8s.io/v1 VolumeAttachment",
        },
        new RenamedVersion<VolumeAttachment>("v1alpha1")
        {
            IsOlder = true,
            DeprecationWarning = "storage.k8s.io/v1alpha1 VolumeAttachment is deprecated in v1.21+, unavailable in v1.24+; "
                + "use storage.k8s.io/v1 VolumeAttachment",
        },
    ];

    protected override void PrepareForCreate(VolumeAttachment obj, WriteContext context) => obj.Status = new VolumeAttachmentStatus();

    protected override void PrepareForUpdate(VolumeAttachment obj, VolumeAttachment old, WriteContext context) => obj.Status = old.Status;

    protected override void PrepareForStatusUpdate(VolumeAttachment obj, VolumeAttachment old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
    }

    protected override void Validate(VolumeAttachment obj, FieldErrorList errors)
    {
        if (obj.Spec.Attacher.Length == 0)
            errors.Required(SpecPath.Child("attacher"));
        Source(obj.Spec.Source, SpecPath.Child("source"), errors);
        FieldChecks.Subdomain(obj.Spec.NodeName, SpecPath, "nodeName", errors);
        Status(obj.Status, errors);
    }

    protected override void ValidateCreate(VolumeAttachment obj, FieldErrorList errors)
    {
        VolumeValidation.CsiDriverName(obj.Spec.Attacher, FieldPath.Of("spec.attacher"), errors);
        if (obj.Spec.Source.PersistentVolumeName is { } name)
            errors.AddInvalid(FieldPath.Of("spec.source.persistentVolumeName"), name, Names.Dns1123Subdomain(name));
    }

    protected override void ValidateUpdate(VolumeAttachment obj, VolumeAttachment old, FieldErrorList errors)
    {
        if (!obj.Spec.SemanticEquals(old.Spec))
            errors.Invalid(SpecPath, GoNamedJson.Of(obj.Spec, "storage/v1.VolumeAttachmentSpec"), FieldChecks.Immutability);
    }

    protected override void ValidateStatusUpdate(VolumeAttachment obj, VolumeAttachment old, FieldErrorList errors) => Validate(obj, errors);

    private static void Source(VolumeAttachmentSource source, FieldPath path, FieldErrorList errors)
    {
        switch (source)
        {
            case { InlineVolumeSpec: null, PersistentVolumeName: null }:
                errors.Required(path, ExactlyOne);
                break;
            case { InlineVolumeSpec: not null, PersistentVolumeName: not null }:
                errors.Forbidden(path, ExactlyOne);
                break;
            case { PersistentVolumeName.Length: 0 }:
                errors.Required(path.Child("persistentVolumeName"), "must specify non empty persistentVolumeName");
                break;
            case { InlineVolumeSpec: { } spec }:
                PersistentVolumeValidation.Spec(spec, "", inline: true, path.Child("inlineVolumeSpec"), errors);
                break;
        }
    }

    private static void Status(VolumeAttachmentStatus status, FieldErrorList errors)
    {
        var path = FieldPath.Of("status");
        if (StorageChecks.Bytes(status.AttachmentMetadata) > MaximumMetadataBytes)
            errors.TooLong(path.Child("attachmentMetadata"), MaximumMetadataBytes);
        Error(status.AttachError, path.Child("attachError"), errors);
        Error(status.DetachError, path.Child("detachError"), errors);
    }

    private static void Error(VolumeError? error, FieldPath path, FieldErrorList errors)
    {
        if (error is null)
            return;
        // Upstream measures by one bound and tells the other.
        if (Encoding.UTF8.GetByteCount(error.Message) > MaximumMessageBytes)
            errors.TooLong(path.Child("message"), MaximumMetadataBytes);
        if (error.ErrorCode is < 0 and var code)
            errors.Invalid(path.Child("errorCode"), code, "must be between 0 and 2147483647, inclusive");
    }
}
