using Cybernetes.Foundation;
using Cybernetes.Node.Agent;
using Cybernetes.Node.Runtime;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>A container could not be started. The reason and message become its waiting state.</summary>
internal sealed class ContainerStartException(string reason, string message) : Exception(message)
{
    public string Reason { get; } = reason;
}

/// <summary>Sees to it that a container's image is on the node, by the container's pull policy, with a back-off a pod and
/// image.</summary>
internal sealed class ImagePuller(
    IImageService images, IPodObjects objects, INodeEvents events, TimeProvider time, IRandomSource random, bool serializePulls)
{
    private static readonly BackoffOptions PullBackoff = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(300));

    private readonly BackoffMap<(string Uid, string Image)> _backoff = new(PullBackoff, time, random);
    private readonly System.Collections.Concurrent.ConcurrentDictionary<(string, string), string> _lastFailures = new();
    private readonly SemaphoreSlim _turn = serializePulls ? new(1, 1) : new(int.MaxValue);

    /// <summary>How long this pod's pull of the image still has to wait; zero when it may be tried.</summary>
    public TimeSpan Remaining(Pod pod, Container container) =>
        ImageName.Parse(container.Image) is { } name ? _backoff.Remaining((pod.Metadata.UID, name.Full)) : TimeSpan.Zero;

    /// <exception cref="ContainerStartException">The image is not to be had now; the reason says why.</exception>
    public async Task<PulledImage> EnsureAsync(
        Pod pod, Container container, string fieldPath, Cri.PodSandboxConfig sandbox, CancellationToken cancellation)
    {
        var name = ImageName.Parse(container.Image);
        if (name is null)
        {
            var why = $"couldn't parse image name \"{container.Image}\": invalid reference format";
            var text = $"Failed to apply default image tag \"{container.Image}\": {why}";
            events.Record(pod, fieldPath, EventType.Warning, "InspectFailed", text);
            throw new ContainerStartException("InvalidImageName", text);
        }

        var present = await FindAsync(pod, name, fieldPath, cancellation).ConfigureAwait(false);
        var policy = container.ImagePullPolicy;
        if (present is not null && policy != PullPolicy.Always)
        {
            var text = $"Container image \"{container.Image}\" already present on machine and can be accessed by the pod";
            events.Record(pod, fieldPath, EventType.Normal, "Pulled", text);
            return Pulled(present.Id, present);
        }

        if (policy == PullPolicy.Never)
        {
            var text = $"Container image \"{container.Image}\" is not present with pull policy of Never";
            events.Record(pod, fieldPath, EventType.Warning, "ErrImageNeverPull", text);
            throw new ContainerStartException("ErrImageNeverPull", text);
        }

        return await PullAsync(pod, container, name, fieldPath, sandbox, cancellation).ConfigureAwait(false);
    }

    private async Task<Cri.Image?> FindAsync(Pod pod, ImageName name, string fieldPath, CancellationToken cancellation)
    {
        try
        {
            return await images.ImageStatusAsync(new Cri.ImageSpec { Image = name.Full }, cancellation).ConfigureAwait(false);
        }
        catch (RuntimeCallException e)
        {
            var text = $"Failed to inspect image \"{name.Full}\": {e.Message}";
            events.Record(pod, fieldPath, EventType.Warning, "InspectFailed", text);
            throw new ContainerStartException("ImageInspectError", text);
        }
    }

    private async Task<PulledImage> PullAsync(
        Pod pod, Container container, ImageName name, string fieldPath, Cri.PodSandboxConfig sandbox,
        CancellationToken cancellation)
    {
        var key = (pod.Metadata.UID, name.Full);
        if (_backoff.Remaining(key) > TimeSpan.Zero)
        {
            var text = $"Back-off pulling image \"{container.Image}\"";
            events.Record(pod, fieldPath, EventType.Normal, "BackOff", text);
            var detail = _lastFailures.TryGetValue(key, out var last) ? $"{text}: ErrImagePull: {last}" : text;
            throw new ContainerStartException("ImagePullBackOff", detail);
        }

        events.Record(pod, fieldPath, EventType.Normal, "Pulling", $"Pulling image \"{container.Image}\"");
        var asked = time.GetTimestamp();
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var began = time.GetTimestamp();
            var reference = await PullWithLoginsAsync(pod, name, sandbox, cancellation).ConfigureAwait(false);
            var (took, waited) = (time.GetElapsedTime(began), time.GetElapsedTime(asked));
            var spec = new Cri.ImageSpec { Image = reference };
            var pulled = await images.ImageStatusAsync(spec, cancellation).ConfigureAwait(false);
            var waiting = $"({Duration(waited)} including waiting)";
            var text = $"Successfully pulled image \"{container.Image}\" in {Duration(took)} {waiting}. "
                + $"Image size: {pulled?.Size ?? 0} bytes.";
            events.Record(pod, fieldPath, EventType.Normal, "Pulled", text);
            _backoff.Reset(key);
            _lastFailures.TryRemove(key, out _);
            return Pulled(reference, pulled);
        }
        catch (RuntimeCallException e)
        {
            events.Record(
                pod, fieldPath, EventType.Warning, "Failed", $"Failed to pull image \"{container.Image}\": {e.Message}");
            _backoff.Next(key);
            _lastFailures[key] = e.Message;
            throw new ContainerStartException("ErrImagePull", e.Message);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<string> PullWithLoginsAsync(
        Pod pod, ImageName name, Cri.PodSandboxConfig sandbox, CancellationToken cancellation)
    {
        var spec = new Cri.ImageSpec { Image = name.Full };
        var secrets = new List<Secret>();
        foreach (var reference in pod.Spec.ImagePullSecrets.OrEmpty())
        {
            var secret = await objects.SecretAsync(pod.Metadata.Namespace, reference.Name, cancellation).ConfigureAwait(false);
            if (secret is null)
            {
                var text = "Unable to retrieve some image pull secrets "
                    + $"({reference.Name}); attempting to pull the image may not succeed.";
                events.Record(pod, "", EventType.Warning, "FailedToRetrieveImagePullSecret", text);
            }
            else
                secrets.Add(secret);
        }

        var logins = RegistryCredentials.For(name, secrets);
        for (var i = 0; i < logins.Count - 1; i++)
        {
            try
            {
                return await images.PullImageAsync(spec, logins[i], sandbox, cancellation).ConfigureAwait(false);
            }
            catch (RuntimeCallException)
            {
                // The next login may do; the last one's failure is the one told.
            }
        }

        return await images.PullImageAsync(spec, logins.LastOrDefault(), sandbox, cancellation).ConfigureAwait(false);
    }

    /// <summary>Forgets what is over; to be called now and then.</summary>
    public void Collect()
    {
        _backoff.Collect();
        foreach (var key in _lastFailures.Keys)
        {
            if (_backoff.Get((key.Item1, key.Item2)) == TimeSpan.Zero)
                _lastFailures.TryRemove(key, out _);
        }
    }

    private static PulledImage Pulled(string reference, Cri.Image? image) =>
        new(reference, image?.Uid?.Value, image?.Username ?? "");

    private static string Duration(TimeSpan span) =>
        KubernetesDuration.Format(TimeSpan.FromMilliseconds(Math.Floor(span.TotalMilliseconds)));
}
