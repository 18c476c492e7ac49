using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Admission;

/// <summary>
/// Gives every pod a service account and, unless it or the account declines, a volume with a token, the cluster's authority and the namespace.
/// Source: Kubernetes reference, "Managing Service Accounts".
/// </summary>
internal sealed class ServiceAccountAdmission(RegistryServices services) : IAdmissionPlugin
{
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";
    private const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string VolumePrefix = "kube-api-access-";

    // Upstream's: an hour and a bit; the token room lengthens it and warns after it.
    private const long TokenSeconds = 3607;
    private const int FileMode = 0x1A4; // 0644
    private const int DefaultAccountTries = 10;
    private static readonly TimeSpan DefaultAccountPause = TimeSpan.FromMilliseconds(100);

    public string Name => "ServiceAccount";

    public bool Handles(AdmissionAttributes attributes) =>
        attributes is { Operation: AdmissionOperation.Create, IsMainResource: true, Object: Pod };

    public async ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var pod = (Pod)attributes.Object!;
        if (pod.Metadata.Annotations.OrEmpty().ContainsKey(MirrorAnnotation))
        {
            if (pod.Spec.ServiceAccountName.Length > 0)
                throw attributes.Forbidden("a mirror pod may not reference service accounts");
            return;
        }
        if (services.Catalog.FindStored("", "serviceaccounts") is null)
            return;
        if (pod.Spec.ServiceAccountName.Length == 0)
            pod.Spec.ServiceAccountName = "default";
        pod.Spec.DeprecatedServiceAccount = pod.Spec.ServiceAccountName;
        var account = await FindAsync(attributes, pod.Spec.ServiceAccountName, cancellation);
        if (pod.Spec.AutomountServiceAccountToken ?? account.AutomountServiceAccountToken ?? true)
            Mount(pod, attributes.Context);
        if (pod.Spec.ImagePullSecrets is not { Count: > 0 } && account.ImagePullSecrets is { Count: > 0 } secrets)
            pod.Spec.ImagePullSecrets = [.. secrets.Select(s => s.DeepClone())];
    }

    /// <summary>The default account of a new namespace may still be on its way: it is waited for, briefly.</summary>
    private async ValueTask<ServiceAccount> FindAsync(AdmissionAttributes attributes, string name, CancellationToken cancellation)
    {
        var ns = attributes.Context.Namespace;
        for (var i = 0; ; i++)
        {
            if (await services.FindAsync<ServiceAccount>("", "serviceaccounts", ns, name, cancellation) is { } account)
                return account;
            if (name != "default" || i == DefaultAccountTries)
                throw attributes.Forbidden($"error looking up service account {ns}/{name}: serviceaccount \"{name}\" not found");
            await Task.Delay(DefaultAccountPause, services.Time, cancellation);
        }
    }

    private static void Mount(Pod pod, WriteContext context)
    {
        var containers = pod.Spec.InitContainers.OrEmpty().Concat(pod.Spec.Containers.OrEmpty())
            .Where(c => c.VolumeMounts.OrEmpty().All(m => m.MountPath != MountPath)).ToList();
        if (containers.Count == 0)
            return;
        var name = VolumePrefix + context.Identities.NewSuffix();
        foreach (var container in containers)
            (container.VolumeMounts ??= []).Add(new() { Name = name, ReadOnly = true, MountPath = MountPath });
        (pod.Spec.Volumes ??= []).Add(new()
        {
            Name = name,
            Projected = new()
            {
                DefaultMode = FileMode,
                Sources =
                [
                    new() { ServiceAccountToken = new() { Path = "token", ExpirationSeconds = TokenSeconds } },
                    new() { ConfigMap = new() { Name = "kube-root-ca.crt", Items = [new() { Key = "ca.crt", Path = "ca.crt" }] } },
                    new()
                    {
                        DownwardAPI = new()
                        {
                            Items = [new() { Path = "namespace", FieldRef = new() { APIVersion = "v1", FieldPath = "metadata.namespace" } }],
                        },
                    },
                ],
            },
        });
    }
}
