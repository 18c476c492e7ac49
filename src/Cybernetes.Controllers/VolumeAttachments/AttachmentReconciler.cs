using System.Security.Cryptography;
using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Controllers.VolumeAttachments;

/// <summary>What is known around a volume of a driver that attaches.</summary>
internal sealed record AttachmentView
{
    public required PersistentVolume Volume { get; init; }

    /// <summary>The pods that need it, by node: those that run or are about to.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<Pod>> Wanted { get; init; }

    /// <summary>Its attachments, in any state.</summary>
    public required IReadOnlyList<VolumeAttachment> Attachments { get; init; }

    /// <summary>Nodes that say they still have it mounted and are well enough to be believed, by name.</summary>
    public required IReadOnlySet<string> InUse { get; init; }

    /// <summary>Nodes that will not come back by themselves: gone, or tainted out-of-service.</summary>
    public required IReadOnlySet<string> Lost { get; init; }

    /// <summary>Since when each attachment is not wanted any more, by its name.</summary>
    public required IReadOnlyDictionary<string, DateTimeOffset> UnwantedSince { get; init; }

    /// <summary>When a volume is taken off a node that does not answer.</summary>
    public required TimeSpan ForceAfter { get; init; }
}

/// <summary>What is to be done for a volume.</summary>
internal sealed record AttachmentPlan(IReadOnlyList<string> Attach, IReadOnlyList<VolumeAttachment> Detach)
{
    /// <summary>Nodes that must wait for another one to let go.</summary>
    public IReadOnlyList<string> Blocked { get; init; } = [];

    /// <summary>When the next forced detachment falls due.</summary>
    public DateTimeOffset? LookAgainAt { get; init; }
}

/// <summary>Decides where a volume is to be attached. Pure.</summary>
internal static class AttachmentReconciler
{
    public static AttachmentPlan Reconcile(AttachmentView view, DateTimeOffset now)
    {
        var attached = view.Attachments.Select(a => a.Spec.NodeName).ToHashSet(StringComparer.Ordinal);
        var missing = view.Wanted.Keys.Where(n => !attached.Contains(n)).Order(StringComparer.Ordinal).ToList();
        var attach = missing;
        var blocked = new List<string>();
        if (!IsShared(view.Volume))
        {
            attach = attached.Count == 0 ? [.. missing.Take(1)] : [];
            blocked = [.. missing.Except(attach, StringComparer.Ordinal)];
        }
        var detach = new List<VolumeAttachment>();
        DateTimeOffset? again = null;
        foreach (var attachment in view.Attachments)
        {
            var node = attachment.Spec.NodeName;
            if (view.Wanted.ContainsKey(node) || attachment.Metadata.DeletionTimestamp is not null)
                continue;
            var forced = (view.UnwantedSince.TryGetValue(attachment.Metadata.Name, out var since) ? since : now) + view.ForceAfter;
            if (view.Lost.Contains(node) || !view.InUse.Contains(node) || forced <= now)
                detach.Add(attachment);
            else if (again is null || forced < again)
                again = forced;
        }
        return new AttachmentPlan(attach, detach) { Blocked = blocked, LookAgainAt = again };
    }

    /// <summary>The name that the attachment of a volume to a node has for every controller (upstream's).</summary>
    public static string NameOf(CSIPersistentVolumeSource source, string node) => "csi-" + Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(source.VolumeHandle + source.Driver + node)));

    /// <summary>The volume's name in a node's status.</summary>
    public static string UniqueName(CSIPersistentVolumeSource source) => $"kubernetes.io/csi/{source.Driver}^{source.VolumeHandle}";

    private static bool IsShared(PersistentVolume volume) =>
        volume.Spec.AccessModes.OrEmpty().Any(m => m is "ReadWriteMany" or "ReadOnlyMany") || volume.Spec.AccessModes.OrEmpty().Count == 0;
}
