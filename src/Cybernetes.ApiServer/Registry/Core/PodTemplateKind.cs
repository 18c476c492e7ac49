using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>Pod templates as objects of their own.</summary>
internal sealed class PodTemplateKind : KindDefinition<PodTemplate>
{
    private static readonly FieldPath TemplatePath = FieldPath.Of("template");

    public override IReadOnlyList<Column<PodTemplate>> Columns { get; } =
    [
        Column<PodTemplate>.Name,
        .. WorkloadColumns.ContainersAndImages<PodTemplate>(t => t.Template.Spec, priority: 0),
        Column<PodTemplate>.Text("Pod Labels", "Labels of the pods.", t => WorkloadColumns.LabelsText(t.Template.Metadata.Labels)),
    ];

    protected override void Default(PodTemplate obj) => PodDefaults.Apply(obj.Template);

    protected override void PrepareForCreate(PodTemplate obj, WriteContext context)
    {
        obj.Metadata.Generation = 1;
        DisabledPodFields.Drop(obj.Template.Spec, null, context.Gates);
    }

    protected override void PrepareForUpdate(PodTemplate obj, PodTemplate old, WriteContext context)
    {
        DisabledPodFields.Drop(obj.Template.Spec, old.Template.Spec, context.Gates);
        obj.Metadata.Generation = old.Metadata.Generation;
        if (!obj.Template.SemanticEquals(old.Template))
            obj.Metadata.Generation++;
    }

    protected override void Validate(PodTemplate obj, FieldErrorList errors) => PodValidation.ValidateTemplate(obj.Template, TemplatePath, errors);

    protected override void Warn(PodTemplate obj, PodTemplate? old, WriteContext context) =>
        PodWarnings.Warn(obj.Template.Spec, TemplatePath.Child("spec"), context);
}
