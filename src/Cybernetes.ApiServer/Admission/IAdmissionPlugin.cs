using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Admission;

/// <summary>What is done to an object.</summary>
public enum AdmissionOperation
{
    /// <summary>It comes into being.</summary>
    Create,

    /// <summary>It changes.</summary>
    Update,

    /// <summary>It goes.</summary>
    Delete,

    /// <summary>A stream is opened (exec, attach, portforward, proxy).</summary>
    Connect,
}

/// <summary>What admission plugins see of a request.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Operation">What is done.</param>
/// <param name="Name">Object name; may be empty on create.</param>
/// <param name="Object">The new state; null for a deletion. Mutating plugins change it in place.</param>
/// <param name="OldObject">The state before; null for a creation.</param>
/// <param name="Context">User, namespace, dry run, subresource, warnings.</param>
public sealed record AdmissionAttributes(
    KindDefinition Kind, AdmissionOperation Operation, string Name, IKubernetesObject? Object, IKubernetesObject? OldObject, WriteContext Context)
{
    /// <summary>True for writes of pods' own path, not of a subresource.</summary>
    public bool IsMainResource => Context.Subresource.Length == 0;

    /// <summary>A 403 about this object.</summary>
    public RequestFailure Forbidden(string detail) => Failure.Forbidden(Kind.Resource, Name, detail);
}

/// <summary>Changes or refuses writes after authorization and before they are stored.</summary>
public interface IAdmissionPlugin
{
    /// <summary>Name as in <c>--enable-admission-plugins</c>.</summary>
    string Name { get; }

    /// <summary>Cheap filter: whether the plugin has anything to do.</summary>
    bool Handles(AdmissionAttributes attributes);

    /// <summary>May change the object or throw a failure. In the order of registration.</summary>
    ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation) => ValueTask.CompletedTask;

    /// <summary>May throw a failure. The object is final.</summary>
    ValueTask ValidateAsync(AdmissionAttributes attributes, CancellationToken cancellation) => ValueTask.CompletedTask;

    /// <summary>
    /// Adds to the transaction that writes the object, or takes it away for good (then the object is null); may throw a failure. Asked whatever
    /// <see cref="Handles"/> says, and again when the transaction did not come about.
    /// </summary>
    ValueTask PlanAsync(AdmissionAttributes attributes, WritePlan plan, CancellationToken cancellation) => ValueTask.CompletedTask;
}

/// <summary>The plugins in their order.</summary>
internal sealed class AdmissionChain(IReadOnlyList<IAdmissionPlugin> plugins)
{
    private readonly IAdmissionPlugin[] _plugins = [.. plugins];

    public ValueTask PlanAsync(AdmissionAttributes attributes, WritePlan plan, CancellationToken cancellation)
    {
        for (var i = 0; i < _plugins.Length; i++)
        {
            var running = _plugins[i].PlanAsync(attributes, plan, cancellation);
            if (!running.IsCompletedSuccessfully)
                return PlanAsync(running, i + 1, attributes, plan, cancellation);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        for (var i = 0; i < _plugins.Length; i++)
        {
            if (!_plugins[i].Handles(attributes))
                continue;
            var running = _plugins[i].MutateAsync(attributes, cancellation);
            if (!running.IsCompletedSuccessfully)
                return MutateAsync(running, i + 1, attributes, cancellation);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask ValidateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        for (var i = 0; i < _plugins.Length; i++)
        {
            if (!_plugins[i].Handles(attributes))
                continue;
            var running = _plugins[i].ValidateAsync(attributes, cancellation);
            if (!running.IsCompletedSuccessfully)
                return ValidateAsync(running, i + 1, attributes, cancellation);
        }
        return ValueTask.CompletedTask;
    }

    // From the first plugin on that has to wait for something.
    private async ValueTask PlanAsync(
        ValueTask running, int next, AdmissionAttributes attributes, WritePlan plan, CancellationToken cancellation)
    {
        await running;
        for (; next < _plugins.Length; next++)
            await _plugins[next].PlanAsync(attributes, plan, cancellation);
    }

    private async ValueTask MutateAsync(ValueTask running, int next, AdmissionAttributes attributes, CancellationToken cancellation)
    {
        await running;
        for (; next < _plugins.Length; next++)
        {
            if (_plugins[next].Handles(attributes))
                await _plugins[next].MutateAsync(attributes, cancellation);
        }
    }

    private async ValueTask ValidateAsync(ValueTask running, int next, AdmissionAttributes attributes, CancellationToken cancellation)
    {
        await running;
        for (; next < _plugins.Length; next++)
        {
            if (_plugins[next].Handles(attributes))
                await _plugins[next].ValidateAsync(attributes, cancellation);
        }
    }
}
