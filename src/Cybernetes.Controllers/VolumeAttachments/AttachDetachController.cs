using System.Text.Json;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Controllers.VolumeAttachments;

/// <summary>
/// Asks the drivers of CSI volumes, by VolumeAttachments, to attach them to the nodes whose pods use them and to detach them afterwards; tells
/// kubelets in their node's status what is attached.
/// </summary>
internal sealed class AttachDetachController : IController
{
    private const string ByVolume = "volume";
    private const string ByNode = "node";
    private const string ByDriver = "driver";

    private readonly ControllerContext _context;
    private readonly ObjectStore<Pod> _pods;
    private readonly ObjectStore<Node> _nodes;
    private readonly ObjectStore<PersistentVolumeClaim> _claims;
    private readonly ObjectStore<PersistentVolume> _volumes;
    private readonly ObjectStore<CSIDriver> _drivers;
    private readonly ObjectStore<VolumeAttachment> _attachments;
    private readonly WorkQueue<string> _queue;
    private readonly WorkQueue<string> _nodeQueue;
    private readonly IEventRecorder _events;
    private readonly Dictionary<string, DateTimeOffset> _unwanted = new(StringComparer.Ordinal);

    public AttachDetachController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("attach_detach");
        _nodeQueue = context.Queue<string>("attach_detach_nodes");
        _events = context.Recorder("attachdetach-controller");
        var (pods, claims, volumes) = (context.Informers.For<Pod>(), context.Informers.For<PersistentVolumeClaim>(), context.Informers.For<PersistentVolume>());
        var (attachments, nodes) = (context.Informers.For<VolumeAttachment>(), context.Informers.For<Node>());
        var drivers = context.Informers.For<CSIDriver>();
        _drivers = drivers.Store;
        (_pods, _nodes, _claims, _volumes) = (ClaimUse.Index(pods.Store), nodes.Store, claims.Store, volumes.Store);
        _attachments = attachments.Store;
        _attachments.AddIndex(ByVolume, static a => a.Spec.Source.PersistentVolumeName is { } volume ? [volume] : []);
        _attachments.AddIndex(ByNode, static a => [a.Spec.NodeName]);
        _volumes.AddIndex(ByDriver, static v => v.Spec.CSI is { } source ? [source.Driver] : []);
        // Each comes by a watch of its own, in any order: whichever comes last brings the volume to its turn.
        pods.AddHandler(PodChanged, (_, p) => PodChanged(p), PodChanged);
        claims.AddHandler(c => Enqueue(c.Spec.VolumeName), (_, c) => Enqueue(c.Spec.VolumeName), c => Enqueue(c.Spec.VolumeName));
        volumes.AddHandler(VolumeChanged, VolumeUpdated, VolumeChanged);
        drivers.AddHandler(DriverChanged, (_, d) => DriverChanged(d), DriverChanged);
        attachments.AddHandler(AttachmentChanged, AttachmentUpdated, AttachmentChanged);
        nodes.AddHandler(n => _nodeQueue.Add(n.Metadata.Name), NodeUpdated, NodeChanged);
    }

    public string Name => "persistentvolume-attach-detach-controller";

    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(
        _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation),
        _nodeQueue.RunWorkersAsync(1, ReconcileNodeAsync, _context.Logger, cancellation));

    private void Enqueue(string volume)
    {
        if (volume.Length > 0)
            _queue.Add(volume);
    }

    private void PodChanged(Pod pod)
    {
        if (pod.Spec.NodeName.Length == 0)
            return;
        foreach (var name in ClaimUse.ClaimsOf(pod))
            Enqueue(_claims.Get(pod.Metadata.Namespace, name)?.Spec.VolumeName ?? "");
    }

    private void VolumeUpdated(PersistentVolume before, PersistentVolume volume)
    {
        if (!before.Spec.SemanticEquals(volume.Spec))
            VolumeChanged(volume);
    }

    private void VolumeChanged(PersistentVolume volume)
    {
        Enqueue(volume.Metadata.Name);
        foreach (var attachment in _attachments.ByIndex(ByVolume, volume.Metadata.Name))
            _nodeQueue.Add(attachment.Spec.NodeName);
    }

    private void DriverChanged(CSIDriver driver)
    {
        foreach (var volume in _volumes.ByIndex(ByDriver, driver.Metadata.Name))
            Enqueue(volume.Metadata.Name);
    }

    private void AttachmentChanged(VolumeAttachment attachment)
    {
        Enqueue(attachment.Spec.Source.PersistentVolumeName ?? "");
        _nodeQueue.Add(attachment.Spec.NodeName);
    }

    private void AttachmentUpdated(VolumeAttachment before, VolumeAttachment attachment)
    {
        AttachmentChanged(attachment);
        var name = attachment.Spec.Source.PersistentVolumeName ?? "";
        if (attachment.Status.Attached && !before.Status.Attached)
            Tell(attachment, "Normal", "SuccessfulAttachVolume", $"AttachVolume.Attach succeeded for volume \"{name}\" ");
        else if (attachment.Status.AttachError is { } error && before.Status.AttachError?.Message != error.Message)
            Tell(attachment, "Warning", "FailedAttachVolume", $"AttachVolume.Attach failed for volume \"{name}\" : {error.Message}");
    }

    private void Tell(VolumeAttachment attachment, string type, string reason, string message)
    {
        if (_volumes.Get("", attachment.Spec.Source.PersistentVolumeName ?? "") is not { } volume)
            return;
        foreach (var pod in Users(volume).Where(p => p.Spec.NodeName == attachment.Spec.NodeName))
            _events.Event(pod, type, reason, message);
    }

    private void NodeUpdated(Node before, Node node)
    {
        if (!ObjectEquality.StringList(before.Status.VolumesInUse, node.Status.VolumesInUse)
            || IsOutOfService(before) != IsOutOfService(node))
            NodeChanged(node);
        else if (!ObjectEquality.ObjectList(before.Status.VolumesAttached, node.Status.VolumesAttached))
            _nodeQueue.Add(node.Metadata.Name);
    }

    private void NodeChanged(Node node)
    {
        _nodeQueue.Add(node.Metadata.Name);
        foreach (var attachment in _attachments.ByIndex(ByNode, node.Metadata.Name))
            Enqueue(attachment.Spec.Source.PersistentVolumeName ?? "");
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        var attachments = _attachments.ByIndex(ByVolume, name);
        // Of a volume that is gone nothing is known; its attachments belong to nobody any more.
        var volume = _volumes.Get("", name) ?? new PersistentVolume { Metadata = { Name = name } };
        if (volume.Spec.CSI is null && attachments.Count == 0)
            return;
        var view = View(volume, attachments);
        var plan = AttachmentReconciler.Reconcile(view, _context.Time.GetUtcNow());
        foreach (var attachment in plan.Detach)
        {
            _unwanted.Remove(attachment.Metadata.Name);
            await _context.Client.IgnoreNotFoundAsync(c =>
                c.For<VolumeAttachment>().DeleteAsync(null, attachment.Metadata.Name, cancellation: cancellation)).ConfigureAwait(false);
        }
        foreach (var node in plan.Attach)
            await AttachAsync(volume, node, cancellation).ConfigureAwait(false);
        foreach (var pod in plan.Blocked.SelectMany(node => view.Wanted[node]))
        {
            var others = string.Join(',', view.Wanted.Values.SelectMany(p => p).Where(p => p.Spec.NodeName != pod.Spec.NodeName)
                .Select(p => p.Metadata.Name).Order(StringComparer.Ordinal));
            _events.Event(pod, "Warning", "FailedAttachVolume", $"Multi-Attach error for volume \"{name}\" " + (others.Length > 0
                ? $"Volume is already used by pod(s) {others}"
                : "Volume is already exclusively attached to one node and can't be attached to another"));
        }
        if (plan.LookAgainAt is { } again)
            _queue.AddAfter(name, again - _context.Time.GetUtcNow());
    }

    private AttachmentView View(PersistentVolume volume, IReadOnlyList<VolumeAttachment> attachments)
    {
        var source = volume.Spec.CSI;
        var wanted = new Dictionary<string, IReadOnlyList<Pod>>(StringComparer.Ordinal);
        if (source is not null && _drivers.Get("", source.Driver)?.Spec.AttachRequired != false)
        {
            foreach (var group in Users(volume).GroupBy(p => p.Spec.NodeName, StringComparer.Ordinal))
                wanted[group.Key] = [.. group];
        }
        var now = _context.Time.GetUtcNow();
        foreach (var attachment in attachments)
        {
            if (wanted.ContainsKey(attachment.Spec.NodeName))
                _unwanted.Remove(attachment.Metadata.Name);
            else
                _unwanted.TryAdd(attachment.Metadata.Name, now);
        }
        var nodes = attachments.Select(a => a.Spec.NodeName).Distinct(StringComparer.Ordinal)
            .ToDictionary(n => n, n => _nodes.Get("", n), StringComparer.Ordinal);
        var unique = source is null ? "" : AttachmentReconciler.UniqueName(source);
        return new()
        {
            Volume = volume, Wanted = wanted, Attachments = attachments, UnwantedSince = _unwanted,
            InUse = nodes.Where(n => n.Value?.Status.VolumesInUse?.Contains(unique) == true).Select(n => n.Key).ToHashSet(StringComparer.Ordinal),
            Lost = nodes.Where(n => n.Value is null || IsOutOfService(n.Value)).Select(n => n.Key).ToHashSet(StringComparer.Ordinal),
            ForceAfter = _context.Options.AttachDetachForceAfter,
        };
    }

    /// <summary>The pods with a node that use the volume and have not ended.</summary>
    private IEnumerable<Pod> Users(PersistentVolume volume)
    {
        if (volume.Spec.ClaimRef is not { } reference || _claims.Get(reference.Namespace, reference.Name) is not { } claim
            || claim.Spec.VolumeName != volume.Metadata.Name)
            return [];
        return ClaimUse.Of(_pods, claim).Where(p => p.Spec.NodeName.Length > 0 && !PodState.IsFinished(p));
    }

    private async Task AttachAsync(PersistentVolume volume, string node, CancellationToken cancellation)
    {
        var source = volume.Spec.CSI!;
        var attachment = new VolumeAttachment
        {
            Metadata = { Name = AttachmentReconciler.NameOf(source, node) },
            Spec = { Attacher = source.Driver, NodeName = node, Source = { PersistentVolumeName = volume.Metadata.Name } },
        };
        try
        {
            await _context.Client.For<VolumeAttachment>().CreateAsync(attachment, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            // Made by an earlier try.
        }
    }

    /// <summary>The node's status names what is attached to it: kubelets mount nothing else.</summary>
    private async Task ReconcileNodeAsync(string name, CancellationToken cancellation)
    {
        if (_nodes.Get("", name) is not { } node)
            return;
        var attached = _attachments.ByIndex(ByNode, name).Where(a => a.Status.Attached && a.Metadata.DeletionTimestamp is null)
            .Select(a => _volumes.Get("", a.Spec.Source.PersistentVolumeName ?? "")?.Spec.CSI).OfType<CSIPersistentVolumeSource>()
            .Select(AttachmentReconciler.UniqueName).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (attached.SequenceEqual(node.Status.VolumesAttached.OrEmpty().Select(v => v.Name).Order(StringComparer.Ordinal), StringComparer.Ordinal))
            return;
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("status");
            writer.WriteStartArray("volumesAttached");
            foreach (var volume in attached)
                new AttachedVolume { Name = volume }.WriteJson(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        var patch = new ObjectPatch("application/merge-patch+json", stream.ToArray());
        await _context.Client.IgnoreNotFoundAsync(c => c.For<Node>().PatchAsync(null, name, patch, null, "status", cancellation)).ConfigureAwait(false);
    }

    private static bool IsOutOfService(Node node) => node.Spec.Taints.OrEmpty().Any(t => t.Key == "node.kubernetes.io/out-of-service");
}
