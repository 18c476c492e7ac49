using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Allocation;
using Cybernetes.ApiServer.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Server;

/// <summary>Writes the server's own events. What does not change is told once, not at every look.</summary>
internal sealed class RepairEvents(RegistryServices services) : IDisposable
{
    private readonly HttpMessageInvoker _client = new(
        new InProcessHandler(services.Pipeline, UserInfo.Authenticated("system:apiserver", ["system:masters"])));
    private HashSet<string> _told = new(StringComparer.Ordinal);
    private HashSet<string> _found = new(StringComparer.Ordinal);

    /// <summary>About a finding; nothing where it has no reason. A server that cannot take the event is told of in the log.</summary>
    /// <param name="reporter">Upstream's controller of this finding.</param>
    /// <param name="action">What was tried, where upstream names it.</param>
    /// <param name="about">The object; events about one without namespace are in <c>default</c>.</param>
    public async Task WriteAsync(string reporter, string action, IKubernetesObject about, Repair repair, CancellationToken cancellation)
    {
        if (repair.Reason.Length == 0)
            return;
        if (repair.Step == RepairStep.Tell)
        {
            var finding = $"{about.Metadata.UID} {repair.Message}";
            _found.Add(finding);
            if (!_told.Add(finding))
                return;
        }
        var ns = about.Metadata.Namespace.Length == 0 ? "default" : about.Metadata.Namespace;
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            EventOf(reporter, action, about, ns, repair).WriteJson(writer);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"https://in-process/api/v1/namespaces/{ns}/events"))
        {
            Content = new ReadOnlyMemoryContent(buffer.WrittenMemory) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-apiserver");
        using var response = await _client.SendAsync(request, cancellation);
        if (response.StatusCode != HttpStatusCode.Created)
            services.Logger.LogWarning("event {Reason} about {Name} was not taken: {Answer}", repair.Reason, about.Metadata.Name, (int)response.StatusCode);
    }

    /// <summary>All have been looked at: what was not found again may be told anew when it comes back.</summary>
    public void Forget() => (_told, _found) = (_found, new(StringComparer.Ordinal));

    public void Dispose() => _client.Dispose();

    private Event EventOf(string reporter, string action, IKubernetesObject about, string ns, Repair repair)
    {
        var now = services.Time.GetUtcNow();
        var suffix = services.Identities.NewUuidText().Replace("-", "", StringComparison.Ordinal)[..16];
        var made = new Event
        {
            APIVersion = "v1", Kind = "Event", Metadata = { Name = $"{about.Metadata.Name}.{suffix}", Namespace = ns },
            InvolvedObject =
            {
                APIVersion = about.APIVersion, Kind = about.Kind, Namespace = about.Metadata.Namespace, Name = about.Metadata.Name,
                UID = about.Metadata.UID, ResourceVersion = about.Metadata.ResourceVersion,
            },
            Type = "Warning", Reason = repair.Reason, Message = repair.Message, ReportingController = reporter,
        };
        if (action.Length == 0)
        {
            (made.Source.Component, made.Count) = (reporter, 1);
            made.FirstTimestamp = made.LastTimestamp = KubernetesTime.TruncateToSecond(now);
            return made;
        }
        made.Action = action;
        made.EventTime = now;
        made.ReportingInstance = string.Create(CultureInfo.InvariantCulture, $"{reporter}-{services.HostName}");
        return made;
    }
}
