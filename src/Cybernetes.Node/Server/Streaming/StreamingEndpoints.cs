using System.Globalization;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>The path of exec, attach and run: /exec/namespace/pod[/uid]/container.</summary>
internal readonly record struct CommandPath(string Namespace, string Pod, string Uid, string Container)
{
    public static CommandPath Parse(string[] segments) => segments switch
    {
        [_, var ns, var pod, var container] => new CommandPath(ns, pod, "", container),
        [_, var ns, var pod, var uid, var container] => new CommandPath(ns, pod, uid, container),
        _ => throw new KubeletRequestException(StatusCodes.Status404NotFound, "404 page not found\n"),
    };
}

/// <summary>
/// exec, attach, run and port-forward. What the runtime's own streaming server understands (SPDY, WebSocket up to v4) is
/// tunnelled to it as it is; v5 and SPDY inside a WebSocket are translated; a runtime that streams by itself is served from here.
/// </summary>
internal sealed class StreamingEndpoints(IKubeletPods pods, ICommandRuntime runtime, TimeProvider time)
{
    private const string Version5 = "v5.channel.k8s.io";
    private const string Version4 = "v4.channel.k8s.io";
    private const string TunnelledPortForward = "SPDY/3.1+portforward.k8s.io";

    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(10);

    public async Task ExecAsync(HttpContext context, CommandPath path)
    {
        var options = OptionsOf(context.Request.Query);
        var upgrade = UpgradeRequest.Of(context);
        var target = await FindAsync(path, context.RequestAborted).ConfigureAwait(false);
        var request = new ExecRequest
        {
            ContainerId = target.ContainerId,
            Cmd = { context.Request.Query["command"].Select(word => word ?? "") },
            Tty = options.Terminal,
            Stdin = options.Stdin,
            Stdout = options.Stdout,
            Stderr = options.Stderr,
        };
        if (runtime is IDirectStreaming direct)
        {
            await ServeAsync(context, upgrade, options, async (streams, cancellation) =>
                CommandStatus.OfExit(await direct.RunCommandAsync(request, streams, cancellation).ConfigureAwait(false)))
                .ConfigureAwait(false);
            return;
        }

        var url = await runtime.ExecAsync(request, context.RequestAborted).ConfigureAwait(false);
        await TunnelOrTranslateAsync(context, upgrade, options, new Uri(url)).ConfigureAwait(false);
    }

    public async Task AttachAsync(HttpContext context, CommandPath path)
    {
        var options = OptionsOf(context.Request.Query);
        var upgrade = UpgradeRequest.Of(context);
        var target = await FindAsync(path, context.RequestAborted).ConfigureAwait(false);

        // The container's terminal decides, whatever the client thinks.
        options = options with { Terminal = target.HasTerminal };
        var request = new AttachRequest
        {
            ContainerId = target.ContainerId,
            Tty = options.Terminal,
            Stdin = options.Stdin,
            Stdout = options.Stdout,
            Stderr = options.Stderr && !options.Terminal,
        };
        if (runtime is IDirectStreaming direct)
        {
            await ServeAsync(context, upgrade, options, async (streams, cancellation) =>
            {
                await direct.AttachToAsync(request, streams, cancellation).ConfigureAwait(false);
                return CommandStatus.OfExit(0);
            }).ConfigureAwait(false);
            return;
        }

        var url = await runtime.AttachAsync(request, context.RequestAborted).ConfigureAwait(false);
        await TunnelOrTranslateAsync(context, upgrade, options, new Uri(url)).ConfigureAwait(false);
    }

