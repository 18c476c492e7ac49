using System.Reflection;
using System.Runtime.InteropServices;
using Cybernetes.Cli.Flags;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb version</c>.</summary>
internal sealed class VersionCommand : Command
{
    /// <summary>The release of Kubernetes whose API and behaviour this program has.</summary>
    public const string KubernetesVersion = "v1.36.0";

    private readonly Flag<string> _output;

    public VersionCommand() => _output = Flags.Text("output", "", "One of 'json'; empty prints a line a version", "format", 'o');

    public override string Name => "version";

    public override string Summary => "Print the version of this program and of the Kubernetes it is";

    public override string Examples => """
        # For people
        cyb version
        # For programs
        cyb version -o json
        """;

    public override async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandConsole console)
    {
        TakesNoArguments(arguments);
        string version = "v" + (typeof(VersionCommand).Assembly.GetName().Version ?? new Version(0, 0, 0)).ToString(3);
        string platform = $"{(OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : "windows")}/"
            + (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64");
        string text = _output.Value switch
        {
            "" => $"cyb {version}\nKubernetes {KubernetesVersion}\n.NET {Environment.Version}, {platform}\n",
            "json" => $$"""
                {
                  "version": "{{version}}",
                  "kubernetesVersion": "{{KubernetesVersion}}",
                  "dotnetVersion": "{{Environment.Version}}",
                  "platform": "{{platform}}"
                }

                """,
            _ => throw new FlagException("--output must be 'json'"),
        };
        await console.Out.WriteAsync(text).ConfigureAwait(false);
        return ExitCodes.Success;
    }
}
