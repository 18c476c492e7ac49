using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Load.Suites;

namespace Cybernetes.Controllers.Bench.Cluster;

/// <summary>
/// A control plane of processes: <c>cyb apiserver</c> on disk, <c>cyb controller-manager</c>, and where wanted <c>cyb scheduler</c> and
/// <c>cyb simulate</c>. Each in its own process, so that the system tells what each has used.
/// </summary>
internal sealed class BenchCluster(string program, string folder) : ServerUnderTest(folder)
{
    public const string ApiServer = "API server";
    public const string Controllers = "controllers";
    public const string Scheduler = "scheduler";
    public const string Nodes = "simulated nodes";

    private readonly int _port = FreePort();
    private readonly Dictionary<string, int> _parts = [];

    public override string Name => "cyb";

    /// <summary>Process ids by what runs in them.</summary>
    public IReadOnlyDictionary<string, int> Parts => _parts;

    protected override string KubeconfigPath => Path.Combine(Folder, "data", "admin.conf");

    /// <summary>A first start: whatever was stored before is gone.</summary>
    public ApiClient Begin(int nodes, bool withScheduler)
    {
        Wipe();
        _parts.Clear();
        Start();
        _parts[ApiServer] = ProcessIds[^1];
        StartPart(Controllers, "controller-manager", "--kubeconfig", Config("controller-manager"), "--leader-elect=false");
        if (withScheduler)
            StartPart(Scheduler, "scheduler", "--kubeconfig", Config("scheduler"), "--leader-elect=false");
        if (nodes > 0)
        {
            var fleet = Path.Combine(Folder, "fleet.yaml");
            File.WriteAllText(fleet, $"nodes: [{{count: {nodes}}}]\nstartDelaySeconds: 0.1\n");
            StartPart(Nodes, "simulate", "--kubeconfig", KubeconfigPath, "--config", fleet);
        }
        return ApiClient.Connect(KubeconfigFile.Load(KubeconfigPath).Resolve());
    }

    protected override void Launch() => Launch(
        program, "apiserver", "--data-dir", Path.Combine(Folder, "data"), "--bind-address", "127.0.0.1", "--secure-port", $"{_port}");

    private string Config(string component) => Path.Combine(Folder, "data", component + ".conf");

    private void StartPart(string name, params string[] arguments)
    {
        Launch(program, arguments);
        _parts[name] = ProcessIds[^1];
    }
}
