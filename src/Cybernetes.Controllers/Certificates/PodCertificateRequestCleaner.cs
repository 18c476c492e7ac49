using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1beta1;

namespace Cybernetes.Controllers.Certificates;

/// <summary>Deletes requests for pods' certificates when they are old, answered or not (gate PodCertificateRequest, KEP-4317).</summary>
internal sealed class PodCertificateRequestCleaner : IController
{
    private static readonly TimeSpan s_age = TimeSpan.FromMinutes(15);

    private readonly ControllerContext _context;
    private readonly ObjectStore<PodCertificateRequest> _requests;
    private readonly WorkQueue<ObjectKey> _queue;

    public PodCertificateRequestCleaner(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("pcrcleaner");
        var requests = context.Informers.For<PodCertificateRequest>();
        _requests = requests.Store;
        requests.AddHandler(r => _queue.Add(ObjectKey.Of(r)));
    }

    public string Name => "podcertificaterequest-cleaner-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_requests.Get(key) is not { } request)
            return;
        var left = (request.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue) + s_age - _context.Time.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            _queue.AddAfter(key, left);
            return;
        }
        var options = new Objects.Meta.V1.DeleteOptions { Preconditions = new() { UID = request.Metadata.UID } };
        await _context.Client.IgnoreNotFoundAsync(c => c.For<PodCertificateRequest>().DeleteAsync(key.Namespace, key.Name, options, cancellation))
            .ConfigureAwait(false);
    }
}
