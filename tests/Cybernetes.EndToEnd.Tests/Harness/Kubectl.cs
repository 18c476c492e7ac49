using System.Text.Json.Nodes;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>One version of kubectl against one server, with its own home, so that nothing is cached across servers.</summary>
internal sealed class Kubectl(string program, string kubeconfig, string home, NodeSpace? node, Func<string> context)
{
    /// <summary>The same, in another namespace than default.</summary>
    public Kubectl In(string space) => new(program, kubeconfig, home, node, context) { Namespace = space, Editor = Editor };

    /// <summary>The same, with a command for <c>edit</c>: it is given the name of a file to change.</summary>
    public Kubectl With(string editor) => new(program, kubeconfig, home, node, context) { Namespace = Namespace, Editor = editor };

    public string? Namespace { get; private init; }

    public string Editor { get; private init; } = "false";

    /// <summary>Runs it to its end, well or not.</summary>
    public Task<CommandResult> RunAsync(params string[] arguments) => RunWithInputAsync(null, arguments);

    /// <inheritdoc cref="RunAsync"/>
    public Task<CommandResult> RunWithInputAsync(string? input, params string[] arguments) => node is null
        ? Command.RunAsync(program, All(arguments), input, Environment())
        : node.RunAsync(program, All(arguments), input, Environment());

    /// <summary>Runs it; it has to succeed.</summary>
    /// <returns>Its output.</returns>
    public async Task<string> OkAsync(params string[] arguments) => (await RunAsync(arguments)).EnsureSuccess(context);

    /// <summary>As <see cref="OkAsync"/>, with standard input: <c>OkWithInputAsync(yaml, "apply", "-f", "-")</c>.</summary>
    public async Task<string> OkWithInputAsync(string input, params string[] arguments) =>
        (await RunWithInputAsync(input, arguments)).EnsureSuccess(context);

    /// <summary>The object or list that <c>get … -o json</c> answers.</summary>
    public async Task<JsonNode> GetAsync(params string[] arguments) =>
        JsonNode.Parse(await OkAsync(["get", .. arguments, "-o", "json"])) ?? throw new HarnessException("kubectl get answered null");

    /// <summary>Starts one that goes on, such as <c>get -w</c> or <c>port-forward</c>; what it says goes to the log file.</summary>
    public BackgroundProcess Start(string logFile, params string[] arguments) =>
        BackgroundProcess.Start(node, logFile, program, All(arguments), Environment());

    /// <summary>Runs it on a terminal of its own; what it shows is the output.</summary>
    public async Task<string> OkOnTerminalAsync(params string[] arguments)
    {
        var line = string.Join(' ', All(arguments).Prepend(program).Select(word => $"'{word}'"));
        string[] script = ["-qec", line, "/dev/null"];
        var result = node is null
            ? await Command.RunAsync("script", script, environment: Environment())
            : await node.RunAsync("script", script, environment: Environment());
        return result.EnsureSuccess(context);
    }

    private IEnumerable<string> All(string[] arguments) =>
        ["--kubeconfig", kubeconfig, .. Namespace is null ? Array.Empty<string>() : ["--namespace", Namespace], .. arguments];

    private Dictionary<string, string> Environment()
    {
        Directory.CreateDirectory(home);
        return new Dictionary<string, string> { ["HOME"] = home, ["TERM"] = "xterm", ["KUBE_EDITOR"] = Editor };
    }
}
