using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Core.Volumes;
using Cybernetes.ApiServer.Registry.Storage;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.ApiServer.Admission;

/// <summary>Gives claims that name no storage class the default one; of several the youngest.</summary>
internal sealed class DefaultStorageClass(RegistryServices services) : IAdmissionPlugin
{
    public string Name => "DefaultStorageClass";

    public bool Handles(AdmissionAttributes attributes) => attributes is
    {
        Operation: AdmissionOperation.Create, IsMainResource: true, Object: PersistentVolumeClaim { Spec.StorageClassName: null } claim,
    } && claim.Metadata.Annotations?.ContainsKey(VolumeTexts.BetaClass) != true;

    public async ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var classes = await services.ListAsync<StorageClass>("storage.k8s.io", "storageclasses", "", cancellation);
        var chosen = classes.Where(c => StorageDefaultClass.Is(c.Metadata)).OrderByDescending(c => c.Metadata.CreationTimestamp)
            .ThenBy(c => c.Metadata.Name, StringComparer.Ordinal).FirstOrDefault();
        if (chosen is not null)
            ((PersistentVolumeClaim)attributes.Object!).Spec.StorageClassName = chosen.Metadata.Name;
    }
}
