using System.Text;
using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Streams;

/// <summary>What the streams of a pod have in common: finding pod, container and kubelet.</summary>
internal static class PodStreams
{
    public static async ValueTask<Pod> FindAsync(ApiRequest request, RegistryServices services)
    {
        var info = request.Info;
        var record = await services.FindAsync(request.Kind, info.Namespace, info.Name, request.Aborted)
            ?? throw Failure.NotFound(request.Kind.Resource, info.Name);
        return (Pod)request.Kind.DecodeStored(record.Value);
    }

    /// <summary>The container asked for, or the pod's only one.</summary>
    public static string ContainerOf(Pod pod, string asked)
    {
        var containers = pod.Spec.Containers.OrEmpty().Select(c => c.Name).ToList();
        var init = pod.Spec.InitContainers.OrEmpty().Select(c => c.Name).ToList();
        var name = pod.Metadata.Name;
        if (asked.Length > 0)
        {
            var ephemeral = pod.Spec.EphemeralContainers.OrEmpty().Select(c => c.Name);
            return containers.Contains(asked) || init.Contains(asked) || ephemeral.Contains(asked)
                ? asked
                : throw Failure.BadRequest($"container {asked} is not valid for pod {name}");
        }
        if (containers.Count == 1)
            return containers[0];
        if (containers.Count == 0)
            throw Failure.BadRequest($"a container name must be specified for pod {name}");
        var hint = init.Count > 0 ? $" or one of the init containers: [{string.Join(' ', init)}]" : "";
        throw Failure.BadRequest($"a container name must be specified for pod {name}, choose one of: [{string.Join(' ', containers)}]{hint}");
    }

    /// <summary>Admission of a stream.</summary>
    public static ValueTask AdmitAsync(ApiRequest request, RegistryServices services, Pod pod) => services.Admission.ValidateAsync(
        new(request.Kind, AdmissionOperation.Connect, request.Info.Name, null, pod, ResourceVerbs.ContextOf(request, services, false, "")),
        request.Aborted);

    /// <summary>Appends a query parameter.</summary>
    public static void Append(StringBuilder query, string name, string value) =>
        query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
}

/// <summary>GET pods/log.</summary>
internal sealed class PodLogSubresource(KubeletConnections kubelets) : Subresource
{
    private static readonly string[] Options =
        ["follow", "previous", "sinceSeconds", "sinceTime", "timestamps", "tailLines", "limitBytes", "insecureSkipTLSVerifyBackend", "stream"];

    public override string Name => "log";

    public override string Kind => "Pod";

    public override KindVerbs Verbs => KindVerbs.Get;

    public override async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        CheckOptions(request);
        var pod = await PodStreams.FindAsync(request, services);
        var container = PodStreams.ContainerOf(pod, request.Query("container"));
        if (pod.Spec.NodeName.Length == 0)
        {
            // Upstream answers nothing, successfully: there is no log yet.
            await Answers.WriteTextAsync(request, 200, "text/plain", "");
            return;
        }
        var query = new StringBuilder();
        foreach (var option in Options)
        {
            if (request.Query(option) is { Length: > 0 } value)
                PodStreams.Append(query, option, value);
        }
        var kubelet = await KubeletConnections.FindAsync(pod.Spec.NodeName, services, request.Aborted);
        await using var connection = await kubelets.ConnectAsync(kubelet, request.Aborted);
        var path = $"/containerLogs/{pod.Metadata.Namespace}/{pod.Metadata.Name}/{container}{query}";
        await KubeletTunnel.RunAsync(request, connection, kubelet, path, mustSucceed: true);
    }

    private static void CheckOptions(ApiRequest request)
    {
        var errors = new FieldErrorList();
        foreach (var (name, least) in (ReadOnlySpan<(string, long)>)[("tailLines", 0), ("limitBytes", 1), ("sinceSeconds", 1)])
        {
            var text = request.Query(name);
            if (text.Length == 0)
                continue;
            if (!long.TryParse(text, out var number))
                throw Failure.BadRequest($"strconv.ParseInt: parsing {JsonText.Quote(text)}: invalid syntax");
            if (number < least)
                errors.Add(FieldError.Invalid(FieldPath.Of(name), number, least == 0 ? FieldRules.NotNegative : "must be greater than 0"));
        }
        if (request.Query("sinceSeconds").Length > 0 && request.Query("sinceTime").Length > 0)
            errors.Add(FieldError.Forbidden(FieldPath.Of(""), "at most one of `sinceTime` or `sinceSeconds` may be specified"));
        if (errors.Count > 0)
            throw Failure.Invalid("", "PodLogOptions", request.Info.Name, errors);
    }
}

/// <summary>GET or POST of pods/exec and pods/attach.</summary>
internal sealed class PodExecSubresource(string name, KubeletConnections kubelets) : Subresource
{
    // The kubelet calls the streams otherwise than the API.
    private static readonly (string Api, string Kubelet)[] Streams = [("stdin", "input"), ("stdout", "output"), ("stderr", "error"), ("tty", "tty")];

    public override string Name => name;

    public override string Kind => name == "exec" ? "PodExecOptions" : "PodAttachOptions";

    public override KindVerbs Verbs => KindVerbs.Create | KindVerbs.Get;

    public override bool IsStream => true;

    public override async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var pod = await PodStreams.FindAsync(request, services);
        await PodStreams.AdmitAsync(request, services, pod);
        var container = PodStreams.ContainerOf(pod, request.Query("container"));
        if (pod.Spec.NodeName.Length == 0)
            throw Failure.BadRequest($"pod {pod.Metadata.Name} does not have a host assigned");
        var query = new StringBuilder();
        foreach (var command in request.Http.Request.Query["command"])
            PodStreams.Append(query, "command", command ?? "");
        foreach (var (api, theirs) in Streams)
        {
            if (request.QueryFlag(api))
                PodStreams.Append(query, theirs, "1");
        }
        if (name == "exec" && request.Http.Request.Query["command"].Count == 0)
            throw Failure.BadRequest("you must specify at least 1 command for the container");
        var kubelet = await KubeletConnections.FindAsync(pod.Spec.NodeName, services, request.Aborted);
        await using var connection = await kubelets.ConnectAsync(kubelet, request.Aborted);
        var path = $"/{name}/{pod.Metadata.Namespace}/{pod.Metadata.Name}/{container}{query}";
        await KubeletTunnel.RunAsync(request, connection, kubelet, path);
    }
}

/// <summary>GET or POST of pods/portforward.</summary>
internal sealed class PodPortForwardSubresource(KubeletConnections kubelets) : Subresource
{
    public override string Name => "portforward";

    public override string Kind => "PodPortForwardOptions";

    public override KindVerbs Verbs => KindVerbs.Create | KindVerbs.Get;

    public override bool IsStream => true;

    public override async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var pod = await PodStreams.FindAsync(request, services);
        await PodStreams.AdmitAsync(request, services, pod);
        if (pod.Spec.NodeName.Length == 0)
            throw Failure.BadRequest($"pod {pod.Metadata.Name} does not have a host assigned");
        var query = new StringBuilder();
        foreach (var port in request.Http.Request.Query["ports"])
            PodStreams.Append(query, "port", port ?? "");
        var kubelet = await KubeletConnections.FindAsync(pod.Spec.NodeName, services, request.Aborted);
        await using var connection = await kubelets.ConnectAsync(kubelet, request.Aborted);
        await KubeletTunnel.RunAsync(request, connection, kubelet, $"/portForward/{pod.Metadata.Namespace}/{pod.Metadata.Name}{query}");
    }
}
