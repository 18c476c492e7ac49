using Cybernetes.Cli.Flags;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Why;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb why pod/NAME</c>: why a pod has no node.</summary>
internal sealed class WhyCommand : Command
{
    private readonly Flag<string> _kubeconfig;
    private readonly Flag<string> _namespace;
    private readonly Flag<string> _config;

    public WhyCommand()
    {
        _kubeconfig = Flags.Text(
            "kubeconfig", "", "The kubeconfig that leads to the API server; by default that of $KUBECONFIG, or ~/.kube/config", "file");
        _namespace = Flags.Text("namespace", "", "The pod's namespace; by default that of the kubeconfig's context", "name", 'n');
        _config = Flags.Text("config", "", "The scheduler's configuration, where it has one of its own", "file");
    }

    public override string Name => "why";

    public override string Summary => "Say why a pod is not scheduled: per filter how many nodes, the nearest miss, and what evictions would change";

    public override string Arguments => "pod/NAME";

    public override string Examples => """
        # Why is it still pending
        cyb why pod/web-7c9d8 -n shop
        """;

    public override async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandConsole console)
    {
        if (arguments.Count != 1 || arguments[0].Split('/') is not (["pod" or "pods" or "po", { Length: > 0 }] or [{ Length: > 0 }]))
            throw new FlagException("\"cyb why\" takes one pod: cyb why pod/NAME");
        try
        {
            var configuration = SchedulerConfigurationFile.Read(_config.Value);
            ClusterAccess access = KubeconfigFile.LoadMerged(KubeconfigFile.DefaultPaths(_kubeconfig.Value, Environment.GetEnvironmentVariable)).Resolve();
            using ApiClient client = ApiClient.Connect(access);
            string ns = _namespace.Value.Length > 0 ? _namespace.Value : access.Namespace is { Length: > 0 } named ? named : "default";
            string answer = await PlacementAdvice.AskAsync(client, ns, arguments[0].Split('/')[^1], configuration).ConfigureAwait(false);
            await console.Out.WriteAsync(answer).ConfigureAwait(false);
            return ExitCodes.Success;
        }
        catch (Exception failure) when (failure is ApiStatusException or HttpRequestException or IOException
            or SchedulerConfigurationException or KubeconfigException)
        {
            await console.Error.WriteLineAsync($"error: {failure.Message}").ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }
}

/// <summary>The file that <c>--config</c> of the scheduler or <c>--scheduler-config</c> of a whole cluster names.</summary>
internal static class SchedulerConfigurationFile
{
    /// <summary>The file that a flag of a daemon names.</summary>
    /// <exception cref="FlagException">The file is not there or no valid configuration.</exception>
    public static SchedulerConfiguration ReadFlag(Flag<string> flag)
    {
        try
        {
            return Read(flag.Value, flag.Name);
        }
        catch (SchedulerConfigurationException failure)
        {
            throw new FlagException(failure.Message);
        }
    }

    /// <summary>Upstream's defaults without a file.</summary>
    /// <exception cref="SchedulerConfigurationException">The file is not there or no valid configuration.</exception>
    public static SchedulerConfiguration Read(string path, string flag = "config")
    {
        if (path.Length == 0)
            return new SchedulerConfiguration();
        try
        {
            return SchedulerConfiguration.Parse(File.ReadAllText(path), path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SchedulerConfigurationException($"--{flag}: {failure.Message}");
        }
    }
}
