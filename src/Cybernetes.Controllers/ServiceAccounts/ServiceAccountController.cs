using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ServiceAccounts;

/// <summary>Every namespace has its service account <c>default</c>.</summary>
internal sealed class ServiceAccountController : IController
{
    private const string Default = "default";

    private readonly ControllerContext _context;
    private readonly ObjectStore<Namespace> _namespaces;
    private readonly ObjectStore<ServiceAccount> _accounts;
    private readonly WorkQueue<string> _queue;

    public ServiceAccountController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("serviceaccount");
        var namespaces = context.Informers.For<Namespace>();
        var accounts = context.Informers.For<ServiceAccount>(new InformerOptions { FieldSelector = "metadata.name=" + Default });
        (_namespaces, _accounts) = (namespaces.Store, accounts.Store);
        namespaces.AddHandler(n => _queue.Add(n.Metadata.Name), (_, n) => _queue.Add(n.Metadata.Name));
        accounts.AddHandler(deleted: a => _queue.Add(a.Metadata.Namespace));
    }

    public string Name => "serviceaccount-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_namespaces.Get("", name) is not { Status.Phase: not "Terminating" } || _accounts.Get(name, Default) is not null)
            return;
        try
        {
            var account = new ServiceAccount { Metadata = { Namespace = name, Name = Default } };
            await _context.Client.For<ServiceAccount>().CreateAsync(account, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists || failure.IsNamespaceTerminating)
        {
            // Somebody else made it, or the namespace is going: either way there is nothing left to do.
        }
    }
}
