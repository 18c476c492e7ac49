using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ServiceAccounts;

/// <summary>The secrets that a pod refers to. Pure.</summary>
internal static class PodSecrets
{
    /// <summary>Their names, of the pod's namespace; some may come twice.</summary>
    public static IEnumerable<string> Of(Pod pod)
    {
        foreach (var pulling in pod.Spec.ImagePullSecrets.OrEmpty())
            yield return pulling.Name;
        foreach (var name in pod.Spec.InitContainers.OrEmpty().Concat(pod.Spec.Containers.OrEmpty()).SelectMany(c => OfEnvironment(c.EnvFrom, c.Env))
            .Concat(pod.Spec.EphemeralContainers.OrEmpty().SelectMany(c => OfEnvironment(c.EnvFrom, c.Env))))
            yield return name;
        foreach (var name in pod.Spec.Volumes.OrEmpty().SelectMany(Of))
            yield return name;
    }

    private static IEnumerable<string> OfEnvironment(List<EnvFromSource>? sources, List<EnvVar>? variables) =>
        sources.OrEmpty().Select(s => s.SecretRef?.Name).Concat(variables.OrEmpty().Select(v => v.ValueFrom?.SecretKeyRef?.Name)).OfType<string>();

    private static IEnumerable<string> Of(Volume volume)
    {
        string?[] names =
        [
            volume.Secret?.SecretName, volume.AzureFile?.SecretName, volume.CephFS?.SecretRef?.Name, volume.Cinder?.SecretRef?.Name,
            volume.FlexVolume?.SecretRef?.Name, volume.RBD?.SecretRef?.Name, volume.ScaleIO?.SecretRef?.Name, volume.ISCSI?.SecretRef?.Name,
            volume.StorageOS?.SecretRef?.Name, volume.CSI?.NodePublishSecretRef?.Name,
            .. volume.Projected?.Sources.OrEmpty().Select(s => s.Secret?.Name) ?? [],
        ];
        return names.OfType<string>();
    }
}
