using System.Globalization;
using Cybernetes.Foundation;
using Cybernetes.Node.Agent;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Status;

/// <summary>
/// Brings one pod's status to the API server: at once, one write at a time, always the newest, again after failures. Belongs
/// to the pod's
/// worker; <see cref="Publish"/> and <see cref="Observe"/> may come from any thread.
/// </summary>
internal sealed class PodStatusPublisher(INodeApi api, TimeProvider time, IRandomSource random, ILogger logger,
    CancellationToken stopping)
{
    private static readonly BackoffOptions Retries = new(TimeSpan.FromMilliseconds(200),
        TimeSpan.FromSeconds(10))
    { Jitter = 0.5 };

    private readonly Lock _gate = new();
    private Pod? _server;
    private PodStatus? _desired;
    private Task _writing = Task.CompletedTask;
    private bool _isGone;

    /// <summary>Notes what the server has, from a watch or an answer; an older state than the one known is ignored.</summary>
    public void Observe(Pod pod)
    {
        lock (_gate)
        {
            if (_server is null || VersionOf(pod) >= VersionOf(_server))
                _server = pod;
        }
    }

    /// <summary>Wants this status to be the server's. Does not wait.</summary>
    public void Publish(PodStatus status)
    {
        lock (_gate)
        {
            _desired = status;
            if (_writing.IsCompleted)
                _writing = Task.Run(WriteAllAsync);
        }
    }

    /// <summary>Ends once the last published status is written, or the pod is gone, or the agent stops.</summary>
    public async Task FlushAsync()
    {
        while (true)
        {
            Task writing;
            lock (_gate)
                writing = _writing;
            await writing.ConfigureAwait(false);
            lock (_gate)
            {
                if (writing == _writing)
                    return;
            }
        }
    }

    private async Task WriteAllAsync()
    {
        // Journey 26: status back
        var backoff = new Backoff(Retries, random);
        while (!stopping.IsCancellationRequested)
        {
            if (Take() is not { } work)
                return;
            try
            {
                var answer = await api.PatchPodStatusAsync(
                    work.Pod.Metadata.Namespace, work.Pod.Metadata.Name, work.Patch, stopping).ConfigureAwait(false);
                Note(answer, work.Status);
                backoff.Reset();
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(
                    "Failed to update status for pod {Namespace}/{Name}: {Reason}", work.Pod.Metadata.Namespace,
                    work.Pod.Metadata.Name,
                    e.Message);
                await Task.Delay(backoff.Next(), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private (Pod Pod, PodStatus Status, byte[] Patch)? Take()
    {
        lock (_gate)
        {
            // The task counts as complete from here on: a Publish that comes now starts a new one.
            if (_isGone || _server is null || _desired is null)
            {
                _writing = Task.CompletedTask;
                return null;
            }

            if (StatusPatch.ForPod(_server.Metadata.UID, _server.Status, _desired) is not { } patch)
            {
                _desired = null;
                _writing = Task.CompletedTask;
                return null;
            }

            return (_server, _desired, patch);
        }
    }

    private void Note(Pod? answer, PodStatus written)
    {
        lock (_gate)
        {
            if (answer is null)
                _isGone = true;
            else if (_server is null || VersionOf(answer) >= VersionOf(_server))
                _server = answer;

            // What the server made of it is what counts, even where it differs: the same patch again would not change it.
            if (ReferenceEquals(_desired, written))
                _desired = null;
        }
    }

    private static ulong VersionOf(Pod pod) =>
        ulong.TryParse(pod.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version
            : 0;
}
