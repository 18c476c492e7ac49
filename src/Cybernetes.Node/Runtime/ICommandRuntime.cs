using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Runtime;

/// <summary>The part of the container runtime that the kubelet's server needs: what goes into containers from outside.</summary>
public interface ICommandRuntime
{
    /// <summary>Runs a command to its end. <see cref="RuntimeStatusCode.DeadlineExceeded"/> when it took longer than the
    /// timeout.</summary>
    /// <param name="timeout">Zero: no limit.</param>
    Task<ExecSyncResponse> ExecSyncAsync(
        string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellation);

    /// <summary>Prepares a streaming exec; the answer is the URL to stream with.</summary>
    Task<string> ExecAsync(ExecRequest request, CancellationToken cancellation);

    Task<string> AttachAsync(AttachRequest request, CancellationToken cancellation);

    Task<string> PortForwardAsync(PortForwardRequest request, CancellationToken cancellation);
}
