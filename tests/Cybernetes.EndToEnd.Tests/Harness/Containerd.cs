namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>containerd on a node, as <c>./dev up</c> sets it up. Ends with the node.</summary>
internal sealed class Containerd
{
    private readonly NodeSpace _node;
    private readonly BackgroundProcess _process;

    private Containerd(NodeSpace node, BackgroundProcess process)
    {
        _node = node;
        _process = process;
    }

    /// <summary>For <c>--container-runtime-endpoint</c>.</summary>
    public string Endpoint => "unix://" + Socket;

    public string Socket => Folder(_node) + "/containerd.sock";

    /// <summary>For <c>--cni-conf-dir</c>.</summary>
    public string NetworkConfigurationFolder => Folder(_node) + "/cni";

    /// <summary>Starts it and imports the images.</summary>
    /// <param name="images">Short names of archives: pause, busybox, kuard.</param>
    public static async Task<Containerd> StartAsync(NodeSpace node, params string[] images)
    {
        var folder = Folder(node);
        foreach (var part in new[] { "root", "state", "cni", "certs.d", "opt" })
            Directory.CreateDirectory(Path.Combine(folder, part));
        var template = await File.ReadAllTextAsync(Path.Combine(Machine.Repository, "deploy/containerd.toml"));
        await File.WriteAllTextAsync(folder + "/config.toml", template.Replace("BASE", folder, StringComparison.Ordinal));

        var process = BackgroundProcess.Start(node, node.Folder + "/containerd.log", "containerd", ["--config", folder + "/config.toml"]);
        var containerd = new Containerd(node, process);
        await Until.TrueAsync("containerd answers", TimeSpan.FromSeconds(60), containerd.AnswersAsync, () => process.LogTail());
        foreach (var image in images)
            (await containerd.ControlAsync("images", "import", Machine.ImageArchive(image))).EnsureSuccess(() => process.LogTail());
        return containerd;
    }

    /// <summary>Runs <c>ctr</c> in the namespace k8s.io.</summary>
    public Task<CommandResult> ControlAsync(params string[] arguments) =>
        _node.RunAsync("ctr", ["--address", Socket, "--namespace", "k8s.io", .. arguments]);

    public string LogTail() => _process.LogTail();

    private static string Folder(NodeSpace node) => node.Folder + "/c";

    private async Task<bool> AnswersAsync()
    {
        if (_process.HasEnded)
            throw new HarnessException("containerd has ended" + _process.LogTail());
        var plugins = await ControlAsync("plugins", "ls");
        return plugins.ExitCode == 0 && plugins.Output.Split('\n').Any(line => line.Contains(" cri ") && line.TrimEnd().EndsWith("ok"));
    }
}
