using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Cybernetes.Client.Kubeconfig;

/// <summary>
/// What one kubeconfig file, or several merged as kubectl merges <c>$KUBECONFIG</c>, says. Paths inside are already absolute:
/// relative ones are taken from the directory of the file that holds them.
/// </summary>
public sealed class KubeconfigFile
{
    public string CurrentContext { get; private set; } = "";
    public IReadOnlyDictionary<string, KubeconfigCluster> Clusters => clusters;
    public IReadOnlyDictionary<string, KubeconfigUser> Users => users;
    public IReadOnlyDictionary<string, KubeconfigContext> Contexts => contexts;

    private readonly Dictionary<string, KubeconfigCluster> clusters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KubeconfigUser> users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KubeconfigContext> contexts = new(StringComparer.Ordinal);

    /// <summary>Reads one file.</summary>
    /// <exception cref="KubeconfigException">The file is missing, unreadable or no kubeconfig.</exception>
    public static KubeconfigFile Load(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new KubeconfigException($"error loading config file \"{path}\": {failure.Message}", failure);
        }
        return Parse(text, path);
    }

    /// <summary>
    /// Reads a kubeconfig from text; <paramref name="path"/> is named in errors and gives the base of relative paths.
    /// </summary>
    public static KubeconfigFile Parse(string text, string path)
    {
        var result = new KubeconfigFile();
        YamlMappingNode? root = ParseRoot(text, path);
        if (root is null)
            return result;

        string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        var reader = new KubeconfigYaml(path, directory);
        result.CurrentContext = reader.Text(root, "current-context");
        foreach ((string name, YamlMappingNode body) in reader.Named(root, "clusters", "cluster"))
            result.clusters[name] = reader.Cluster(body);
        foreach ((string name, YamlMappingNode body) in reader.Named(root, "users", "user"))
            result.users[name] = reader.User(body);
        foreach ((string name, YamlMappingNode body) in reader.Named(root, "contexts", "context"))
            result.contexts[name] = reader.Context(body);
        return result;
    }

    /// <summary>
    /// Merges files as clientcmd does: the first file that sets an entry or the current context wins; files that are missing are
    /// passed over.
    /// </summary>
    /// <exception cref="KubeconfigException">A file is no kubeconfig, or none of them is there.</exception>
    public static KubeconfigFile LoadMerged(IReadOnlyList<string> paths)
    {
        var result = new KubeconfigFile();
        bool anyFound = false;
        foreach (string path in paths)
        {
            if (!File.Exists(path))
                continue;
            anyFound = true;
            result.AddMissing(Load(path));
        }
        if (!anyFound)
            throw new KubeconfigException($"no kubeconfig found: none of these files is there: {string.Join(", ", paths)}");
        return result;
    }

    /// <summary>The files kubectl would read: the flag's, else those of <c>$KUBECONFIG</c>, else <c>~/.kube/config</c>.</summary>
    public static IReadOnlyList<string> DefaultPaths(string? flag, Func<string, string?> environment)
    {
        if (!string.IsNullOrEmpty(flag))
            return [flag];
        string? variable = environment("KUBECONFIG");
        if (!string.IsNullOrEmpty(variable))
            return variable.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string home = environment("HOME") ?? environment("USERPROFILE") ?? "";
        return [Path.Combine(home, ".kube", "config")];
    }

    /// <summary>The access that a context gives; without a name, that of the current context.</summary>
    /// <exception cref="KubeconfigException">The context, its cluster or its user is not there or cannot be used.</exception>
    public ClusterAccess Resolve(string? contextName = null)
    {
        string name = string.IsNullOrEmpty(contextName) ? CurrentContext : contextName;
        if (name.Length == 0)
            throw new KubeconfigException("invalid configuration: no context was given and current-context is not set");
        if (!contexts.TryGetValue(name, out KubeconfigContext? context))
            throw new KubeconfigException($"context \"{name}\" does not exist");
        if (!clusters.TryGetValue(context.Cluster, out KubeconfigCluster? cluster))
            throw new KubeconfigException($"cluster \"{context.Cluster}\" of context \"{name}\" does not exist");

        var user = new KubeconfigUser();
        if (context.User.Length > 0 && !users.TryGetValue(context.User, out user!))
            throw new KubeconfigException($"user \"{context.User}\" of context \"{name}\" does not exist");
        return ClusterAccess.From(cluster, context.Cluster, user, context.User, context.Namespace);
    }

    internal static YamlMappingNode? ParseRoot(string text, string path)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException failure)
        {
            throw new KubeconfigException(
                $"error loading config file \"{path}\": {failure.Message} (line {failure.Start.Line})", failure);
        }
        YamlNode? root = stream.Documents.Count == 0 ? null : stream.Documents[0].RootNode;
        if (root is null || KubeconfigYaml.IsNull(root))
            return null;
        if (root is not YamlMappingNode mapping)
            throw new KubeconfigException($"error loading config file \"{path}\": not a mapping");
        CheckKind(mapping, path);
        return mapping;
    }

    private static void CheckKind(YamlMappingNode root, string path)
    {
        var reader = new KubeconfigYaml(path, "/");
        string kind = reader.Text(root, "kind");
        string version = reader.Text(root, "apiVersion");
        if (kind.Length > 0 && kind != "Config")
            throw new KubeconfigException(
                $"error loading config file \"{path}\": no kind \"{kind}\" is registered for a kubeconfig");
        if (version.Length > 0 && version != "v1")
            throw new KubeconfigException(
                $"error loading config file \"{path}\": no version \"{version}\" is registered for a kubeconfig");
    }

    private void AddMissing(KubeconfigFile other)
    {
        if (CurrentContext.Length == 0)
            CurrentContext = other.CurrentContext;
        foreach ((string name, KubeconfigCluster cluster) in other.clusters)
            clusters.TryAdd(name, cluster);
        foreach ((string name, KubeconfigUser user) in other.users)
            users.TryAdd(name, user);
        foreach ((string name, KubeconfigContext context) in other.contexts)
            contexts.TryAdd(name, context);
    }
}
