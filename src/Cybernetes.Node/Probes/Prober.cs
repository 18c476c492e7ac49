using System.Net.Sockets;
using System.Text;
using Cybernetes.Node.Runtime;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Probes;

/// <summary>One answer of one probe. The message is for the Unhealthy event.</summary>
internal readonly record struct ProbeOutcome(ProbeResult Result, string Message);

internal interface IProber
{
    Task<ProbeOutcome> ProbeAsync(Probe probe, Container container, string containerId, string address,
        CancellationToken cancellation);
}

/// <summary>Asks a container once: exec, HTTP, TCP or gRPC. Never throws but for its own cancellation.</summary>
internal sealed class Prober(IRuntimeService runtime, IHttpProber http, IGrpcHealthProber grpc, TimeProvider time) : IProber
{
    private const int MaxOutputBytes = 10 * 1024;

    public Task<ProbeOutcome> ProbeAsync(
        Probe probe, Container container, string containerId, string address, CancellationToken cancellation)
    {
        var timeout = TimeSpan.FromSeconds(probe.TimeoutSeconds > 0 ? probe.TimeoutSeconds : 1);
        if (probe.Exec is { } exec)
            return ExecAsync(exec.Command ?? [], containerId, timeout, cancellation);
        if (probe.HTTPGet is { } get)
            return HttpAsync(get, container, address, timeout, cancellation);
        if (probe.TCPSocket is { } tcp)
            return TcpAsync(tcp, container, address, timeout, cancellation);
        if (probe.GRPC is { } call)
            return grpc.CheckAsync(address, call.Port, call.Service ?? "", timeout, cancellation);
        return Task.FromResult(new ProbeOutcome(ProbeResult.Failure, $"missing probe handler for {container.Name}"));
    }

    private async Task<ProbeOutcome> ExecAsync(
        List<string> command, string containerId, TimeSpan timeout, CancellationToken cancellation)
    {
        try
        {
            var answer = await runtime.ExecSyncAsync(containerId, command, timeout, cancellation).ConfigureAwait(false);
            var output = Text(answer.Stdout.Span) + Text(answer.Stderr.Span);
            return new ProbeOutcome(answer.ExitCode == 0 ? ProbeResult.Success : ProbeResult.Failure, Cut(output));
        }
        catch (RuntimeCallException e) when (e.Code == RuntimeStatusCode.DeadlineExceeded)
        {
            var text = $"command timed out: \"{string.Join(' ', command)}\" timed out after {timeout.TotalSeconds:0}s";
            return new ProbeOutcome(ProbeResult.Failure, text);
        }
        catch (RuntimeCallException e)
        {
            return new ProbeOutcome(ProbeResult.Failure, e.Message);
        }
    }

    private async Task<ProbeOutcome> HttpAsync(
        HTTPGetAction get, Container container, string address, TimeSpan timeout, CancellationToken cancellation)
    {
        var (uri, fault) = ProbeTargets.Http(get, container, address);
        if (uri is null)
            return new ProbeOutcome(ProbeResult.Failure, fault!);
        var outcome = await http.GetAsync(uri, get.HTTPHeaders, timeout, cancellation).ConfigureAwait(false);
        if (!outcome.Answered)
            return new ProbeOutcome(ProbeResult.Failure, outcome.Message);
        return outcome.StatusCode is >= 200 and < 400
            ? new ProbeOutcome(ProbeResult.Success, outcome.Body)
            : new ProbeOutcome(ProbeResult.Failure, $"HTTP probe failed with statuscode: {outcome.StatusCode}");
    }

    private async Task<ProbeOutcome> TcpAsync(
        TCPSocketAction tcp, Container container, string address, TimeSpan timeout, CancellationToken cancellation)
    {
        var (port, fault) = ProbeTargets.Port(tcp.Port, container);
        if (fault is not null)
            return new ProbeOutcome(ProbeResult.Failure, fault);
        var host = tcp.Host.Length > 0 ? tcp.Host : address;
        using var limit = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, both.Token).ConfigureAwait(false);
            return new ProbeOutcome(ProbeResult.Success, "");
        }
        catch (SocketException e)
        {
            return new ProbeOutcome(ProbeResult.Failure, Dial.Failure(host, port, e));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            var late = new SocketException((int)SocketError.TimedOut);
            return new ProbeOutcome(ProbeResult.Failure, Dial.Failure(host, port, late));
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static string Cut(string text) => text.Length > MaxOutputBytes ? text[..MaxOutputBytes] : text;
}
