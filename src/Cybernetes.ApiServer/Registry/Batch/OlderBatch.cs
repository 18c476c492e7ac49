using Cybernetes.Objects.Batch.V1;
using Old = Cybernetes.Objects.Batch.V1beta1;

namespace Cybernetes.ApiServer.Registry.Batch;

/// <summary>Versions of the batch group that upstream no longer serves.</summary>
internal static class OlderBatch
{
    /// <summary>Cron jobs of batch/v1beta1: the same fields under the same names.</summary>
    public static IReadOnlyList<ServedVersion> OfCronJob { get; } =
    [
        new ReshapedVersion<Old.CronJob, CronJob>
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Old.CronJob>(),
        },
    ];
}
