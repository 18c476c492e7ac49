namespace Cybernetes.Node.Volumes;

/// <summary>
/// Resolves sub-paths step by step, so that no symbolic link inside the volume leads out of it. (Upstream also holds the place
/// by a
/// bind mount against a container that swaps it meanwhile; here the place is resolved when the container is made.)
/// </summary>
internal sealed class SubPaths : ISubPaths
{
    private const int MaxLinks = 40;

    public string Prepare(string podUid, string volumeName, string containerName, int mountIndex, string volumePath,
        string subPath)
    {
        var root = Resolve(volumePath);
        var at = root;
        var links = 0;
        var rest = new LinkedList<string>(subPath.Split('/', StringSplitOptions.RemoveEmptyEntries));
        while (rest.First is { } step)
        {
            rest.RemoveFirst();
            if (step.Value == ".")
                continue;
            if (step.Value == "..")
            {
                at = at == root ? throw Escapes(subPath) : Path.GetDirectoryName(at)!;
                continue;
            }

            var next = Path.Combine(at, step.Value);
            var target = LinkTarget(next);
            if (target is null)
            {
                at = next;
                if (!Path.Exists(at))
                    Directory.CreateDirectory(at);
                continue;
            }

            if (++links > MaxLinks || Path.IsPathRooted(target))
                throw Escapes(subPath);
            foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                rest.AddFirst(part);
        }

        return at;
    }

    private static string Resolve(string path) =>
        new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;

    private static string? LinkTarget(string path)
    {
        var info = new FileInfo(path);
        return info.LinkTarget ?? new DirectoryInfo(path).LinkTarget;
    }

    private static IOException Escapes(string subPath) =>
        new($"failed to prepare subPath for volumeMount: subpath \"{subPath}\" not within volume path");
}
