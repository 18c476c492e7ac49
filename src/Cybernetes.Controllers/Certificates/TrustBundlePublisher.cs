using System.Security.Cryptography;
using System.Text;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects.Certificates.V1beta1;

namespace Cybernetes.Controllers.Certificates;

/// <summary>
/// Publishes the authority of the API server's serving certificate as a cluster trust bundle, under a name that changes with it; older ones of that
/// signer go (gate ClusterTrustBundle, KEP-3257).
/// </summary>
internal sealed class TrustBundlePublisher : IController
{
    private const string Signer = "kubernetes.io/kube-apiserver-serving";
    private const int HashBytes = 12;

    private readonly ControllerContext _context;
    private readonly ObjectStore<ClusterTrustBundle> _bundles;
    private readonly WorkQueue<string> _queue;

    public TrustBundlePublisher(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("ca_cert_publisher_cluster_trust_bundles");
        var bundles = context.Informers.For<ClusterTrustBundle>(new InformerOptions { FieldSelector = "spec.signerName=" + Signer });
        _bundles = bundles.Store;
        bundles.AddHandler(_ => _queue.Add(Signer), (_, _) => _queue.Add(Signer), _ => _queue.Add(Signer));
    }

    public string Name => "kube-apiserver-serving-clustertrustbundle-publisher-controller";

    public Task RunAsync(CancellationToken cancellation)
    {
        _queue.Add(Signer);
        return _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);
    }

    /// <summary>The name of the signer's bundle of these certificates. Pure.</summary>
    internal static string BundleName(string certificates) =>
        Signer.Replace('/', ':') + ":" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(certificates)).AsSpan(0, HashBytes));

    private async Task ReconcileAsync(string signer, CancellationToken cancellation)
    {
        var certificates = _context.Options.RootCertificateAuthority;
        var (client, name) = (_context.Client.For<ClusterTrustBundle>(), BundleName(certificates));
        var wanted = new ClusterTrustBundle { Metadata = { Name = name }, Spec = { SignerName = signer, TrustBundle = certificates } };
        try
        {
            if (_bundles.Get("", name) is not { } there)
                await client.CreateAsync(wanted, cancellation: cancellation).ConfigureAwait(false);
            else if (!there.Spec.SemanticEquals(wanted.Spec))
            {
                var copy = there.DeepClone();
                copy.Spec = wanted.Spec;
                await client.UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
            }
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            // Made meanwhile; its event comes.
        }
        foreach (var older in _bundles.List().Where(b => b.Metadata.Name != name))
        {
            await _context.Client.IgnoreNotFoundAsync(c => c.For<ClusterTrustBundle>().DeleteAsync(null, older.Metadata.Name, cancellation: cancellation))
                .ConfigureAwait(false);
        }
    }
}
