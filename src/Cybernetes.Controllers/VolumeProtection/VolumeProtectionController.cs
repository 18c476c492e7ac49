using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.VolumeProtection;

/// <summary>Keeps a deleted volume while it is bound (finalizer <c>kubernetes.io/pv-protection</c>).</summary>
internal sealed class VolumeProtectionController : IController
{
    public const string Finalizer = "kubernetes.io/pv-protection";

    private readonly ControllerContext _context;
    private readonly ObjectStore<PersistentVolume> _volumes;
    private readonly WorkQueue<string> _queue;

    public VolumeProtectionController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("pvprotection");
        var volumes = context.Informers.For<PersistentVolume>();
        _volumes = volumes.Store;
        volumes.AddHandler(Changed, (_, v) => Changed(v));
    }

    public string Name => "persistentvolume-protection-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    private void Changed(PersistentVolume volume)
    {
        if (Decide(volume) != FinalizerStep.None)
            _queue.Add(volume.Metadata.Name);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_volumes.Get("", name) is { } volume && Decide(volume) is not FinalizerStep.None and var step)
            await FinalizerRules.ApplyAsync(_context.Client, volume, Finalizer, step, cancellation).ConfigureAwait(false);
    }

    private static FinalizerStep Decide(PersistentVolume volume) =>
        FinalizerRules.Decide(volume.Metadata, Finalizer, isUsed: volume.Status.Phase == "Bound");
}
