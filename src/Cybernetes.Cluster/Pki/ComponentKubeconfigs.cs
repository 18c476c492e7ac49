using Cybernetes.Client.Kubeconfig;

namespace Cybernetes.Cluster.Pki;

/// <summary>
/// The kubeconfigs of the administrator and of each component, made from a cluster's certificates under kubeadm's names.
/// </summary>
public static class ComponentKubeconfigs
{
    /// <summary>The name of the cluster entry in every kubeconfig that Cybernetes writes.</summary>
    public const string ClusterName = "cybernetes";

    /// <summary>
    /// Writes admin.conf, controller-manager.conf, scheduler.conf, kubelet.conf and kube-proxy.conf; files that say the same
    /// already stay.
    /// </summary>
    public static void Write(string directory, Uri server, ClusterPki pki, string nodeName)
    {
        KubeconfigWriter.Write(Path.Combine(directory, "admin.conf"), Admin(server, pki));
        KubeconfigWriter.Write(
            Path.Combine(directory, "controller-manager.conf"),
            Access(server, pki, "system:kube-controller-manager", pki.ControllerManager));
        KubeconfigWriter.Write(
            Path.Combine(directory, "scheduler.conf"), Access(server, pki, "system:kube-scheduler", pki.Scheduler));
        KubeconfigWriter.Write(
            Path.Combine(directory, "kubelet.conf"), Access(server, pki, "system:node:" + nodeName, pki.KubeletClient));
        KubeconfigWriter.Write(Path.Combine(directory, "kube-proxy.conf"), Access(server, pki, "system:kube-proxy", pki.Proxy));
    }

    /// <summary>The administrator's access (group system:masters).</summary>
    public static KubeconfigAccess Admin(Uri server, ClusterPki pki) => Access(server, pki, "cybernetes-admin", pki.Admin);

    private static KubeconfigAccess Access(Uri server, ClusterPki pki, string user, CertificateFiles certificate) => new()
    {
        ClusterName = ClusterName,
        Cluster = new KubeconfigCluster
        {
            Server = server.GetLeftPart(UriPartial.Authority),
            CertificateAuthorityData = pki.Authority.CertificatePem,
        },
        UserName = user,
        User = new KubeconfigUser { ClientCertificateData = certificate.CertificatePem, ClientKeyData = certificate.KeyPem },
    };
}
