using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Scheduling.V1;

namespace Cybernetes.ApiServer.Admission;

/// <summary>Resolves a pod's priority class to its number and pre-emption policy.</summary>
internal sealed class PriorityAdmission(RegistryServices services) : IAdmissionPlugin
{
    private const int SystemClusterCritical = 2_000_000_000;
    private const int SystemNodeCritical = 2_000_001_000;

    public string Name => "Priority";

    public bool Handles(AdmissionAttributes attributes) =>
        attributes is { Operation: AdmissionOperation.Create, IsMainResource: true, Object: Pod };

    public async ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var spec = ((Pod)attributes.Object!).Spec;
        var (priority, policy) = spec.PriorityClassName switch
        {
            "" => (0, PreemptionPolicy.PreemptLowerPriority),
            "system-cluster-critical" => (SystemClusterCritical, PreemptionPolicy.PreemptLowerPriority),
            "system-node-critical" => (SystemNodeCritical, PreemptionPolicy.PreemptLowerPriority),
            var name => await FindAsync(attributes, name, cancellation),
        };
        if (spec.Priority is { } given && given != priority)
            throw attributes.Forbidden($"the integer value of priority ({given}) must not be provided in pod spec; "
                + $"priority admission controller computed {priority} from the given PriorityClass name");
        spec.Priority = priority;
        spec.PreemptionPolicy ??= policy;
    }

    private async ValueTask<(int Priority, string Policy)> FindAsync(AdmissionAttributes attributes, string name, CancellationToken cancellation)
    {
        var found = await services.FindAsync<PriorityClass>("scheduling.k8s.io", "priorityclasses", "", name, cancellation)
            ?? throw attributes.Forbidden($"no PriorityClass with name {name} was found");
        return (found.Value, found.PreemptionPolicy ?? PreemptionPolicy.PreemptLowerPriority);
    }
}
