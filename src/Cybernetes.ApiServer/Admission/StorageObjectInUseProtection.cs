using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.ApiServer.Admission;

/// <summary>
/// Claims, volumes and volume attribute classes bear their protecting finalizer from the first write on, so that none can go while it is used. The
/// controllers take it off.
/// </summary>
internal sealed class StorageObjectInUseProtection : IAdmissionPlugin
{
    public string Name => "StorageObjectInUseProtection";

    public bool Handles(AdmissionAttributes attributes) =>
        attributes is { Operation: AdmissionOperation.Create, IsMainResource: true } && FinalizerOf(attributes.Object) is not null;

    public ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var finalizers = attributes.Object!.Metadata.Finalizers ??= [];
        var protection = FinalizerOf(attributes.Object)!;
        if (!finalizers.Contains(protection))
            finalizers.Add(protection);
        return ValueTask.CompletedTask;
    }

    private static string? FinalizerOf(IKubernetesObject? obj) => obj switch
    {
        PersistentVolumeClaim => "kubernetes.io/pvc-protection",
        PersistentVolume => "kubernetes.io/pv-protection",
        VolumeAttributesClass => "kubernetes.io/vac-protection",
        _ => null,
    };
}
