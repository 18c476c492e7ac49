using System.Text.RegularExpressions;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.VolumeBinding;

/// <summary>Carries out the reclaim policy of volumes whose claim is gone: keep, delete, or scrub and offer again.</summary>
internal sealed partial class VolumeReclaimer(
    ControllerContext context, ObjectStore<Pod> pods, IEventRecorder events, VolumeBinder binder, Action<string> enqueue)
{
    private const string RecyclerPrefix = "recycler-for-";
    private const string RecyclerNamespace = "default";
    private const string Scrub = "test -e /scrub && find /scrub -mindepth 1 -delete && test -z \"$(ls -A /scrub)\" || exit 1";

    /// <summary>A recycler's pod came, ended or went: its volume goes on.</summary>
    public void PodChanged(Pod pod)
    {
        if (pod.Metadata.Namespace == RecyclerNamespace && pod.Metadata.Name.StartsWith(RecyclerPrefix, StringComparison.Ordinal))
            enqueue(pod.Metadata.Name[RecyclerPrefix.Length..]);
    }

    public Task ReclaimAsync(PersistentVolume volume, CancellationToken cancellation) => volume.Spec.PersistentVolumeReclaimPolicy switch
    {
        "Delete" => DeleteAsync(volume, cancellation),
        "Recycle" => RecycleAsync(volume, cancellation),
        _ => Task.CompletedTask,
    };

    private async Task DeleteAsync(PersistentVolume volume, CancellationToken cancellation)
    {
        // Whoever made it deletes it; so does the driver of a CSI volume.
        if (volume.Spec.CSI is not null || (volume.Metadata.Annotations.OrEmpty().TryGetValue(VolumeNames.ProvisionedBy, out var provisioner)
            && !provisioner.StartsWith(VolumeNames.InTreePrefix, StringComparison.Ordinal)))
            return;
        if (volume.Spec.HostPath is not { } host)
        {
            await FailAsync(volume, "VolumeFailedDelete",
                $"error getting deleter volume plugin for volume \"{volume.Metadata.Name}\": no volume plugin matched", cancellation)
                .ConfigureAwait(false);
            return;
        }
        if (!Deletable().IsMatch(host.Path) || host.Path.Split('/').Contains(".."))
        {
            await FailAsync(volume, "VolumeFailedDelete",
                $"host_path deleter only supports /tmp/.+ but received provided {host.Path}", cancellation).ConfigureAwait(false);
            return;
        }
        if (!await IsStillDueAsync(volume, cancellation).ConfigureAwait(false))
            return;
        if (Directory.Exists(host.Path))
            Directory.Delete(host.Path, recursive: true);
        await context.Client.IgnoreNotFoundAsync(c =>
            c.For<PersistentVolume>().DeleteAsync(null, volume.Metadata.Name, cancellation: cancellation)).ConfigureAwait(false);
    }

    // Data goes for ever: what decides it is asked of the API server, the informer may trail behind a policy that was changed to Retain.
    private async Task<bool> IsStillDueAsync(PersistentVolume volume, CancellationToken cancellation) =>
        IsStillDue(volume, await context.Client.For<PersistentVolume>().FindAsync(null, volume.Metadata.Name, cancellation).ConfigureAwait(false));

    /// <summary>Whether what was decided of a volume holds for it as it is now: the same volume, claim and policy. Pure.</summary>
    internal static bool IsStillDue(PersistentVolume decided, PersistentVolume? live) =>
        live is not null && live.Metadata.UID == decided.Metadata.UID && live.Spec.ClaimRef?.UID == decided.Spec.ClaimRef?.UID
        && live.Spec.PersistentVolumeReclaimPolicy == decided.Spec.PersistentVolumeReclaimPolicy;

    private async Task RecycleAsync(PersistentVolume volume, CancellationToken cancellation)
    {
        if (volume.Spec.HostPath is null && volume.Spec.NFS is null)
        {
            await FailAsync(volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!", cancellation).ConfigureAwait(false);
            return;
        }
        var reference = volume.Spec.ClaimRef!;
        var claim = new PersistentVolumeClaim { Metadata = { Namespace = reference.Namespace, Name = reference.Name } };
        var users = ClaimUse.Of(pods, claim).Where(p => !PodState.IsFinished(p)).Select(p => $"{p.Metadata.Namespace}/{p.Metadata.Name}").ToList();
        if (users.Count > 0)
        {
            events.Event(volume, "Normal", "VolumeFailedRecycle", $"Volume is used by pods: {string.Join(',', users)}");
            throw new ReconcileFailedException($"volume {volume.Metadata.Name} is still used and cannot be recycled yet");
        }
        var name = RecyclerPrefix + volume.Metadata.Name;
        var pod = pods.Get(RecyclerNamespace, name);
        if (pod is null)
        {
            await StartRecyclerAsync(volume, name, cancellation).ConfigureAwait(false);
            return;
        }
        if (!PodState.IsFinished(pod) || pod.Metadata.DeletionTimestamp is not null)
            return;
        await context.Client.IgnoreNotFoundAsync(c =>
            c.For<Pod>().DeleteAsync(RecyclerNamespace, name, cancellation: cancellation)).ConfigureAwait(false);
        if (pod.Status.Phase == PodPhase.Failed)
        {
            var why = pod.Status.Message.Length > 0 ? pod.Status.Message : "pod failed, pod.Status.Message unknown";
            await FailAsync(volume, "VolumeFailedRecycle", "Recycle failed: " + why, cancellation).ConfigureAwait(false);
            return;
        }
        events.Event(volume, "Normal", "VolumeRecycled", "Volume recycled");
        var isOurs = VolumeNames.Has(volume.Metadata, VolumeNames.BoundByController);
        await binder.UnbindAsync(volume, isOurs, cancellation).ConfigureAwait(false);
    }

    private async Task StartRecyclerAsync(PersistentVolume volume, string name, CancellationToken cancellation)
    {
        // One that failed for good is not scrubbed for ever.
        if (volume.Status.Phase == "Failed")
            return;
        if (!await IsStillDueAsync(volume, cancellation).ConfigureAwait(false))
            return;
        var settings = volume.Spec.NFS is null ? context.Options.HostPathRecycler : context.Options.NfsRecycler;
        var pod = RecyclerPod(volume, name, settings, context.Options.RecyclerImage);
        try
        {
            await context.Client.For<Pod>().CreateAsync(pod, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            // An earlier try made it; its events come.
        }
    }

    /// <summary>The pod that empties a volume. Pure.</summary>
    internal static Pod RecyclerPod(PersistentVolume volume, string name, RecyclerSettings settings, string image)
    {
        var pod = settings.Template?.DeepClone() ?? new Pod
        {
            Spec =
            {
                RestartPolicy = "Never",
                Volumes = [new() { Name = "vol" }],
                Containers =
                [
                    new()
                    {
                        Name = "pv-recycler", Image = image, Command = ["/bin/sh"], Args = ["-c", Scrub],
                        VolumeMounts = [new() { Name = "vol", MountPath = "/scrub" }],
                    },
                ],
            },
        };
        (pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.GenerateName) = (RecyclerNamespace, name, "");
        pod.Spec.ActiveDeadlineSeconds = (long)settings.TimeoutFor(VolumeNames.Size(volume.Spec.Capacity)).TotalSeconds;
        pod.Spec.Volumes![0] = new() { Name = pod.Spec.Volumes[0].Name, HostPath = volume.Spec.HostPath?.DeepClone(), NFS = volume.Spec.NFS?.DeepClone() };
        return pod;
    }

    private async Task FailAsync(PersistentVolume volume, string reason, string message, CancellationToken cancellation)
    {
        if (volume.Status.Phase != "Failed")
            events.Event(volume, "Warning", reason, message);
        await binder.SetPhaseAsync(volume, "Failed", message, cancellation).ConfigureAwait(false);
    }

    [GeneratedRegex("^/tmp/.+$", RegexOptions.None, 1000)]
    private static partial Regex Deletable();
}
