using System.Collections.Concurrent;
using System.Globalization;
using Cybernetes.Foundation;
using Cybernetes.Node.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Volumes;

/// <summary>Real volumes, below the agent's root directory in upstream's layout.</summary>
internal sealed class PodVolumes(
    PodPaths paths, IMounts mounts, VolumeContents contents, ClaimedVolumes claimed, ServiceTokens tokens, NodeSelf node, TimeProvider time,
    IdentitySource identities) : IPodVolumes
{
    /// <summary>0777: emptyDir belongs to whatever user the containers run as.</summary>
    private const int EveryoneMode = 0x1FF;

    private readonly AtomicWriter _writer = new(time, identities);

    // Pods whose group ownership is set: it is set once, not at every refresh.
    private readonly ConcurrentDictionary<(string Uid, string Volume), bool> _owned = new();

    public async Task<IReadOnlyDictionary<string, string>> PrepareAsync(Pod pod, CancellationToken cancellation)
    {
        var made = new Dictionary<string, string>(StringComparer.Ordinal);
        var failures = new List<string>();
        foreach (var volume in pod.Spec.Volumes.OrEmpty())
        {
            try
            {
                made[volume.Name] = await PrepareAsync(pod, volume, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is PodConfigException or IOException or UnauthorizedAccessException
                or Client.Transport.ApiStatusException)
            {
                failures.Add($"MountVolume.SetUp failed for volume \"{volume.Name}\" : {e.Message}");
            }
        }

        return failures.Count == 0 ? made : throw new VolumeException(failures);
    }

    public Task RemoveAsync(string podUid, CancellationToken cancellation)
    {
        tokens.Forget(podUid);
        foreach (var key in _owned.Keys.Where(key => key.Uid == podUid))
            _owned.TryRemove(key, out _);
        var directory = paths.PodDirectory(podUid);
        if (!Directory.Exists(directory))
            return Task.CompletedTask;
        foreach (var point in mounts.Below(directory))
            mounts.Unmount(point);
        PodFiles.RemoveTree(paths.SubPaths(podUid));
        PodFiles.RemoveTree(paths.Volumes(podUid));
        return Task.CompletedTask;
    }

    private async Task<string> PrepareAsync(Pod pod, Volume volume, CancellationToken cancellation)
    {
        if (volume.HostPath is { } hostPath)
        {
            HostPaths.Check(hostPath);
            return hostPath.Path;
        }

        if (volume.EmptyDir is { } empty)
            return PrepareEmptyDirectory(pod, volume, empty);
        if (ClaimedVolumes.ClaimOf(pod, volume) is { } claim)
            return await PrepareClaimedAsync(pod, volume, claim, cancellation).ConfigureAwait(false);
        if (PluginOf(volume) is not { } plugin)
            throw new PodConfigException(Unsupported(volume));

        var files = await contents.MakeAsync(pod, volume, cancellation).ConfigureAwait(false);
        var directory = paths.Volume(pod.Metadata.UID, plugin.Name, volume.Name);
        Directory.CreateDirectory(directory);
        if (plugin.InMemory)
            MountMemory(directory, null);
        _writer.Write(directory, files, pod.Spec.SecurityContext?.FSGroup);
        return directory;
    }

    private string PrepareEmptyDirectory(Pod pod, Volume volume, EmptyDirVolumeSource empty)
    {
        var directory = paths.Volume(pod.Metadata.UID, "kubernetes.io~empty-dir", volume.Name);
        var isNew = !Directory.Exists(directory);
        Directory.CreateDirectory(directory);
        if (empty.Medium == "Memory")
            MountMemory(directory, SizeOf(pod, empty));
        else if (empty.Medium.Length > 0)
            throw new PodConfigException($"emptyDir medium \"{empty.Medium}\" is not supported by this node agent");
        if (!isNew && _owned.ContainsKey((pod.Metadata.UID, volume.Name)))
            return directory;
        SetOwner(directory, pod.Spec.SecurityContext?.FSGroup);
        _owned[(pod.Metadata.UID, volume.Name)] = true;
        return directory;
    }

    private async Task<string> PrepareClaimedAsync(Pod pod, Volume volume, string claim, CancellationToken cancellation)
    {
        var found = await claimed.FindAsync(pod, volume, claim, cancellation).ConfigureAwait(false);
        if (found.IsLocal && pod.Spec.SecurityContext?.FSGroup is { } group && !_owned.ContainsKey((pod.Metadata.UID, volume.Name)))
            UnixFiles.GiveTree(found.Path, group, pod.Spec.SecurityContext.FSGroupChangePolicy == "OnRootMismatch");
        _owned[(pod.Metadata.UID, volume.Name)] = true;
        return found.Path;
    }

    private static void SetOwner(string directory, long? group)
    {
        if (OperatingSystem.IsWindows())
            return;
        var mode = (UnixFileMode)EveryoneMode;
        if (group is not null)
        {
            UnixFiles.Give(directory, null, group);
            mode |= UnixFileMode.SetGroup;
        }

        File.SetUnixFileMode(directory, mode);
    }

    /// <summary>The least of the volume's limit, the pod's memory limit and the node's memory (KEP-1967).</summary>
    private string? SizeOf(Pod pod, EmptyDirVolumeSource empty)
    {
        long? size = node.Allocatable.TryGetValue("memory", out var memory) ? memory.Value() : null;
        if (PodResourceSums.Limit(pod, "memory") is { } limit && !limit.IsZero)
            size = Math.Min(size ?? long.MaxValue, limit.Value());
        if (empty.SizeLimit is { IsZero: false } own)
            size = Math.Min(size ?? long.MaxValue, own.Value());
        return size is { } bytes ? "size=" + bytes.ToString(CultureInfo.InvariantCulture) : null;
    }

    private void MountMemory(string directory, string? options)
    {
        if (mounts.Below(directory).Contains(directory))
            return;
        mounts.MountMemory(directory, options ?? "");
    }

    /// <summary>Upstream's directory name of the kind; what holds secrets lies in memory only.</summary>
    private static (string Name, bool InMemory)? PluginOf(Volume volume)
    {
        if (volume.ConfigMap is not null)
            return ("kubernetes.io~configmap", false);
        if (volume.Secret is not null)
            return ("kubernetes.io~secret", true);
        if (volume.DownwardAPI is not null)
            return ("kubernetes.io~downward-api", true);
        return volume.Projected is not null ? ("kubernetes.io~projected", true) : null;
    }

    private static string Unsupported(Volume volume)
    {
        var kind = volume switch
        {
            { CSI: not null } => "csi",
            { NFS: not null } => "nfs",
            { ISCSI: not null } => "iscsi",
            { Image: not null } => "image",
            { GitRepo: not null } => "gitRepo",
            { FC: not null } => "fc",
            { FlexVolume: not null } => "flexVolume",
            _ => "this kind of",
        };
        return $"no volume plugin matched: {kind} volumes are not supported by this node agent";
    }
}
