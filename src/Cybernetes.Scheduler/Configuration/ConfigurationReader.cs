using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Cybernetes.Scheduler.Configuration;

/// <summary>Reads a KubeSchedulerConfiguration top-down; the first mistake ends it, with its line and field.</summary>
internal static class ConfigurationReader
{
    private const string Group = "kubescheduler.config.k8s.io/";

    /// <summary>The versions that are read. Before v1beta3 some scores weigh less.</summary>
    public static string[] Versions => [Group + "v1", Group + "v1beta3", Group + "v1beta2", Group + "v1beta1"];

    public static SchedulerConfiguration Read(string yaml, string source)
    {
        var root = Root(yaml, source);
        var fields = root.Fields(
            "apiVersion", "kind", "parallelism", "leaderElection", "clientConnection", "healthzBindAddress", "metricsBindAddress", "enableProfiling",
            "enableContentionProfiling", "percentageOfNodesToScore", "podInitialBackoffSeconds", "podMaxBackoffSeconds", "profiles", "extenders",
            "delayCacheUntilActive", "metadata");
        if (!fields.TryGetValue("kind", out var kind) || kind.Text() != "KubeSchedulerConfiguration")
            throw (kind ?? root).Error("kind must be KubeSchedulerConfiguration");
        var version = fields.TryGetValue("apiVersion", out var apiVersion)
            ? apiVersion.OneOf(Versions)[Group.Length..]
            : throw root.Error("apiVersion is missing: kubescheduler.config.k8s.io/v1");
        var read = new SchedulerConfiguration
        {
            Version = version,
            PodInitialBackoff = TimeSpan.FromSeconds(Number(fields, "podInitialBackoffSeconds", 1, 1, int.MaxValue)),
            PodMaxBackoff = TimeSpan.FromSeconds(Number(fields, "podMaxBackoffSeconds", 10, 1, int.MaxValue)),
            PercentageOfNodesToScore = Number(fields, "percentageOfNodesToScore", 0, 0, 100),
        };
        Number(fields, "parallelism", 16, 1, int.MaxValue);
        if (read.PodMaxBackoff < read.PodInitialBackoff)
            throw (fields.GetValueOrDefault("podMaxBackoffSeconds") ?? root).Error("Invalid value: must be greater than or equal to PodInitialBackoffSeconds");
        if (fields.TryGetValue("profiles", out var profiles) && profiles.Items().Select(p => Profile(p)).ToList() is { Count: > 0 } given)
            read = read with { Profiles = Together(profiles, given) };
        if (fields.TryGetValue("extenders", out var extenders))
            read = read with { Extenders = ExtenderReader.ReadAll(extenders) };
        return Surroundings(fields, read);
    }

    private static ConfigurationNode Root(string yaml, string source)
    {
        var stream = new YamlStream();
        try
        {
            CheckDepth(yaml, source);
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException failure)
        {
            throw new SchedulerConfigurationException($"{source}:{failure.Start.Line}: {failure.Message}");
        }
        return stream.Documents.Count == 1
            ? new ConfigurationNode(stream.Documents[0].RootNode, "", source)
            : throw new SchedulerConfigurationException($"{source}:1: document: one KubeSchedulerConfiguration is expected, not {stream.Documents.Count}");
    }

