using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Scheduling.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Admission;

/// <summary>Resolves a pod's priority class to its number and pre-emption policy; lets no second class be the default.</summary>
internal sealed class PriorityAdmission(RegistryServices services) : IAdmissionPlugin
{
    private const int SystemClusterCritical = Registry.Scheduling.PriorityClassKind.SystemClusterCritical;
    private const int SystemNodeCritical = Registry.Scheduling.PriorityClassKind.SystemNodeCritical;

    public string Name => "Priority";

    public bool Handles(AdmissionAttributes attributes) => attributes is { Operation: AdmissionOperation.Create, IsMainResource: true, Object: Pod }
        or { Operation: AdmissionOperation.Create or AdmissionOperation.Update, Object: PriorityClass { GlobalDefault: true } };

    public async ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        if (attributes.Object is not Pod pod)
            return;
        var spec = pod.Spec;
        var (priority, policy) = spec.PriorityClassName switch
        {
            "" => await DefaultAsync(spec, cancellation),
            "system-cluster-critical" => (SystemClusterCritical, PreemptionPolicy.PreemptLowerPriority),
            "system-node-critical" => (SystemNodeCritical, PreemptionPolicy.PreemptLowerPriority),
            var name => await FindAsync(attributes, name, cancellation),
        };
        if (spec.Priority is { } given && given != priority)
            throw attributes.Forbidden($"the integer value of priority ({given}) must not be provided in pod spec; "
                + $"priority admission controller computed {priority} from the given PriorityClass name");
        spec.Priority = priority;
        if (spec.PreemptionPolicy is { } wanted && wanted != policy)
            throw attributes.Forbidden($"the string value of PreemptionPolicy ({wanted}) must not be provided in pod spec; "
                + $"priority admission controller computed {policy} from the given PriorityClass name");
        spec.PreemptionPolicy ??= policy;
    }

    public async ValueTask ValidateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        if (attributes.Object is not PriorityClass { GlobalDefault: true } wanted)
            return;
        if (await FindDefaultAsync(cancellation) is { } other && other.Metadata.Name != wanted.Metadata.Name)
            throw attributes.Forbidden($"PriorityClass {other.Metadata.Name} is already marked as default. Only one default can exist");
    }

    private async ValueTask<(int Priority, string Policy)> DefaultAsync(PodSpec spec, CancellationToken cancellation)
    {
        if (await FindDefaultAsync(cancellation) is not { } found)
            return (0, PreemptionPolicy.PreemptLowerPriority);
        spec.PriorityClassName = found.Metadata.Name;
        return (found.Value, found.PreemptionPolicy ?? PreemptionPolicy.PreemptLowerPriority);
    }

    private async ValueTask<(int Priority, string Policy)> FindAsync(AdmissionAttributes attributes, string name, CancellationToken cancellation)
    {
        var found = await services.FindAsync<PriorityClass>("scheduling.k8s.io", "priorityclasses", "", name, cancellation)
            ?? throw attributes.Forbidden($"no PriorityClass with name {name} was found");
        return (found.Value, found.PreemptionPolicy ?? PreemptionPolicy.PreemptLowerPriority);
    }

    /// <summary>The default class; of several (made by API servers at one moment) the one of the least value, as upstream.</summary>
    private async ValueTask<PriorityClass?> FindDefaultAsync(CancellationToken cancellation)
    {
        if (services.Catalog.FindStored("scheduling.k8s.io", "priorityclasses") is not { } kind)
            return null;
        var result = await services.Store.RangeAsync(new RangeRequest(RegistryServices.RangeOf(kind, "")), cancellation);
        if (!result.TryGet(out var range, out var error))
            throw StoredJson.FailureOf(error);
        return range.Records.Where(r => MayBeDefault(r.Value.Span)).Select(r => (PriorityClass)kind.DecodeStored(r.Value))
            .Where(p => p.GlobalDefault).MinBy(p => p.Value);
    }

    /// <summary>Pods come often and default classes hardly: most records are not worth a typed object.</summary>
    private static bool MayBeDefault(ReadOnlySpan<byte> json) => json.IndexOf("\"globalDefault\""u8) >= 0;
}
