using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Core.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.ApiServer.Admission;

/// <summary>A claim may grow when it is bound and its class allows it.</summary>
internal sealed class ClaimResize(RegistryServices services) : IAdmissionPlugin
{
    public string Name => "PersistentVolumeClaimResize";

    public bool Handles(AdmissionAttributes attributes) =>
        attributes is { Operation: AdmissionOperation.Update, IsMainResource: true, Object: PersistentVolumeClaim, OldObject: PersistentVolumeClaim };

    public async ValueTask ValidateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var (claim, old) = ((PersistentVolumeClaim)attributes.Object!, (PersistentVolumeClaim)attributes.OldObject!);
        if (SizeOf(claim) <= SizeOf(old))
            return;
        if (old.Status.Phase != "Bound")
            throw attributes.Forbidden("Only bound persistent volume claims can be expanded");
        var name = VolumeTexts.ClassOf(claim.Metadata, claim.Spec.StorageClassName);
        var known = name.Length == 0 || VolumeTexts.ClassOf(old.Metadata, old.Spec.StorageClassName).Length == 0
            ? null
            : await services.FindAsync<StorageClass>("storage.k8s.io", "storageclasses", "", name, cancellation);
        if (known?.AllowVolumeExpansion != true)
        {
            throw attributes.Forbidden(
                "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize");
        }
    }

    private static Quantity SizeOf(PersistentVolumeClaim claim) =>
        claim.Spec.Resources.Requests is { } requests && requests.TryGetValue("storage", out var size) ? size : Quantity.Zero;
}