    /// <summary>A command without streams; the answer is its output.</summary>
    public async Task RunAsync(HttpContext context, CommandPath path)
    {
        var target = await FindAsync(path, context.RequestAborted).ConfigureAwait(false);
        var command = context.Request.Query["cmd"].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var result = await runtime.ExecSyncAsync(target.ContainerId, command, RunTimeout, context.RequestAborted)
            .ConfigureAwait(false);
        context.Response.ContentType = "text/plain; charset=utf-8";
        if (result.ExitCode != 0)
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        await context.Response.Body.WriteAsync(result.Stdout.Memory, context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.WriteAsync(result.Stderr.Memory, context.RequestAborted).ConfigureAwait(false);
    }

    public async Task PortForwardAsync(HttpContext context, string podNamespace, string podName, string podUid)
    {
        var upgrade = UpgradeRequest.Of(context);
        var sandboxId = await pods.FindSandboxAsync(podNamespace, podName, podUid, context.RequestAborted).ConfigureAwait(false);
        var isTunnelled = upgrade.Offers(TunnelledPortForward);
        if (runtime is IDirectStreaming direct)
        {
            if (!isTunnelled && !upgrade.IsSpdy)
                throw Bad("port forwarding without SPDY is not supported by this runtime");
            await using var transport = isTunnelled
                ? new WebSocketByteStream(await upgrade.AcceptWebSocketAsync(TunnelledPortForward).ConfigureAwait(false))
                : await upgrade.AcceptSpdyAsync(SpdyPortForwarder.Protocol).ConfigureAwait(false);
            await new SpdyPortForwarder(direct, sandboxId).RunAsync(transport, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        var request = new PortForwardRequest { PodSandboxId = sandboxId, Port = { PortsOf(context.Request.Query) } };
        var url = new Uri(await runtime.PortForwardAsync(request, context.RequestAborted).ConfigureAwait(false));
        if (isTunnelled)
            await UpgradeTunnel.RunInWebSocketAsync(
                upgrade, TunnelledPortForward, url, SpdyPortForwarder.Protocol, context.RequestAborted).ConfigureAwait(false);
        else
            await UpgradeTunnel.RunAsync(context, upgrade, url).ConfigureAwait(false);
    }

    private async Task TunnelOrTranslateAsync(HttpContext context, UpgradeRequest upgrade, CommandOptions options, Uri url)
    {
        if (upgrade.Offers(Version5))
        {
            await ServeAsync(context, upgrade, options, (streams, cancellation) =>
                SpdyCommandBackend.RunAsync(url, options, streams, cancellation)).ConfigureAwait(false);
            return;
        }

        await UpgradeTunnel.RunAsync(context, upgrade, url).ConfigureAwait(false);
    }

    /// <summary>Ends the client's protocol here; <paramref name="run"/> gives the JSON v1 Status at the end.</summary>
    private async Task ServeAsync(
        HttpContext context, UpgradeRequest upgrade, CommandOptions options,
        Func<CommandStreams, CancellationToken, Task<byte[]>> run)
    {
        await using var session = await AcceptAsync(context, upgrade, options).ConfigureAwait(false);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(session.ClientGone, context.RequestAborted);
        byte[] status;
        try
        {
            status = await run(session.Streams, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is RuntimeCallException or IOException)
        {
            status = CommandStatus.OfFailure(e.Message);
        }

        await session.FinishAsync(status, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<CommandSession> AcceptAsync(HttpContext context, UpgradeRequest upgrade, CommandOptions options)
    {
        if (upgrade.IsSpdy)
        {
            var protocol = upgrade.FirstOffered(SpdyCommandSession.Protocols) ?? throw Refused(upgrade);
            var transport = await upgrade.AcceptSpdyAsync(protocol).ConfigureAwait(false);
            return await SpdyCommandSession.StartAsync(transport, options, protocol, time, context.RequestAborted)
                .ConfigureAwait(false);
        }

        var version = upgrade.FirstOffered([Version5, Version4]) ?? throw Refused(upgrade);
        var socket = await upgrade.AcceptWebSocketAsync(version).ConfigureAwait(false);
        return await WebSocketCommandSession.StartAsync(socket, options, version == Version5, context.RequestAborted)
            .ConfigureAwait(false);
    }

    private static KubeletRequestException Bad(string message) => new(StatusCodes.Status400BadRequest, message);

    private static KubeletRequestException Refused(UpgradeRequest upgrade) => new(
        StatusCodes.Status403Forbidden,
        $"unable to upgrade: unable to negotiate protocol: client supports [{string.Join(' ', upgrade.Protocols)}], " +
        $"server accepts [{Version5} {string.Join(' ', SpdyCommandSession.Protocols)}]");

    private async Task<ContainerTarget> FindAsync(CommandPath path, CancellationToken cancellation) =>
        await pods.FindContainerAsync(path.Namespace, path.Pod, path.Uid, path.Container, cancellation).ConfigureAwait(false);

    /// <summary>The kubelet's names for the streams: input, output, error, tty.</summary>
    private static CommandOptions OptionsOf(IQueryCollection query)
    {
        var terminal = query["tty"] == "1";

        // With a terminal both outputs are one.
        var hasStderr = query["error"] == "1" && !terminal;
        var options = new CommandOptions(query["input"] == "1", query["output"] == "1", hasStderr, terminal);
        return options.Stdin || options.Stdout || options.Stderr
            ? options
            : throw Bad("you must specify at least 1 of stdin, stdout, stderr");
    }

    private static IEnumerable<int> PortsOf(IQueryCollection query)
    {
        foreach (var values in query["port"])
        {
            foreach (var value in (values ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                yield return ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
                    ? port
                    : throw Bad($"unable to parse \"{value}\" as a port");
            }
        }
    }
}
