using System.Runtime.CompilerServices;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Admission;

/// <summary>
/// Nothing is created in a namespace that is not there or is going, and the namespaces the system needs are not deleted.
/// </summary>
internal sealed class NamespaceLifecycle(RegistryServices services) : IAdmissionPlugin
{
    private static readonly string[] Immortal = ["default", "kube-system", "kube-public"];

    private static readonly object Alive = new();

    // Records never change: what was found of one holds for as long as the store keeps it.
    private readonly ConditionalWeakTable<Record, object> _alive = new();

    public string Name => "NamespaceLifecycle";

    public bool Handles(AdmissionAttributes attributes) => attributes.Operation switch
    {
        AdmissionOperation.Create => attributes.Kind.Namespaced,
        AdmissionOperation.Delete => IsNamespace(attributes.Kind),
        _ => false,
    };

    // Before anything else is done to the object: a missing namespace is the first thing a client wants to hear of.
    public ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        if (attributes.Operation != AdmissionOperation.Create)
            return ValueTask.CompletedTask;
        var name = attributes.Context.Namespace;
        if (services.Catalog.FindStored("", "namespaces") is not { } kind)
            throw Failure.NotFound(new("", "namespaces"), name);
        var found = services.FindAsync(kind, "", name, cancellation);
        if (!found.IsCompletedSuccessfully)
            return CheckAsync(found, kind, attributes);
        Check(found.Result, kind, attributes);
        return ValueTask.CompletedTask;
    }

    private async ValueTask CheckAsync(ValueTask<Record?> found, KindDefinition kind, AdmissionAttributes attributes) =>
        Check(await found, kind, attributes);

    private void Check(Record? record, KindDefinition kind, AdmissionAttributes attributes)
    {
        var name = attributes.Context.Namespace;
        if (record is null)
            throw Failure.NotFound(new("", "namespaces"), name);
        if (_alive.TryGetValue(record, out _))
            return;
        var ns = (Namespace)kind.DecodeStored(record.Value);
        if (ns.Metadata.DeletionTimestamp is null && ns.Status.Phase != NamespacePhase.Terminating)
        {
            _alive.TryAdd(record, Alive);
            return;
        }
        var resource = attributes.Kind.Resource;
        throw new RequestFailure(403, "Forbidden", attributes.Forbidden(
            $"unable to create new content in namespace {name} because it is being terminated").Message)
        {
            Group = resource.Group, Kind = resource.Resource, Name = attributes.Name,
            Causes = [new("NamespaceTerminating", $"namespace {name} is being terminated", "metadata.namespace")],
        };
    }

    public ValueTask ValidateAsync(AdmissionAttributes attributes, CancellationToken cancellation) =>
        attributes.Operation == AdmissionOperation.Delete && Immortal.Contains(attributes.Name)
            ? throw attributes.Forbidden("this namespace may not be deleted")
            : ValueTask.CompletedTask;

    private static bool IsNamespace(KindDefinition kind) => kind is { Group: "", Plural: "namespaces" };
}
