using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ServiceAccounts;

/// <summary>Every namespace has the config map <c>kube-root-ca.crt</c>, by which pods trust the API server.</summary>
internal sealed class RootCertificatePublisher : IController
{
    private const string ConfigMapName = "kube-root-ca.crt";
    private const string Key = "ca.crt";
    private const string Annotation = "kubernetes.io/description";
    private const string Description = "The certificate authority of this cluster's API server, for clients inside the cluster.";

    private readonly ControllerContext _context;
    private readonly ObjectStore<Namespace> _namespaces;
    private readonly ObjectStore<ConfigMap> _maps;
    private readonly WorkQueue<string> _queue;

    public RootCertificatePublisher(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("root-ca-cert-publisher");
        var namespaces = context.Informers.For<Namespace>();
        var maps = context.Informers.For<ConfigMap>(new InformerOptions { FieldSelector = "metadata.name=" + ConfigMapName });
        (_namespaces, _maps) = (namespaces.Store, maps.Store);
        namespaces.AddHandler(n => _queue.Add(n.Metadata.Name), (_, n) => _queue.Add(n.Metadata.Name));
        maps.AddHandler(Changed, (_, map) => Changed(map), Changed);
    }

    public string Name => "root-ca-certificate-publisher-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    private void Changed(ConfigMap map)
    {
        if (map.Metadata.Name == ConfigMapName)
            _queue.Add(map.Metadata.Namespace);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_context.Options.RootCertificateAuthority.Length == 0 || _namespaces.Get("", name) is not { Status.Phase: not "Terminating" })
            return;
        var wanted = new ConfigMap
        {
            Metadata = { Namespace = name, Name = ConfigMapName, Annotations = new() { [Annotation] = Description } },
            Data = new() { [Key] = _context.Options.RootCertificateAuthority },
        };
        try
        {
            if (_maps.Get(name, ConfigMapName) is not { } there)
                await _context.Client.For<ConfigMap>().CreateAsync(wanted, cancellation: cancellation).ConfigureAwait(false);
            else if (!ObjectEquality.StringMap(there.Data, wanted.Data) || there.Metadata.Annotations.OrEmpty().GetValueOrDefault(Annotation) != Description)
            {
                var copy = there.DeepClone();
                copy.Data = wanted.Data;
                (copy.Metadata.Annotations ??= [])[Annotation] = Description;
                await _context.Client.For<ConfigMap>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
            }
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists || failure.IsNamespaceTerminating)
        {
            // Made meanwhile, and then its event comes; or the namespace is going.
        }
    }
}
