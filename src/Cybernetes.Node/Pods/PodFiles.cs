using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>Takes away what files a pod leaves behind.</summary>
internal static class PodFiles
{
    /// <summary>Logs and the pod's own directory. Its volumes have to be unmounted before.</summary>
    public static void Remove(PodPaths paths, Pod pod)
    {
        RemoveTree(paths.LogDirectory(pod));
        RemoveTree(paths.PodDirectory(pod.Metadata.UID));
    }

    public static void RemoveLog(string logDirectory, ContainerInstance instance)
    {
        var log = Path.Combine(logDirectory, PodPaths.LogFile(instance.Name, instance.RestartCount));
        var directory = Path.GetDirectoryName(log)!;
        if (!Directory.Exists(directory))
            return;

        // With it go its rotated parts: N.log.<time>[.gz].
        foreach (var file in Directory.EnumerateFiles(directory, Path.GetFileName(log) + "*"))
            File.Delete(file);
    }

    public static void RemoveTree(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }
}
