using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Controllers.VolumeProtection;

/// <summary>Keeps a deleted volume attributes class while a claim or a volume names it (finalizer <c>kubernetes.io/vac-protection</c>).</summary>
internal sealed class AttributesClassProtectionController : IController
{
    public const string Finalizer = "kubernetes.io/vac-protection";
    private const string ByClass = "volumeAttributesClassName";

    private readonly ControllerContext _context;
    private readonly ObjectStore<VolumeAttributesClass> _classes;
    private readonly ObjectStore<PersistentVolumeClaim> _claims;
    private readonly ObjectStore<PersistentVolume> _volumes;
    private readonly WorkQueue<string> _queue;

    public AttributesClassProtectionController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("vacprotection");
        var (classes, claims, volumes) =
            (context.Informers.For<VolumeAttributesClass>(), context.Informers.For<PersistentVolumeClaim>(), context.Informers.For<PersistentVolume>());
        (_classes, _claims, _volumes) = (classes.Store, claims.Store, volumes.Store);
        _claims.AddIndex(ByClass, static c => [.. NamedBy(c)]);
        _volumes.AddIndex(ByClass, static v => [.. NamedBy(v)]);
        classes.AddHandler(Changed, (_, c) => Changed(c));
        claims.AddHandler(null, (before, c) => Left(NamedBy(before).Except(NamedBy(c))), c => Left(NamedBy(c)));
        volumes.AddHandler(null, (before, v) => Left(NamedBy(before).Except(NamedBy(v))), v => Left(NamedBy(v)));
    }

    public string Name => "volumeattributesclass-protection-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>The classes that a claim wants, has, or is on its way to. Pure.</summary>
    internal static IEnumerable<string> NamedBy(PersistentVolumeClaim claim) => new[]
    {
        claim.Spec.VolumeAttributesClassName, claim.Status.CurrentVolumeAttributesClassName, claim.Status.ModifyVolumeStatus?.TargetVolumeAttributesClassName,
    }.OfType<string>().Where(n => n.Length > 0).Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> NamedBy(PersistentVolume volume) =>
        volume.Spec.VolumeAttributesClassName is { Length: > 0 } name ? [name] : [];

    private void Changed(VolumeAttributesClass value)
    {
        if (FinalizerRules.Decide(value.Metadata, Finalizer, isUsed: false) != FinalizerStep.None)
            _queue.Add(value.Metadata.Name);
    }

    private void Left(IEnumerable<string> names)
    {
        foreach (var name in names)
            _queue.Add(name);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_classes.Get("", name) is not { } value)
            return;
        var isUsed = _volumes.ByIndex(ByClass, name).Any() || _claims.ByIndex(ByClass, name).Any();
        if (FinalizerRules.Decide(value.Metadata, Finalizer, isUsed) is not FinalizerStep.None and var step)
            await FinalizerRules.ApplyAsync(_context.Client, value, Finalizer, step, cancellation).ConfigureAwait(false);
    }
}
