using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Volumes;

/// <summary>Volumes of a pod could not be made; one text a volume, for FailedMount events.</summary>
internal sealed class VolumeException(IReadOnlyList<string> failures) : Exception(string.Join("; ", failures))
{
    public IReadOnlyList<string> Failures { get; } = failures;
}

/// <summary>The volumes of pods as directories (or files) of the node.</summary>
internal interface IPodVolumes
{
    /// <summary>
    /// Makes what is missing and brings up to date what follows the API's objects (ConfigMaps, Secrets, tokens, labels).
    /// Idempotent;
    /// called at a pod's start and again every sync period.
    /// </summary>
    /// <returns>The host path of each volume, by name.</returns>
    /// <exception cref="VolumeException">At least one cannot be made now.</exception>
    Task<IReadOnlyDictionary<string, string>> PrepareAsync(Pod pod, CancellationToken cancellation);

    /// <summary>Unmounts and removes all of a pod's volumes. Idempotent; also for pods nobody remembers.</summary>
    /// <exception cref="IOException">Something is still in use; call again.</exception>
    Task RemoveAsync(string podUid, CancellationToken cancellation);
}

/// <summary>For nodes without containers: every volume is there, and none is.</summary>
internal sealed class NoPodVolumes : IPodVolumes
{
    public Task<IReadOnlyDictionary<string, string>> PrepareAsync(Pod pod, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, string> paths = (pod.Spec.Volumes ?? []).ToDictionary(volume => volume.Name, _ => "/");
        return Task.FromResult(paths);
    }

    public Task RemoveAsync(string podUid, CancellationToken cancellation) => Task.CompletedTask;
}

/// <summary>Directories below a volume, for mounts with subPath.</summary>
internal interface ISubPaths
{
    /// <summary>The host path to mount; made when it is not there.</summary>
    /// <param name="subPath">Relative, without "..".</param>
    /// <exception cref="IOException">It leads out of the volume, or cannot be made.</exception>
    string Prepare(string podUid, string volumeName, string containerName, int mountIndex, string volumePath, string subPath);
}
