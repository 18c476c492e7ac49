using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.Scheduling.V1alpha2;

namespace Cybernetes.ApiServer.Admission;

/// <summary>
/// Pod groups bear their protecting finalizer from the first write on, so that none can go while its pods are there. The controller takes it off.
/// </summary>
internal sealed class PodGroupProtection(RegistryServices services) : IAdmissionPlugin
{
    private const string Finalizer = "scheduling.k8s.io/podgroup-protection";

    public string Name => "PodGroupProtection";

    public bool Handles(AdmissionAttributes attributes) =>
        attributes is { Operation: AdmissionOperation.Create, IsMainResource: true, Object: PodGroup } && services.Gates.IsEnabled("GenericWorkload");

    public ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var finalizers = attributes.Object!.Metadata.Finalizers ??= [];
        if (!finalizers.Contains(Finalizer))
            finalizers.Add(Finalizer);
        return ValueTask.CompletedTask;
    }
}
