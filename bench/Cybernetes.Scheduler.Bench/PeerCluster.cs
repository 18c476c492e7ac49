using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Load.Measuring;
using Cybernetes.Load.Suites;

namespace Cybernetes.Scheduler.Bench;

/// <summary>etcd, kube-apiserver and kube-scheduler of a folder of programs, with the scheduler's client limits lifted.</summary>
internal sealed class PeerCluster(string programs, string folder) : PeerServer(programs, folder), IMeasuredCluster
{
    private ApiClient? _client;

    public override string Name => "etcd, kube-apiserver and kube-scheduler, creators in this process";

    public ApiClient Client => _client ??= ApiClient.Connect(KubeconfigFile.Load(KubeconfigPath).Resolve());

    public TimeSpan CpuTime => Environment.CpuUsage.TotalTime + TimeSpan.FromSeconds(ProcessUsage.Of(ProcessIds).CpuSeconds);

    public long ResidentBytes => ProcessUsage.Of(ProcessIds).ResidentBytes;

    /// <summary>Starts the scheduler beside the API server, which is up.</summary>
    public void StartScheduler()
    {
        var configuration = Path.Combine(Folder, "scheduler.yaml");
        File.WriteAllText(configuration, $"""
            apiVersion: kubescheduler.config.k8s.io/v1
            kind: KubeSchedulerConfiguration
            leaderElection:
              leaderElect: false
            clientConnection:
              kubeconfig: {Path.Combine(Folder, "scheduler.conf")}
              qps: 100000
              burst: 100000
            """);
        Launch(Path.Combine(Programs, "kube-scheduler"), $"--config={configuration}", $"--secure-port={FreePort()}", "--bind-address=127.0.0.1");
    }
}
