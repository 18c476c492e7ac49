using Cybernetes.Client.Discovery;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using DeleteOptions = Cybernetes.Objects.Meta.V1.DeleteOptions;

namespace Cybernetes.Controllers.NamespaceLifecycle;

/// <summary>Empties namespaces that are being deleted, of every resource that discovery names, and then lets them go.</summary>
internal sealed class NamespaceController : IController
{
    private const string Finalizer = "kubernetes";
    private const int PageSize = 500;

    /// <summary>How long to wait for what is still going (pods take their grace period) before looking again.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly ControllerContext _context;
    private readonly ObjectStore<Namespace> _namespaces;
    private readonly WorkQueue<string> _queue;

    public NamespaceController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("namespace");
        var namespaces = context.Informers.For<Namespace>();
        _namespaces = namespaces.Store;
        namespaces.AddHandler(Changed, (_, n) => Changed(n));
    }

    public string Name => "namespace-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentNamespaceSyncs, ReconcileAsync, _context.Logger, cancellation);

    private void Changed(Namespace @namespace)
    {
        if (@namespace.Metadata.DeletionTimestamp is not null)
            _queue.Add(@namespace.Metadata.Name);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_namespaces.Get("", name) is not { } @namespace || @namespace.Metadata.DeletionTimestamp is null)
            return;
        if (!@namespace.Spec.Finalizers.OrEmpty().Contains(Finalizer))
            return;
        var outcome = await EmptyAsync(name, cancellation).ConfigureAwait(false);
        var status = NamespaceConditions.Status(@namespace, outcome, _context.Time.GetUtcNow());
        if (!status.SemanticEquals(@namespace.Status))
        {
            var copy = @namespace.DeepClone();
            copy.Status = status;
            await _context.Client.IgnoreNotFoundAsync(c => c.For<Namespace>().UpdateStatusAsync(copy, cancellation: cancellation))
                .ConfigureAwait(false);
        }
        if (outcome.IsEmpty)
            await FinalizeAsync(name, cancellation).ConfigureAwait(false);
        else if (outcome.Failures.Count + outcome.Unreadable.Count > 0)
            throw new ReconcileFailedException($"namespace {name}: {string.Join("; ", outcome.Failures.Concat(outcome.Unreadable))}");
        else
            _queue.AddAfter(name, s_patience);
    }

    /// <summary>Pods go first and the rest when no pod is left: what pods still use must not go under their feet (KEP-5080).</summary>
    private async Task<ContentOutcome> EmptyAsync(string name, CancellationToken cancellation)
    {
        var outcome = new ContentOutcome();
        var served = await ServerResources.ListAsync(_context.Client, outcome.Unreadable, cancellation).ConfigureAwait(false);
        var resources = served.OncePerStore().Where(r => r.IsNamespaced && r.Verbs.Contains("delete") && r.Verbs.Contains("list")).ToList();
        foreach (var pods in resources.Where(IsPods))
            await EmptyAsync(name, pods, outcome, cancellation).ConfigureAwait(false);
        if (outcome.Remaining.Count > 0)
            return outcome;
        foreach (var resource in resources.Where(r => !IsPods(r)))
            await EmptyAsync(name, resource, outcome, cancellation).ConfigureAwait(false);
        return outcome;
    }

    private async Task EmptyAsync(string name, ServedResource resource, ContentOutcome outcome, CancellationToken cancellation)
    {
        var metadata = new MetadataClient(_context.Client, resource);
        try
        {
            var (_, before) = await metadata.ListAsync(name, new ListQuery { Limit = PageSize }, cancellation).ConfigureAwait(false);
            if (before.Count == 0)
                return;
            if (resource.Verbs.Contains("deletecollection"))
                await metadata.DeleteCollectionAsync(name, Background(), cancellation).ConfigureAwait(false);
            else
            {
                foreach (var item in before)
                    await _context.Client.IgnoreNotFoundAsync(_ => metadata.DeleteAsync(name, item.Metadata.Name, Background(), cancellation))
                        .ConfigureAwait(false);
            }
            var (_, rest) = await metadata.ListAsync(name, new ListQuery { Limit = PageSize }, cancellation).ConfigureAwait(false);
            outcome.Add(resource, rest);
        }
        catch (ApiStatusException failure)
        {
            // A resource that is not served any more has nothing in the namespace either.
            if (!failure.IsNotFound)
                outcome.Failures.Add($"{resource}: {failure.Message}");
        }
    }

    private static bool IsPods(ServedResource resource) => resource is { Group: "", Plural: "pods" };

    private static DeleteOptions Background() => new() { PropagationPolicy = "Background" };

    private async Task FinalizeAsync(string name, CancellationToken cancellation)
    {
        var live = await _context.Client.For<Namespace>().FindAsync(null, name, cancellation).ConfigureAwait(false);
        if (live?.Metadata.DeletionTimestamp is null || live.Spec.Finalizers?.Remove(Finalizer) != true)
            return;
        await _context.Client.IgnoreNotFoundAsync(c =>
            c.For<Namespace>().UpdateSubresourceAsync("finalize", live, cancellation: cancellation)).ConfigureAwait(false);
    }
}
