using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Authorization.V1;
using Cybernetes.Objects.Certificates.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.Certificates;

/// <summary>What a request's conditions say. Pure.</summary>
internal static class RequestState
{
    public static CertificateSigningRequestCondition? Find(CertificateSigningRequest request, string type) =>
        request.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == type);

    public static bool IsApproved(CertificateSigningRequest request) => Find(request, "Approved") is not null && Find(request, "Denied") is null;

    public static bool IsDecided(CertificateSigningRequest request) => Find(request, "Approved") is not null || Find(request, "Denied") is not null;

    public static void Add(CertificateSigningRequest request, string type, string reason, string message, DateTimeOffset now) =>
        (request.Status.Conditions ??= []).Add(new() { Type = type, Status = "True", Reason = reason, Message = message, LastUpdateTime = now });
}

/// <summary>Approves kubelets' client certificates when the asking user may have them.</summary>
internal sealed class CertificateApprovingController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<CertificateSigningRequest> _requests;
    private readonly WorkQueue<string> _queue;

    public CertificateApprovingController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("certificate");
        var requests = context.Informers.For<CertificateSigningRequest>();
        _requests = requests.Store;
        requests.AddHandler(r => _queue.Add(r.Metadata.Name), (_, r) => _queue.Add(r.Metadata.Name));
    }

    public string Name => "certificatesigningrequest-approving-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>Which permissions would do, in order, each with what the approval says. Pure.</summary>
    internal static IReadOnlyList<(string Subresource, string Message)> Recognize(CertificateSigningRequest request, SigningRequest asked)
    {
        if (request.Spec.SignerName != Signers.KubeletClient || Signers.KubeletClientRefusal(asked, request.Spec.Usages ?? []) is not null)
            return [];
        (string, string) any = ("nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.");
        return asked.CommonName == request.Spec.Username
            ? [("selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview."), any] : [any];
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_requests.Get("", name) is not { } request || request.Status.Certificate is { Length: > 0 } || RequestState.IsDecided(request)
            || SigningRequest.Read(request) is not { } asked)
            return;
        var ways = Recognize(request, asked);
        foreach (var (subresource, message) in ways)
        {
            if (!await IsAllowedAsync(request, subresource, cancellation).ConfigureAwait(false))
                continue;
            var copy = request.DeepClone();
            RequestState.Add(copy, "Approved", "AutoApproved", message, _context.Time.GetUtcNow());
            await _context.Client.IgnoreNotFoundAsync(c =>
                c.For<CertificateSigningRequest>().UpdateSubresourceAsync("approval", copy, cancellation: cancellation)).ConfigureAwait(false);
            return;
        }
        // Who may not today may be allowed tomorrow, and no event of the request tells of it.
        if (ways.Count > 0)
            throw new ReconcileFailedException($"recognized csr \"{name}\" as [{string.Join(' ', ways.Select(w => w.Subresource))}] "
                + "but subject access review was not approved");
    }

    private async Task<bool> IsAllowedAsync(CertificateSigningRequest request, string subresource, CancellationToken cancellation)
    {
        var review = new SubjectAccessReview
        {
            Spec =
            {
                User = request.Spec.Username, UID = request.Spec.UID, Groups = request.Spec.Groups,
                Extra = request.Spec.Extra?.ToDictionary(e => e.Key, e => e.Value),
                ResourceAttributes = new()
                {
                    Group = "certificates.k8s.io", Resource = "certificatesigningrequests", Verb = "create", Subresource = subresource,
                },
            },
        };
        var answer = await _context.Client.For<SubjectAccessReview>().CreateAsync(review, cancellation: cancellation).ConfigureAwait(false);
        return answer.Status.Allowed;
    }
}

