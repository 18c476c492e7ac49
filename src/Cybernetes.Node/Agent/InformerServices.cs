using Cybernetes.Client.Informers;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Agent;

/// <summary>The services of an informer, all of them or none yet.</summary>
internal sealed class InformerServices(Informer<Service> informer) : IServiceLister
{
    public IReadOnlyList<Service>? List(string serviceNamespace) =>
        informer.HasSynced ? informer.Store.ListNamespace(serviceNamespace) : null;
}
