using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>Where a pod's files are, laid out as upstream's kubelet lays them out.</summary>
/// <param name="Root">The agent's root directory.</param>
/// <param name="Logs">The root of all pods' logs, as a rule /var/log/pods.</param>
internal sealed record PodPaths(string Root, string Logs)
{
    public string AllPods => Path.Combine(Root, "pods");

    public string PodDirectory(string uid) => Path.Combine(AllPods, uid);

    public string EtcHosts(string uid) => Path.Combine(PodDirectory(uid), "etc-hosts");

    public string Volumes(string uid) => Path.Combine(PodDirectory(uid), "volumes");

    /// <param name="plugin">As upstream names volume directories: <c>kubernetes.io~configmap</c>.</param>
    public string Volume(string uid, string plugin, string name) => Path.Combine(Volumes(uid), plugin, name);

    /// <summary>Where sub-paths are made before containers see them.</summary>
    public string SubPaths(string uid) => Path.Combine(PodDirectory(uid), "volume-subpaths");

    public string ContainerDirectory(string uid, string container) => Path.Combine(PodDirectory(uid), "containers", container);

    public string LogDirectory(string podNamespace, string name, string uid) =>
        Path.Combine(Logs, $"{podNamespace}_{name}_{uid}");

    public string LogDirectory(Pod pod) => LogDirectory(pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.UID);

    /// <summary>Relative to the pod's log directory, as the runtime wants it.</summary>
    public static string LogFile(string container, int restartCount) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{container}/{restartCount}.log");
}
