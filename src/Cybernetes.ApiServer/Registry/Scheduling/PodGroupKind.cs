using Cybernetes.Objects;
using Cybernetes.Objects.Scheduling.V1alpha2;

namespace Cybernetes.ApiServer.Registry.Scheduling;

/// <summary>Pod groups: pods that are scheduled together (alpha, gate GenericWorkload).</summary>
internal sealed class PodGroupKind : KindDefinition<PodGroup>
{
    private static readonly FieldPath s_spec = FieldPath.Of("spec");

    public override string FeatureGate => "GenericWorkload";

    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["metadata", "spec"];

    protected override void PrepareForCreate(PodGroup obj, WriteContext context)
    {
        obj.Metadata.Generation = 1;
        obj.Status = new();
        if (!context.Gates.IsEnabled("TopologyAwareWorkloadScheduling"))
            obj.Spec.SchedulingConstraints = null;
        if (!context.Gates.IsEnabled("DRAWorkloadResourceClaims"))
            obj.Spec.ResourceClaims = null;
        if (context.Gates.IsEnabled("WorkloadAwarePreemption"))
        {
            obj.Spec.DisruptionMode ??= "Pod";
            return;
        }
        obj.Spec.DisruptionMode = null;
        obj.Spec.PriorityClassName = "";
        obj.Spec.Priority = null;
    }

    protected override void PrepareForUpdate(PodGroup obj, PodGroup old, WriteContext context)
    {
        obj.Status = old.Status;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void PrepareForStatusUpdate(PodGroup obj, PodGroup old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
    }

    protected override void Validate(PodGroup obj, FieldErrorList errors)
    {
        if (obj.Spec.PodGroupTemplateRef is { } reference)
        {
            var at = s_spec.Child("podGroupTemplateRef");
            if (reference.Workload is not { } workload)
                errors.Invalid(at, "", "must specify one of: `workload`");
            else
            {
                FieldChecks.Subdomain(workload.WorkloadName, at.Child("workload"), "workloadName", errors);
                FieldChecks.DnsLabel(workload.PodGroupTemplateName, at.Child("workload"), "podGroupTemplateName", errors);
            }
        }
        SchedulingPolicyValidation.Policy(obj.Spec.SchedulingPolicy, s_spec.Child("schedulingPolicy"), errors);
        SchedulingPolicyValidation.Constraints(obj.Spec.SchedulingConstraints, s_spec.Child("schedulingConstraints"), errors);
        SchedulingPolicyValidation.Claims(obj.Spec.ResourceClaims, s_spec.Child("resourceClaims"), errors);
        SchedulingPolicyValidation.Disruption(obj.Spec.DisruptionMode, s_spec, errors);
        SchedulingPolicyValidation.PriorityClassName(obj.Spec.PriorityClassName, s_spec, errors);
    }

    protected override void ValidateUpdate(PodGroup obj, PodGroup old, FieldErrorList errors)
    {
        if (!obj.Spec.SemanticEquals(old.Spec))
            errors.Invalid(s_spec, null, FieldChecks.Immutability);
    }

    protected override void ValidateStatusUpdate(PodGroup obj, PodGroup old, FieldErrorList errors) =>
        ConditionChecks.Conditions(obj.Status.Conditions, FieldPath.Of("status", "conditions"), errors);
}
