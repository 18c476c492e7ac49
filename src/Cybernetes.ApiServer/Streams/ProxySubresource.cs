using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.ApiServer.Streams;

/// <summary>
/// Any method on <c>pods|services|nodes/[scheme:]name[:port]/proxy/path</c>: the request goes on to the pod, an endpoint of the service or the
/// node, and the answer comes back, with its links led through the proxy.
/// </summary>
/// <param name="kind">PodProxyOptions, ServiceProxyOptions or NodeProxyOptions.</param>
/// <param name="find">Where the request goes.</param>
internal sealed class ProxySubresource(
    string kind, ProxyConnections connections, Func<ApiRequest, RegistryServices, ValueTask<ProxyPlace>> find) : Subresource
{
    public override string Name => "proxy";

    public override string Kind => kind;

    public override KindVerbs Verbs => KindVerbs.Create | KindVerbs.Delete | KindVerbs.Get | KindVerbs.Patch | KindVerbs.Update;

    public override bool IsStream => true;

    public override async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var place = await find(request, services);
        await services.Admission.ValidateAsync(
            new(request.Kind, AdmissionOperation.Connect, request.Info.Name, null, null, ResourceVerbs.ContextOf(request, services, false, "")),
            request.Aborted);
        var (before, after) = Split(request);
        var http = request.Http;
        var upgrade = http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } feature ? feature : null;
        if (upgrade is null && after.Length == 0 && (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)))
        {
            // Relative links of the page work only below a path that ends in a slash.
            http.Response.Headers.Location = before + "/" + http.Request.QueryString.Value;
            http.Response.StatusCode = StatusCodes.Status301MovedPermanently;
            return;
        }
        using var forward = ProxyRequests.Make(request, place, before, after, upgrade is not null);
        using var answer = await SendAsync(place, forward, request.Aborted);
        await ProxyAnswers.WriteAsync(request, answer, before, place, upgrade);
    }

    private async Task<HttpResponseMessage> SendAsync(ProxyPlace place, HttpRequestMessage forward, CancellationToken cancellation)
    {
        try
        {
            return await connections.SendAsync(place, forward, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw Failure.Unavailable($"error trying to reach service: {ReasonOf(e, place)}");
        }
    }

    private static string ReasonOf(Exception failure, ProxyPlace place)
    {
        var innermost = failure;
        while (innermost.InnerException is { } inner)
            innermost = inner;
        var text = innermost is System.Net.Sockets.SocketException socket
            ? socket.SocketErrorCode == System.Net.Sockets.SocketError.ConnectionRefused ? "connect: connection refused" : "connect: " + socket.Message
            : innermost.Message;
        return $"dial tcp {place.Authority}: {text}";
    }

    /// <summary>The path up to and with <c>/proxy</c>, and what follows it, both as escaped for a URL.</summary>
    private static (string Before, string After) Split(ApiRequest request)
    {
        var path = request.Http.Request.Path.ToUriComponent();
        var segments = request.Info.Namespace.Length > 0 && request.Info.Resource != "namespaces" ? 7 : 5;
        var at = 0;
        for (var i = 0; i < segments; i++)
        {
            var end = path.IndexOf('/', at + 1);
            at = end < 0 ? path.Length : end;
        }
        return (path[..at], ProxyRequests.Clean(path[at..]));
    }
}
