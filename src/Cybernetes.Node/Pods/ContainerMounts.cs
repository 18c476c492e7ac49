using Cybernetes.Foundation;
using Cybernetes.Node.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>What a container sees of the node's files: its volumes, /etc/hosts, and the file for its last words.</summary>
internal sealed class ContainerMounts(PodPaths paths, ISubPaths subPaths, IdentitySource identities, Func<DnsSettings> dns)
{
    private const string EtcHosts = "/etc/hosts";
    private const string HostEtcHosts = "/etc/hosts";

    /// <exception cref="PodConfigException">A mount names a volume that is not there, or a sub-path leads out of it.</exception>
    public List<Cri.Mount> Make(
        Pod pod, Container container, IReadOnlyDictionary<string, string> volumes, IReadOnlyList<string> addresses,
        Func<string, string?> variables)
    {
        var mounts = new List<Cri.Mount>();
        for (var i = 0; i < container.VolumeMounts.OrEmpty().Count; i++)
            mounts.Add(OfVolume(pod, container, container.VolumeMounts![i], i, volumes, variables));
        if (NeedsHosts(pod, container, addresses))
            mounts.Add(Hosts(pod, container, addresses));
        if (container.TerminationMessagePath.Length > 0)
            mounts.Add(TerminationLog(pod, container));
        return mounts;
    }

    private Cri.Mount OfVolume(
        Pod pod, Container container, VolumeMount mount, int index, IReadOnlyDictionary<string, string> volumes,
        Func<string, string?> variables)
    {
        if (!volumes.TryGetValue(mount.Name, out var path))
            throw new PodConfigException($"cannot find volume \"{mount.Name}\" to mount into container \"{container.Name}\"");
        var sub = mount.SubPathExpr.Length > 0 ? VariableExpansion.Expand(mount.SubPathExpr, variables) : mount.SubPath;
        if (sub.Length > 0)
        {
            if (Path.IsPathRooted(sub))
                throw new PodConfigException($"error SubPath `{sub}` must not be an absolute path");
            if (sub.Split('/').Contains(".."))
                throw new PodConfigException($"unable to provision SubPath `{sub}`: must not contain '..'");
            path = subPaths.Prepare(pod.Metadata.UID, mount.Name, container.Name, index, path, sub);
        }

        return new Cri.Mount
        {
            ContainerPath = mount.MountPath.StartsWith('/') ? mount.MountPath : "/" + mount.MountPath,
            HostPath = path,
            Readonly = mount.ReadOnly || IsAlwaysReadOnly(pod, mount.Name),
            Propagation = mount.MountPropagation switch
            {
                "HostToContainer" => Cri.MountPropagation.PropagationHostToContainer,
                "Bidirectional" => Cri.MountPropagation.PropagationBidirectional,
                _ => Cri.MountPropagation.PropagationPrivate,
            },
        };
    }

    private static bool IsAlwaysReadOnly(Pod pod, string volumeName)
    {
        var volume = pod.Spec.Volumes?.Find(one => one.Name == volumeName);
        return volume?.ConfigMap is not null || volume?.Secret is not null || volume?.DownwardAPI is not null
            || volume?.Projected is not null || volume?.PersistentVolumeClaim?.ReadOnly == true;
    }

    private static bool NeedsHosts(Pod pod, Container container, IReadOnlyList<string> addresses)
    {
        var mountsItself = container.VolumeMounts.OrEmpty().Any(mount => mount.MountPath == EtcHosts);
        return !mountsItself && (addresses.Count > 0 || pod.Spec.HostNetwork);
    }

    private Cri.Mount Hosts(Pod pod, Container container, IReadOnlyList<string> addresses)
    {
        var (hostname, domain) = PodHostname.Of(pod, dns().Domain);
        var hostText = pod.Spec.HostNetwork && File.Exists(HostEtcHosts) ? File.ReadAllText(HostEtcHosts) : "";
        var path = paths.EtcHosts(pod.Metadata.UID);
        var text = HostsFile.Make(pod, addresses, hostname, domain, hostText);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);

        // Written in place: running containers have this very file mounted.
        if (!File.Exists(path) || File.ReadAllText(path) != text)
            File.WriteAllText(path, text);
        return new Cri.Mount
        {
            ContainerPath = EtcHosts,
            HostPath = path,
            Readonly = container.SecurityContext?.ReadOnlyRootFilesystem == true,
        };
    }

    private Cri.Mount TerminationLog(Pod pod, Container container)
    {
        var directory = paths.ContainerDirectory(pod.Metadata.UID, container.Name);
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, identities.NewUuidText()[..8]);
        File.WriteAllBytes(path, []);

        // Whatever user the container runs as has to be able to write its last words.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
                | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
        }

        return new Cri.Mount { ContainerPath = container.TerminationMessagePath, HostPath = path };
    }
}
