using Cybernetes.Objects;
using Cybernetes.Objects.Scheduling.V1alpha2;

namespace Cybernetes.ApiServer.Registry.Scheduling;

/// <summary>Workloads: templates of pod groups that are scheduled together (alpha, gate GenericWorkload).</summary>
internal sealed class WorkloadKind : KindDefinition<Workload>
{
    private const int MaximumTemplates = 8;
    private static readonly FieldPath s_spec = FieldPath.Of("spec");

    public override string FeatureGate => "GenericWorkload";

    public override IReadOnlyList<string> ShortNames => ["wl"];

    protected override void PrepareForCreate(Workload obj, WriteContext context)
    {
        obj.Metadata.Generation = 1;
        foreach (var template in obj.Spec.PodGroupTemplates.OrEmpty())
            DropDisabled(template, context.Gates);
    }

    protected override void PrepareForUpdate(Workload obj, Workload old, WriteContext context) =>
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));

    protected override void Validate(Workload obj, FieldErrorList errors)
    {
        if (obj.Spec.ControllerRef is { } controller)
        {
            var at = s_spec.Child("controllerRef");
            if (controller.ApiGroupIsWrong())
                errors.InvalidChild(at, "apiGroup", controller.APIGroup, Names.Dns1123Subdomain(controller.APIGroup));
            Segment(controller.Kind, at, "kind", errors);
            Segment(controller.Name, at, "name", errors);
        }
        var templates = obj.Spec.PodGroupTemplates.OrEmpty();
        var path = s_spec.Child("podGroupTemplates");
        if (templates.Count == 0)
            errors.Required(path, "must have at least one item");
        else if (templates.Count > MaximumTemplates)
            errors.TooMany(path, templates.Count, MaximumTemplates);
        for (var i = 0; i < templates.Count; i++)
        {
            FieldChecks.DnsLabel(templates[i].Name, path.Index(i), "name", errors);
            if (templates.Take(i).Any(t => t.Name == templates[i].Name))
                errors.Duplicate(path.Index(i), templates[i].Name);
            SchedulingPolicyValidation.Policy(templates[i].SchedulingPolicy, path.Index(i).Child("schedulingPolicy"), errors);
            SchedulingPolicyValidation.Constraints(templates[i].SchedulingConstraints, path.Index(i).Child("schedulingConstraints"), errors);
            SchedulingPolicyValidation.Claims(templates[i].ResourceClaims, path.Index(i).Child("resourceClaims"), errors);
            SchedulingPolicyValidation.Disruption(templates[i].DisruptionMode, path.Index(i), errors);
            SchedulingPolicyValidation.PriorityClassName(templates[i].PriorityClassName, path.Index(i), errors);
        }
    }

    protected override void ValidateUpdate(Workload obj, Workload old, FieldErrorList errors)
    {
        if (old.Spec.ControllerRef is not null && obj.Spec.ControllerRef?.SemanticEquals(old.Spec.ControllerRef) != true)
            errors.Invalid(s_spec.Child("controllerRef"), null, FieldChecks.Immutability);
        var (now, before) = (obj.Spec.PodGroupTemplates.OrEmpty(), old.Spec.PodGroupTemplates.OrEmpty());
        if (now.Count != before.Count || now.Zip(before).Any(p => !p.First.SemanticEquals(p.Second)))
            errors.Invalid(s_spec.Child("podGroupTemplates"), null, FieldChecks.Immutability);
    }

    private static void Segment(string value, FieldPath path, string child, FieldErrorList errors)
    {
        if (value.Length == 0)
            errors.Required(path.Child(child));
        else
            errors.InvalidChild(path, child, value, Names.PathSegment(value));
    }

    private static void DropDisabled(PodGroupTemplate template, FeatureGates gates)
    {
        if (!gates.IsEnabled("TopologyAwareWorkloadScheduling"))
            template.SchedulingConstraints = null;
        if (!gates.IsEnabled("DRAWorkloadResourceClaims"))
            template.ResourceClaims = null;
        if (gates.IsEnabled("WorkloadAwarePreemption"))
            return;
        template.DisruptionMode = null;
        template.PriorityClassName = "";
        template.Priority = null;
    }
}

internal static class WorkloadReference
{
    public static bool ApiGroupIsWrong(this TypedLocalObjectReference reference) =>
        reference.APIGroup.Length > 0 && Names.Dns1123Subdomain(reference.APIGroup).Count > 0;
}
