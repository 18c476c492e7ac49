using System.Net;
using Cybernetes.Cluster.Pki;

namespace Cybernetes.Load.Suites;

/// <summary>kube-apiserver and etcd of a folder of programs, with certificates made here as kubeadm would make them.</summary>
internal class PeerServer(string programs, string folder) : ServerUnderTest(folder)
{
    /// <summary>The folder of the programs.</summary>
    protected string Programs { get; } = programs;

    private readonly int _port = FreePort();
    private readonly int _clientPort = FreePort();
    private readonly int _memberPort = FreePort();

    public override string Name => "kube-apiserver and etcd";

    protected override string KubeconfigPath => Path.Combine(Folder, "admin.conf");

    private string Pki => Path.Combine(Folder, "pki");

    protected override void Launch()
    {
        var options = new ClusterPkiOptions { Directory = Pki, NodeName = "bench", ServiceAddress = IPAddress.Parse("10.96.0.1") };
        using (var pki = ClusterPki.Ensure(options, TimeProvider.System))
            ComponentKubeconfigs.Write(Folder, new Uri($"https://127.0.0.1:{_port}"), pki, "bench");
        LaunchEtcd();
        Launch(
            Path.Combine(Programs, "kube-apiserver"), $"--etcd-servers=https://127.0.0.1:{_clientPort}", $"--etcd-cafile={Pki}/ca.crt",
            $"--etcd-certfile={Pki}/admin.crt", $"--etcd-keyfile={Pki}/admin.key", "--bind-address=127.0.0.1", $"--secure-port={_port}",
            $"--client-ca-file={Pki}/ca.crt", $"--tls-cert-file={Pki}/apiserver.crt", $"--tls-private-key-file={Pki}/apiserver.key",
            $"--service-account-key-file={Pki}/sa.pub", $"--service-account-signing-key-file={Pki}/sa.key",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local", "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=Node,RBAC", "--disable-admission-plugins=ServiceAccount");
    }

    private void LaunchEtcd()
    {
        var client = $"https://127.0.0.1:{_clientPort}";
        var member = $"http://127.0.0.1:{_memberPort}";
        Launch(
            Path.Combine(Programs, "etcd"), "--name=bench", $"--data-dir={Folder}/etcd", $"--listen-client-urls={client}",
            $"--advertise-client-urls={client}", $"--listen-peer-urls={member}", $"--initial-advertise-peer-urls={member}",
            $"--initial-cluster=bench={member}", $"--cert-file={Pki}/apiserver.crt", $"--key-file={Pki}/apiserver.key", "--client-cert-auth",
            // kubeadm's etcd has the same: more than the default of 2 GB is not needed for what is measured here.
            $"--trusted-ca-file={Pki}/ca.crt", "--snapshot-count=10000");
    }
}
