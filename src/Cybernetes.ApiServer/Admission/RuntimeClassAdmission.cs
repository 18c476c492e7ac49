using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.NodeRuntime.V1;

namespace Cybernetes.ApiServer.Admission;

/// <summary>A pod's runtime class must be there; its overhead, node selector and tolerations become the pod's.</summary>
internal sealed class RuntimeClassAdmission(RegistryServices services) : IAdmissionPlugin
{
    public string Name => "RuntimeClass";

    public bool Handles(AdmissionAttributes attributes) =>
        attributes is { Operation: AdmissionOperation.Create, IsMainResource: true, Object: Pod };

    public async ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var spec = ((Pod)attributes.Object!).Spec;
        if (spec.RuntimeClassName is not { Length: > 0 } || await FindAsync(attributes, spec, cancellation) is not { } runtime)
            return;
        if (runtime.Overhead is { } overhead)
        {
            if (spec.Overhead is { Count: > 0 } && !ObjectEquality.QuantityMap(spec.Overhead, overhead.PodFixed))
                throw attributes.Forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
            spec.Overhead = overhead.PodFixed is null ? null : new(overhead.PodFixed, StringComparer.Ordinal);
        }
        if (runtime.Scheduling is not { } scheduling)
            return;
        foreach (var (key, value) in scheduling.NodeSelector.OrEmpty())
        {
            spec.NodeSelector ??= new(StringComparer.Ordinal);
            if (!spec.NodeSelector.TryAdd(key, value) && spec.NodeSelector[key] != value)
            {
                throw attributes.Forbidden($"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; "
                    + $"pod.spec.nodeSelector[{key}] = {spec.NodeSelector[key]}");
            }
        }
        foreach (var toleration in scheduling.Tolerations.OrEmpty())
        {
            if (!spec.Tolerations.OrEmpty().Any(t => t.SemanticEquals(toleration)))
                (spec.Tolerations ??= []).Add(toleration.DeepClone());
        }
    }

    public async ValueTask ValidateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var spec = ((Pod)attributes.Object!).Spec;
        if (spec.Overhead is not { Count: > 0 } overhead)
            return;
        var runtime = spec.RuntimeClassName is { Length: > 0 } ? await FindAsync(attributes, spec, cancellation) : null;
        if (runtime?.Overhead is not { } defined)
            throw attributes.Forbidden("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
        if (!ObjectEquality.QuantityMap(overhead, defined.PodFixed))
            throw attributes.Forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    }

    private async ValueTask<RuntimeClass?> FindAsync(AdmissionAttributes attributes, PodSpec spec, CancellationToken cancellation)
    {
        if (services.Catalog.FindStored("node.k8s.io", "runtimeclasses") is null)
            return null;
        return await services.FindAsync<RuntimeClass>("node.k8s.io", "runtimeclasses", "", spec.RuntimeClassName!, cancellation)
            ?? throw attributes.Forbidden($"pod rejected: RuntimeClass \"{spec.RuntimeClassName}\" not found");
    }
}