/// <summary>Signs approved requests of the built-in signers with the cluster's authority.</summary>
internal sealed class CertificateSigningController : IController
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromMinutes(10);

    private readonly ControllerContext _context;
    private readonly ObjectStore<CertificateSigningRequest> _requests;
    private readonly WorkQueue<string> _queue;

    public CertificateSigningController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("certificate_signing");
        var requests = context.Informers.For<CertificateSigningRequest>();
        _requests = requests.Store;
        requests.AddHandler(r => _queue.Add(r.Metadata.Name), (_, r) => _queue.Add(r.Metadata.Name));
    }

    public string Name => "certificatesigningrequest-signing-controller";

    public async Task RunAsync(CancellationToken cancellation)
    {
        var options = _context.Options;
        if (options.ClusterSigningCertificate.Length == 0 || options.ClusterSigningKey.Length == 0)
        {
            _context.Logger.LogInformation("no cluster signing certificate and key: certificate signing requests are not signed");
            return;
        }
        using var signer = new CertificateSigner(options.ClusterSigningCertificate, options.ClusterSigningKey);
        await _queue.RunWorkersAsync(
            _context.Options.ConcurrentCertificateSigningSyncs, (name, stop) => ReconcileAsync(signer, name, stop), _context.Logger, cancellation)
            .ConfigureAwait(false);
    }

    private async Task ReconcileAsync(CertificateSigner signer, string name, CancellationToken cancellation)
    {
        if (_requests.Get("", name) is not { } request || request.Status.Certificate is { Length: > 0 } || !RequestState.IsApproved(request)
            || RequestState.Find(request, "Failed") is not null || !Signers.IsKnown(request.Spec.SignerName))
            return;
        var now = _context.Time.GetUtcNow();
        var copy = request.DeepClone();
        var usages = request.Spec.Usages ?? [];
        if (SigningRequest.Read(request) is not { } asked)
            RequestState.Add(copy, "Failed", "SignerValidationFailure", "unable to parse csr", now);
        else if (Signers.Refusal(request.Spec.SignerName, asked, usages) is { } refusal)
            RequestState.Add(copy, "Failed", "SignerValidationFailure", refusal, now);
        else
            copy.Status.Certificate = signer.Sign(asked, usages, Lifetime(request), now);
        await _context.Client.IgnoreNotFoundAsync(c => c.For<CertificateSigningRequest>().UpdateStatusAsync(copy, cancellation: cancellation))
            .ConfigureAwait(false);
    }

    /// <summary>As long as was asked for, but not under ten minutes and not beyond the signer's own limit.</summary>
    private TimeSpan Lifetime(CertificateSigningRequest request)
    {
        var most = _context.Options.ClusterSigningDuration;
        if (request.Spec.ExpirationSeconds is not { } seconds)
            return most;
        var asked = TimeSpan.FromSeconds(seconds);
        return asked > most ? most : asked < s_shortest ? s_shortest : asked;
    }
}

/// <summary>Deletes requests that are done with, or that nobody decided about.</summary>
internal sealed class CertificateCleanerController : IController
{
    private static readonly TimeSpan s_decidedFor = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_pendingFor = TimeSpan.FromHours(24);

    private readonly ControllerContext _context;
    private readonly ObjectStore<CertificateSigningRequest> _requests;
    private readonly WorkQueue<string> _queue;

    public CertificateCleanerController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("csrcleaner");
        var requests = context.Informers.For<CertificateSigningRequest>();
        _requests = requests.Store;
        requests.AddHandler(r => _queue.Add(r.Metadata.Name), (_, r) => _queue.Add(r.Metadata.Name));
    }

    public string Name => "certificatesigningrequest-cleaner-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>When the request goes. Pure.</summary>
    internal static DateTimeOffset EndsAt(CertificateSigningRequest request)
    {
        var ends = (request.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue) + s_pendingFor;
        var decided = request.Status.Conditions.OrEmpty().Where(c => c.Type is "Approved" or "Denied" or "Failed")
            .Select(c => c.LastUpdateTime).OfType<DateTimeOffset>().ToList();
        return decided.Count == 0 ? ends : decided.Min() + s_decidedFor;
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_requests.Get("", name) is not { } request)
            return;
        var left = EndsAt(request) - _context.Time.GetUtcNow();
        if (left > TimeSpan.Zero)
            _queue.AddAfter(name, left);
        else
            await _context.Client.IgnoreNotFoundAsync(c =>
                c.For<CertificateSigningRequest>().DeleteAsync(null, name, cancellation: cancellation)).ConfigureAwait(false);
    }
}
