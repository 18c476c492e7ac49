using System.Globalization;
using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;

namespace Cybernetes.ApiServer.Registry.Batch;

/// <summary>Jobs.</summary>
/// <param name="gates">Which features are on; the defaults when null.</param>
internal sealed class JobKind(FeatureGates? gates = null) : KindDefinition<Job>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

    // Jobs are older than the garbage collector: those who deleted them without a word kept their pods, and still do.
    public override string DefaultPropagation => "Orphan";

    public override string SilentDeletionWarning => "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background "
        + "to remove them or set propagationPolicy=Orphan to suppress this warning";

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("status.successful", "0", "status.succeeded")];

    public override IReadOnlyList<Column<Job>> Columns { get; } =
    [
        Column<Job>.Name,
        Column<Job>.Text("Status", "How it stands.", State),
        Column<Job>.Text("Completions", "Pods that succeeded of those wanted.", Completions),
        new(new("Duration", "string", "", "How long it took, or runs by now.", 0), Duration),
        Column<Job>.Age,
        .. WorkloadColumns.Wide<Job>(j => j.Spec.Template.Spec, j => j.Spec.Selector, "<none>"),
    ];

    protected override void Default(Job obj)
    {
        var spec = obj.Spec;
        JobDefaults.ApplyToTemplate(spec);
        if (spec.Parallelism is null)
            spec.Completions ??= 1;
        spec.Parallelism ??= 1;
        spec.BackoffLimit ??= spec.BackoffLimitPerIndex is null ? 6 : int.MaxValue;
        if (obj.Metadata.Labels is not { Count: > 0 } && spec.Template.Metadata.Labels is { } labels)
            obj.Metadata.Labels = new(labels, StringComparer.Ordinal);
        spec.CompletionMode ??= "NonIndexed";
        spec.Suspend ??= false;
        spec.PodReplacementPolicy ??= spec.PodFailurePolicy is null ? "TerminatingOrFailed" : "Failed";
        spec.ManualSelector ??= false;
    }

    protected override void PrepareForCreate(Job obj, WriteContext context)
    {
        JobDefaults.GenerateSelector(obj);
        obj.Status = new JobStatus();
        obj.Metadata.Generation = 1;
        DisabledPodFields.Drop(obj.Spec.Template.Spec, null, context.Gates);
    }

    protected override void PrepareForUpdate(Job obj, Job old, WriteContext context)
    {
        obj.Status = old.Status;
        DisabledPodFields.Drop(obj.Spec.Template.Spec, old.Spec.Template.Spec, context.Gates);
        obj.Metadata.Generation = old.Metadata.Generation;
        if (!obj.Spec.SemanticEquals(old.Spec))
            obj.Metadata.Generation++;
    }

    protected override void PrepareForStatusUpdate(Job obj, Job old, WriteContext context) => obj.Spec = old.Spec;

    protected override void Validate(Job obj, FieldErrorList errors) => JobValidation.Validate(obj, SpecPath, errors);

    protected override void ValidateUpdate(Job obj, Job old, FieldErrorList errors) =>
        JobUpdateValidation.Validate(obj.Spec, old, gates ?? FeatureGates.Default, SpecPath, errors);

    protected override void ValidateStatusUpdate(Job obj, Job old, FieldErrorList errors) =>
        JobStatusValidation.Validate(obj, old, FieldPath.Of("status"), errors);

    protected override void Warn(Job obj, Job? old, WriteContext context)
    {
        WorkloadValidation.WarnOfName(obj, old, context);
        if (old is null || old.Metadata.Generation != obj.Metadata.Generation)
            JobValidation.Warn(obj.Spec, SpecPath, context);
    }

    private static string State(Job job)
    {
        bool Is(string type) => JobStatusValidation.IsTrue(job.Status.Conditions, type);
        return Is(JobConditionType.JobComplete) ? "Complete"
            : Is(JobConditionType.JobFailed) ? "Failed"
            : job.Metadata.DeletionTimestamp is not null ? "Terminating"
            : Is(JobConditionType.JobSuspended) ? "Suspended"
            : Is(JobConditionType.JobFailureTarget) ? "FailureTarget"
            : Is(JobConditionType.JobSuccessCriteriaMet) ? "SuccessCriteriaMet"
            : "Running";
    }

    private static string Completions(Job job)
    {
        var succeeded = job.Status.Succeeded;
        var parallel = job.Spec.Parallelism ?? 0;
        return job.Spec.Completions is { } wanted
            ? string.Create(CultureInfo.InvariantCulture, $"{succeeded}/{wanted}")
            : string.Create(CultureInfo.InvariantCulture, $"{succeeded}/1{(parallel > 1 ? $" of {parallel}" : "")}");
    }

    private static string Duration(Job job, DateTimeOffset now) =>
        job.Status.StartTime is { } start ? HumanDuration.Text((job.Status.CompletionTime ?? now) - start) : "";
}
