using System.Buffers;
using System.Text;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Server.Logs;
using Cybernetes.Node.Server.Streaming;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Server;

/// <summary>The way of a request through the kubelet's server, top-down: who, may they, which handler, what went wrong.</summary>
internal sealed partial class KubeletPipeline(
    KubeletServerOptions options, IKubeletPods pods, ICommandRuntime runtime, TimeProvider time, ILogger logger)
{
    private const string MetricsType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StreamingEndpoints _streaming = new(pods, runtime, time);

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            // The plain listener has nothing but health.
            if (!context.Request.IsHttps)
            {
                await HandlePlainAsync(context).ConfigureAwait(false);
                return;
            }

            var user = await KubeletAuthentication.FindUserAsync(context, options, time, context.RequestAborted)
                .ConfigureAwait(false);
            if (user is null)
                throw new KubeletRequestException(StatusCodes.Status401Unauthorized, "Unauthorized");
            var attributes = AttributesOf(user, context.Request);
            if (!await options.Authorize(attributes, context.RequestAborted).ConfigureAwait(false))
                throw Forbidden(attributes);
            await DispatchAsync(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        catch (KubeletRequestException e)
        {
            await RefuseAsync(context, e.StatusCode, e.Message).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RuntimeCallException or IOException or InvalidDataException)
        {
            LogFailed(logger, context.Request.Path, e.Message);
            await RefuseAsync(context, StatusCodes.Status500InternalServerError, e.Message).ConfigureAwait(false);
        }
    }

    internal static KubeletRequestAttributes AttributesOf(KubeletUser user, HttpRequest request)
    {
        var verb = request.Method switch
        {
            "GET" => "get",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => "delete",
            _ => "",
        };
        var path = request.Path.Value ?? "/";
        string[] subresources = FirstSegment(path) switch
        {
            "stats" => ["stats"],
            "metrics" => ["metrics"],
            "logs" => ["log"],
            "checkpoint" => ["checkpoint"],
            "pods" or "runningpods" => ["pods", "proxy"],
            "healthz" => ["healthz", "proxy"],
            "configz" => ["configz", "proxy"],
            _ => ["proxy"],
        };
        return new KubeletRequestAttributes(user, verb, path, subresources);
    }

    private static string FirstSegment(string path)
    {
        var end = path.IndexOf('/', 1);
        return end < 0 ? path[1..] : path[1..end];
    }

    private static KubeletRequestException Forbidden(KubeletRequestAttributes attributes) => new(
        StatusCodes.Status403Forbidden,
        $"Forbidden (user={attributes.User.Name}, verb={attributes.Verb}, resource=nodes, " +
        $"subresource(s)=[{string.Join(' ', attributes.Subresources)}])\n");

    private Task HandlePlainAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/healthz" or "/healthz/" => AnswerHealthAsync(context),
        _ => throw NotFound(),
    };

    private Task DispatchAsync(HttpContext context)
    {
        var segments = (context.Request.Path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        var isGet = HttpMethods.IsGet(context.Request.Method);
        return segments switch
        {
            ["healthz", ..] when isGet => AnswerHealthAsync(context),
            ["pods"] when isGet =>
                AnswerAsync(context, "application/json", output => pods.WritePodsAsync(output, false, context.RequestAborted)),
            ["runningpods"] when isGet =>
                AnswerAsync(context, "application/json", output => pods.WritePodsAsync(output, true, context.RequestAborted)),
            ["stats", "summary"] => AnswerSummaryAsync(context),
            ["metrics"] when isGet => AnswerMetricsAsync(context, KubeletMetricsPage.Kubelet),
            ["metrics", "cadvisor"] when isGet => AnswerMetricsAsync(context, KubeletMetricsPage.Cadvisor),
            ["metrics", "resource"] when isGet => AnswerMetricsAsync(context, KubeletMetricsPage.Resource),
            ["metrics", "probes"] when isGet => AnswerMetricsAsync(context, KubeletMetricsPage.Probes),
            ["containerLogs", var ns, var pod, var container] when isGet => AnswerLogsAsync(context, ns, pod, container),
            ["exec", ..] => _streaming.ExecAsync(context, CommandPath.Parse(segments)),
            ["attach", ..] => _streaming.AttachAsync(context, CommandPath.Parse(segments)),
            ["run", ..] when HttpMethods.IsPost(context.Request.Method) =>
                _streaming.RunAsync(context, CommandPath.Parse(segments)),
            ["portForward", var ns, var pod] => _streaming.PortForwardAsync(context, ns, pod, ""),
            ["portForward", var ns, var pod, var uid] => _streaming.PortForwardAsync(context, ns, pod, uid),
            _ => throw NotFound(),
        };
    }

    private static KubeletRequestException NotFound() => new(StatusCodes.Status404NotFound, "404 page not found\n");

    private Task AnswerHealthAsync(HttpContext context)
    {
        var fault = pods.SyncLoopFault;
        var isVerbose = context.Request.Query.ContainsKey("verbose");
        var text = fault is null && !isVerbose
            ? "ok"
            : $"[+]ping ok\n[+]log ok\n{(fault is null ? "[+]syncloop ok" : "[-]syncloop failed: reason withheld")}\n"
                + $"healthz check {(fault is null ? "passed" : "failed")}\n";
        context.Response.StatusCode = fault is null ? StatusCodes.Status200OK : StatusCodes.Status500InternalServerError;
        return WriteTextAsync(context, text);
    }

    private Task AnswerSummaryAsync(HttpContext context)
    {
        var onlyCpuAndMemory = context.Request.Query["only_cpu_and_memory"] == "true";
        return AnswerAsync(
            context, "application/json", output => pods.WriteStatsSummaryAsync(output, onlyCpuAndMemory, context.RequestAborted));
    }

    private Task AnswerMetricsAsync(HttpContext context, KubeletMetricsPage page) =>
        AnswerAsync(context, MetricsType, output => pods.WriteMetricsAsync(page, output, context.RequestAborted));

    private static async Task AnswerAsync(HttpContext context, string type, Func<IBufferWriter<byte>, ValueTask> write)
    {
        // Buffered, so that a failure on the way still gets its own status.
        var body = new ArrayBufferWriter<byte>();
        await write(body).ConfigureAwait(false);
        context.Response.ContentType = type;
        context.Response.ContentLength = body.WrittenCount;
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task AnswerLogsAsync(HttpContext context, string podNamespace, string podName, string containerName)
    {
        var logOptions = ContainerLogOptions.Parse(context.Request.Query, time.GetUtcNow());
        var target = await pods.FindLogAsync(podNamespace, podName, containerName, logOptions.Previous, context.RequestAborted)
            .ConfigureAwait(false);
        context.Response.ContentType = "text/plain";
        if (logOptions.Follow && File.Exists(target.Path))
            await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        var reader = new ContainerLogReader(target, logOptions, context.Response.BodyWriter, time);
        await reader.RunAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task RefuseAsync(HttpContext context, int statusCode, string message)
    {
        // Once the answer has begun there is only one way left to show that it is not whole.
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.Clear();
        context.Response.StatusCode = statusCode;
        await WriteTextAsync(context, message).ConfigureAwait(false);
    }

    private static async Task WriteTextAsync(HttpContext context, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Kubelet request {Path} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string path, string reason);
}
