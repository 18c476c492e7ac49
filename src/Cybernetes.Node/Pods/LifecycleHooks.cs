using System.Text;
using Cybernetes.Node.Probes;
using Cybernetes.Node.Runtime;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>A postStart or preStop handler failed.</summary>
internal sealed class LifecycleHookException(string message) : Exception(message);

/// <summary>Runs the handlers of container lifecycle events: exec, httpGet, sleep.</summary>
internal sealed class LifecycleHooks(IRuntimeService runtime, IHttpProber http, TimeProvider time)
{
    /// <exception cref="LifecycleHookException">The handler failed.</exception>
    public async Task RunAsync(
        LifecycleHandler handler, Container container, string containerId, string address, CancellationToken cancellation)
    {
        if (handler.Exec is { } exec)
            await ExecAsync(exec, containerId, cancellation).ConfigureAwait(false);
        else if (handler.HTTPGet is { } get)
            await GetAsync(get, container, address, cancellation).ConfigureAwait(false);
        else if (handler.Sleep is { } sleep)
            await Task.Delay(TimeSpan.FromSeconds(sleep.Seconds), time, cancellation).ConfigureAwait(false);
        else
            throw new LifecycleHookException("cannot run handler: invalid handler");
    }

    private async Task ExecAsync(ExecAction exec, string containerId, CancellationToken cancellation)
    {
        var command = exec.Command ?? [];
        try
        {
            var answer = await runtime.ExecSyncAsync(containerId, command, TimeSpan.Zero, cancellation).ConfigureAwait(false);
            if (answer.ExitCode == 0)
                return;
            var output = Encoding.UTF8.GetString(answer.Stdout.Span) + Encoding.UTF8.GetString(answer.Stderr.Span);
            var words = string.Join(' ', command);
            throw new LifecycleHookException(
                $"Exec lifecycle hook ([{words}]) failed - error: command '{words}' exited with {answer.ExitCode}: {output}, "
                + $"message: \"{output}\"");
        }
        catch (RuntimeCallException e)
        {
            throw new LifecycleHookException($"Exec lifecycle hook ([{string.Join(' ', command)}]) failed - error: {e.Message}");
        }
    }

    private async Task GetAsync(HTTPGetAction get, Container container, string address, CancellationToken cancellation)
    {
        var target = ProbeTargets.Http(get, container, address);
        if (target.Fault is { } fault)
            throw new LifecycleHookException(fault);
        var outcome = await http.GetAsync(target.Uri!, get.HTTPHeaders, TimeSpan.Zero, cancellation).ConfigureAwait(false);

        // Any answer will do: upstream asks a lifecycle handler only to be reachable.
        if (!outcome.Answered)
            throw new LifecycleHookException($"HTTP lifecycle hook ({get.Path}) failed - error: {outcome.Message}");
    }
}