    // What makes the tree goes down by calling itself: a file that is nested without end would end the process, not the reading.
    private static void CheckDepth(string yaml, string source)
    {
        var parser = new Parser(new StringReader(yaml));
        for (var depth = 0; parser.MoveNext();)
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > ConfigurationNode.DeepestNesting)
                throw new SchedulerConfigurationException($"{source}:{parser.Current.Start.Line}: document: nested too deep");
        }
    }

    private static SchedulerConfiguration Surroundings(Dictionary<string, ConfigurationNode> fields, SchedulerConfiguration read)
    {
        if (fields.TryGetValue("leaderElection", out var election))
        {
            var inside = election.Fields("leaderElect", "leaseDuration", "renewDeadline", "retryPeriod", "resourceLock", "resourceName", "resourceNamespace");
            inside.GetValueOrDefault("resourceLock")?.OneOf("leases");
            read = read with
            {
                LeaderElect = inside.GetValueOrDefault("leaderElect")?.Truth(),
                LeaseName = inside.GetValueOrDefault("resourceName")?.Text() ?? read.LeaseName,
                LeaseNamespace = inside.GetValueOrDefault("resourceNamespace")?.Text() ?? read.LeaseNamespace,
                LeaseDuration = Times("leaseDuration", read.LeaseDuration),
                RenewDeadline = Times("renewDeadline", read.RenewDeadline),
                RetryPeriod = Times("retryPeriod", read.RetryPeriod),
            };
            TimeSpan Times(string name, TimeSpan absent) => inside.GetValueOrDefault(name) is not { } node ? absent
                : node.Duration() is { } value && value > TimeSpan.Zero ? value : throw node.Error("Invalid value: must be greater than zero");
            if (read.LeaseDuration <= read.RenewDeadline)
                throw (inside.GetValueOrDefault("leaseDuration") ?? election).Error("Invalid value: LeaseDuration must be greater than RenewDeadline");
            // The waits between tries are spread by up to a fifth.
            if (read.RenewDeadline <= read.RetryPeriod * 1.2)
            {
                throw (inside.GetValueOrDefault("renewDeadline") ?? election)
                    .Error("Invalid value: RenewDeadline must be greater than RetryPeriod*JitterFactor");
            }
        }
        if (fields.TryGetValue("clientConnection", out var connection))
        {
            var inside = connection.Fields("kubeconfig", "acceptContentTypes", "contentType", "qps", "burst");
            inside.GetValueOrDefault("burst")?.Number(0, int.MaxValue);
            read = read with { Kubeconfig = inside.GetValueOrDefault("kubeconfig")?.Text() ?? "" };
        }
        foreach (var address in new[] { "healthzBindAddress", "metricsBindAddress" })
        {
            if (fields.GetValueOrDefault(address) is not { } node)
                continue;
            if (node.Text() is not ("" or "0") and var text && !text.EndsWith(":0", StringComparison.Ordinal))
                throw node.Error($"Invalid value: \"{text}\": must be empty or with an explicit 0 port");
        }
        foreach (var flag in new[] { "enableProfiling", "enableContentionProfiling", "delayCacheUntilActive" })
            fields.GetValueOrDefault(flag)?.Truth();
        return read;
    }

    /// <summary>Each profile has a name of its own, and all have the one queue's order.</summary>
    private static List<ProfileConfiguration> Together(ConfigurationNode node, List<ProfileConfiguration> profiles)
    {
        var items = node.Items().ToList();
        for (var i = 1; i < profiles.Count; i++)
        {
            if (profiles.Take(i).Any(p => p.SchedulerName == profiles[i].SchedulerName))
                throw items[i].Error($"Duplicate value: schedulerName \"{profiles[i].SchedulerName}\"");
            if (!Same(profiles[0].Plugins.GetValueOrDefault("queueSort"), profiles[i].Plugins.GetValueOrDefault("queueSort")))
                throw items[i].Error("Invalid value: plugins.queueSort: has to match for all profiles");
        }
        return profiles;
    }

    private static bool Same(PluginSet? one, PluginSet? other) =>
        (one?.Enabled ?? []).SequenceEqual(other?.Enabled ?? []) && (one?.Disabled ?? []).SequenceEqual(other?.Disabled ?? []);

    private static ProfileConfiguration Profile(ConfigurationNode node)
    {
        var fields = node.Fields("schedulerName", "percentageOfNodesToScore", "plugins", "pluginConfig");
        Number(fields, "percentageOfNodesToScore", 0, 0, 100);
        var plugins = new Dictionary<string, PluginSet>(StringComparer.Ordinal);
        if (fields.TryGetValue("plugins", out var sets))
        {
            foreach (var (point, set) in sets.Fields([.. PluginCatalog.ExtensionPoints]))
                plugins[point] = Set(set);
        }
        return new ProfileConfiguration
        {
            SchedulerName = fields.TryGetValue("schedulerName", out var name)
                ? name.Text() is { Length: > 0 } text ? text : throw name.Error("Required value")
                : "default-scheduler",
            Plugins = plugins,
            Arguments = fields.TryGetValue("pluginConfig", out var arguments) ? ArgumentReader.Read(arguments) : new PluginArguments(),
        };
    }

    private static PluginSet Set(ConfigurationNode node)
    {
        var fields = node.Fields("enabled", "disabled");
        var enabled = new List<(string, int)>();
        foreach (var item in fields.GetValueOrDefault("enabled")?.Items() ?? [])
        {
            var inside = item.Fields("name", "weight");
            var weight = Number(inside, "weight", 0, 0, 100_000);
            var name = Name(item, inside, allowsAll: false);
            var present = PluginCatalog.Present(name);
            if (!enabled.Exists(e => e.Item1 == present))
                enabled.Add((present, weight));
            else if (present == name)
                throw inside["name"].Error($"plugin \"{name}\" already registered");
        }
        var disabled = (fields.GetValueOrDefault("disabled")?.Items() ?? []).Select(item => Name(item, item.Fields("name", "weight"), allowsAll: true));
        return new PluginSet(enabled, [.. disabled]);
    }

    private static string Name(ConfigurationNode item, Dictionary<string, ConfigurationNode> fields, bool allowsAll)
    {
        if (!fields.TryGetValue("name", out var node))
            throw item.Error("Required value: name");
        var name = node.Text();
        return (allowsAll && name == "*") || PluginCatalog.Knows(name) ? name : throw node.Error(PluginCatalog.Unknown(name));
    }

    private static int Number(Dictionary<string, ConfigurationNode> fields, string name, int absent, int least, int most) =>
        fields.TryGetValue(name, out var node) ? node.Number(least, most) : absent;
}
