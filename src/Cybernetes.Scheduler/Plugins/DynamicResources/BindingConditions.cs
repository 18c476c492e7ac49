using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>Devices that must get ready before the pod is bound (KEP-5007). Pure.</summary>
internal static class BindingConditions
{
    public static bool AreWanted(ResourceClaim claim) => ResultsOf(claim).Any();

    /// <summary>Whether all devices of the claim are ready.</summary>
    /// <param name="claim">The claim as it is now.</param>
    /// <param name="failure">What its driver says went wrong, else null.</param>
    public static bool AreMet(ResourceClaim claim, out string? failure)
    {
        failure = null;
        if (claim.Status.Allocation is null)
            return false;
        foreach (var result in ResultsOf(claim))
        {
            var status = claim.Status.Devices.OrEmpty().FirstOrDefault(d => d.Device == result.Device && d.Driver == result.Driver && d.Pool == result.Pool);
            if (status is null)
                return false;
            var conditions = status.Conditions.OrEmpty();
            if (conditions.FirstOrDefault(c => c.Status == "True" && result.BindingFailureConditions.OrEmpty().Contains(c.Type)) is { } failed)
            {
                failure = $"claim {claim.Metadata.Name} binding failed: reason={failed.Reason}, message=\"{failed.Message}\"";
                return false;
            }
            if (!result.BindingConditions.OrEmpty().All(wanted => conditions.Any(c => c.Type == wanted && c.Status == "True")))
                return false;
        }
        return true;
    }

    /// <summary>Whether devices that are not ready have had their time.</summary>
    public static bool HaveTimedOut(ResourceClaim claim, TimeSpan timeout, DateTimeOffset now) =>
        AreWanted(claim) && claim.Status.Allocation?.AllocationTimestamp is { } since && since + timeout < now;

    private static IEnumerable<DeviceRequestAllocationResult> ResultsOf(ResourceClaim claim) =>
        claim.Status.Allocation?.Devices.Results.OrEmpty().Where(r => r.BindingConditions is { Count: > 0 }) ?? [];
}
