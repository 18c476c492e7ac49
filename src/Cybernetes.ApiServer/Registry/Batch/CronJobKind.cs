using System.Globalization;
using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.ApiServer.Registry.Batch;

/// <summary>Cron jobs.</summary>
internal sealed class CronJobKind : KindDefinition<CronJob>
{
    // A job's name gets eleven characters after the cron job's, and has to fit a label.
    private const int NameMaximum = 52;

    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<string> ShortNames => ["cj"];

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<CronJob>> Columns { get; } =
    [
        Column<CronJob>.Name,
        Column<CronJob>.Text("Schedule", "When jobs are made.", c => c.Spec.Schedule),
        Column<CronJob>.Text("Timezone", "In whose time.", c => c.Spec.TimeZone ?? "<none>"),
        new(new("Suspend", "boolean", "", "Whether no jobs are made.", 0), (c, _) =>
            c.Spec.Suspend switch { true => "True", false => "False", null => "<unset>" }),
        Column<CronJob>.Number("Active", "Jobs that run.", c => c.Status.Active?.Count ?? 0),
        new(new("Last Schedule", "string", "", "How long ago a job was made.", 0), (c, now) =>
            c.Status.LastScheduleTime is { } last ? HumanDuration.Since(last, now) : "<none>"),
        Column<CronJob>.Age,
        .. WorkloadColumns.Wide<CronJob>(c => c.Spec.JobTemplate.Spec.Template.Spec, c => c.Spec.JobTemplate.Spec.Selector, "<none>"),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions => OlderBatch.OfCronJob;

    protected override void Default(CronJob obj)
    {
        JobDefaults.ApplyToTemplate(obj.Spec.JobTemplate.Spec);
        if (obj.Spec.ConcurrencyPolicy.Length == 0)
            obj.Spec.ConcurrencyPolicy = "Allow";
        obj.Spec.Suspend ??= false;
        obj.Spec.SuccessfulJobsHistoryLimit ??= 3;
        obj.Spec.FailedJobsHistoryLimit ??= 1;
    }

    protected override void PrepareForCreate(CronJob obj, WriteContext context)
    {
        obj.Status = new CronJobStatus();
        obj.Metadata.Generation = 1;
        DisabledPodFields.Drop(obj.Spec.JobTemplate.Spec.Template.Spec, null, context.Gates);
    }

    protected override void PrepareForUpdate(CronJob obj, CronJob old, WriteContext context)
    {
        obj.Status = old.Status;
        DisabledPodFields.Drop(obj.Spec.JobTemplate.Spec.Template.Spec, old.Spec.JobTemplate.Spec.Template.Spec, context.Gates);
        obj.Metadata.Generation = old.Metadata.Generation;
        if (!obj.Spec.SemanticEquals(old.Spec))
            obj.Metadata.Generation++;
    }

    protected override void PrepareForStatusUpdate(CronJob obj, CronJob old, WriteContext context) => obj.Spec = old.Spec;

    protected override void ValidateCreate(CronJob obj, FieldErrorList errors)
    {
        Spec(obj.Spec, null, errors);
        if (obj.Metadata.Name.Length > NameMaximum)
            errors.Invalid(FieldPath.Of("metadata", "name"), obj.Metadata.Name, "must be no more than 52 characters");
    }

    protected override void ValidateUpdate(CronJob obj, CronJob old, FieldErrorList errors) => Spec(obj.Spec, old.Spec, errors);

    protected override void Warn(CronJob obj, CronJob? old, WriteContext context)
    {
        WorkloadValidation.WarnOfName(obj, old, context);
        if (old is null || old.Metadata.Generation != obj.Metadata.Generation)
            JobValidation.Warn(obj.Spec.JobTemplate.Spec, SpecPath.Child("jobTemplate", "spec"), context);
        if (old is not null && HasZone(obj.Spec.Schedule))
        {
            // Upstream's path, as it prints it.
            context.Warn("cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
                + "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details");
        }
    }

    private static bool HasZone(string schedule) => schedule.Contains("TZ", StringComparison.Ordinal);

    private static void Spec(CronJobSpec spec, CronJobSpec? old, FieldErrorList errors)
    {
        if (spec.Schedule.Length == 0)
            errors.Required(SpecPath.Child("schedule"));
        else
            Schedule(spec, old is not null && HasZone(old.Schedule), SpecPath.Child("schedule"), errors);
        FieldChecks.NonNegative(spec.StartingDeadlineSeconds ?? 0, SpecPath, "startingDeadlineSeconds", errors);
        if (spec.TimeZone is { } zone && zone != old?.TimeZone)
            Zone(zone, SpecPath.Child("timeZone"), errors);
        if (spec.ConcurrencyPolicy is not ("Allow" or "Forbid" or "Replace"))
            errors.NotSupported(SpecPath.Child("concurrencyPolicy"), spec.ConcurrencyPolicy, "Allow", "Forbid", "Replace");
        JobValidation.Template(spec.JobTemplate.Spec, SpecPath.Child("jobTemplate").Child("spec"), errors);
        FieldChecks.NonNegative(spec.SuccessfulJobsHistoryLimit ?? 0, SpecPath, "successfulJobsHistoryLimit", errors);
        FieldChecks.NonNegative(spec.FailedJobsHistoryLimit ?? 0, SpecPath, "failedJobsHistoryLimit", errors);
    }

    private static void Schedule(CronJobSpec spec, bool allowZone, FieldPath path, FieldErrorList errors)
    {
        if (CronSchedule.TryParse(spec.Schedule, out _) is { } problem)
            errors.Invalid(path, spec.Schedule, problem);
        if (!HasZone(spec.Schedule))
            return;
        if (!allowZone)
            errors.Invalid(path, spec.Schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        else if (spec.TimeZone is not null)
            errors.Invalid(path, spec.Schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
    }

    private static void Zone(string zone, FieldPath path, FieldErrorList errors)
    {
        if (zone.Length == 0)
        {
            errors.Invalid(path, zone, "timeZone must be nil or non-empty string");
            return;
        }
        if (string.Equals(zone, "Local", StringComparison.OrdinalIgnoreCase))
            errors.Invalid(path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        if (!CronSchedule.TryFindZone(zone, out _))
            errors.Invalid(path, zone, string.Create(CultureInfo.InvariantCulture, $"unknown time zone {zone}"));
    }
}
