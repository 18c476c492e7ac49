using System.Net.Http.Headers;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Preemption;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Extenders;

/// <summary>
/// A scheduler extender: an HTTP service that is asked to filter, rate, preempt or bind (kube-scheduler's extender/v1). A decision waits for it,
/// at most its timeout; one that fails rejects the pod, unless it may be ignored.
/// </summary>
internal sealed class HttpExtender : IBindPlugin, IDisposable
{
    private const int ScoreScale = 10;
    private readonly ExtenderConfiguration _configuration;
    private readonly HttpClient _http;
    private readonly string _prefix;

    public HttpExtender(ExtenderConfiguration configuration)
        : this(configuration, ExtenderTransport.For(configuration))
    {
    }

    public HttpExtender(ExtenderConfiguration configuration, HttpMessageHandler transport)
        : this(configuration, (transport, new Uri(configuration.UrlPrefix)))
    {
    }

    private HttpExtender(ExtenderConfiguration configuration, (HttpMessageHandler Handler, Uri Address) transport)
    {
        _configuration = configuration;
        _http = new(transport.Handler) { Timeout = configuration.HttpTimeout };
        _prefix = transport.Address.AbsoluteUri.TrimEnd('/');
    }

    public string Name => _configuration.UrlPrefix;

    public bool Prioritizes => _configuration.PrioritizeVerb.Length > 0;

    public bool Preempts => _configuration.PreemptVerb.Length > 0;

    public bool Binds => _configuration.BindVerb.Length > 0;

    /// <summary>Whether the extender wants to hear of the pod: it manages no resources, or one that the pod asks for.</summary>
    public bool IsInterestedIn(PodSpec spec)
    {
        if (_configuration.ManagedResources.Count == 0)
            return true;
        return PodResources.Requests(spec).Keys.Concat(PodResources.Limits(spec).Keys).Any(_configuration.ManagedResources.Contains);
    }

    public void Filter(SchedulingCycle cycle)
    {
        if (_configuration.FilterVerb.Length == 0 || cycle.Feasible.IsEmpty || !IsInterestedIn(cycle.Pod.Spec))
            return;
        cycle.SpeakAs(this);
        try
        {
            using var answer = Call(_configuration.FilterVerb, writer => WriteArguments(writer, cycle));
            if (Text(answer.RootElement, "Error") is { Length: > 0 } error)
                throw new HttpRequestException(error);
            var allowed = new NodeBits(cycle.Columns.Capacity);
            foreach (var name in NamesIn(answer.RootElement))
            {
                if (cycle.Columns.SlotOf(name) is >= 0 and var slot)
                    allowed.Add(slot);
            }
            Drop(cycle, answer.RootElement, "FailedAndUnresolvableNodes", isResolvable: false);
            Drop(cycle, answer.RootElement, "FailedNodes", isResolvable: true);
            cycle.Keep(allowed, $"node(s) were refused by extender {Name}");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or JsonException)
        {
            if (!_configuration.Ignorable)
                cycle.RejectPod($"extender {Name}: {failure.Message}");
        }
    }

    /// <summary>Adds the extender's scores (0 … 10, times its weight) to the nodes'. One that fails rates nothing.</summary>
    public void Prioritize(SchedulingCycle cycle, int[] total)
    {
        if (!IsInterestedIn(cycle.Pod.Spec))
            return;
        try
        {
            using var answer = Call(_configuration.PrioritizeVerb, writer => WriteArguments(writer, cycle));
            foreach (var rated in answer.RootElement.EnumerateArray())
            {
                if (cycle.Columns.SlotOf(Text(rated, "Host") ?? "") is >= 0 and var slot && Property(rated, "Score") is { } score)
                    total[slot] += score.GetInt32() * _configuration.Weight * ScoreScale;
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or JsonException)
        {
            // As upstream: rating is a wish, not a condition.
        }
    }

    /// <summary>The plans as the extender wants them: those it names, with the victims it names.</summary>
    public IReadOnlyList<PreemptionPlan> Preempt(SchedulingCycle cycle, IReadOnlyList<PreemptionPlan> plans)
    {
        if (!IsInterestedIn(cycle.Pod.Spec))
            return plans;
        try
        {
            using var answer = Call(_configuration.PreemptVerb, writer => WritePreemption(writer, cycle, plans));
            if (Property(answer.RootElement, "NodeNameToMetaVictims") is not { ValueKind: JsonValueKind.Object } kept)
                return [];
            return [.. kept.EnumerateObject().Select(node => PlanOf(cycle.Columns, node.Name, node.Value)).OfType<PreemptionPlan>()];
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or JsonException)
        {
            return _configuration.Ignorable ? plans : [];
        }
    }

    public async Task<bool> BindAsync(Pod pod, string nodeName, CancellationToken cancellation)
    {
        if (!Binds || !IsInterestedIn(pod.Spec))
            return false;
        using var request = Request(_configuration.BindVerb, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("PodName", pod.Metadata.Name);
            writer.WriteString("PodNamespace", pod.Metadata.Namespace);
            writer.WriteString("PodUID", pod.Metadata.UID);
            writer.WriteString("Node", nodeName);
            writer.WriteEndObject();
        });
        using var response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
        return Text(answer.RootElement, "Error") is { Length: > 0 } error ? throw new HttpRequestException(error) : true;
    }

    public void Dispose() => _http.Dispose();

    private JsonDocument Call(string verb, Action<Utf8JsonWriter> body)
    {
        using var request = Request(verb, body);
        using var response = _http.Send(request);
        response.EnsureSuccessStatusCode();
        return JsonDocument.Parse(response.Content.ReadAsStream());
    }

    private HttpRequestMessage Request(string verb, Action<Utf8JsonWriter> body)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            body(writer);
        var content = new ByteArrayContent(stream.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return new HttpRequestMessage(HttpMethod.Post, _prefix + "/" + verb) { Content = content };
    }

    private void WriteArguments(Utf8JsonWriter writer, SchedulingCycle cycle)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("Pod");
        cycle.Pod.Pod.WriteJson(writer);
        if (_configuration.NodeCacheCapable)
        {
            writer.WriteNull("Nodes");
            writer.WriteStartArray("NodeNames");
            foreach (var slot in cycle.Feasible)
                writer.WriteStringValue(cycle.Columns.NodeName(slot));
            writer.WriteEndArray();
        }
        else
        {
            writer.WriteStartObject("Nodes");
            writer.WriteStartObject("metadata");
            writer.WriteEndObject();
            writer.WriteStartArray("items");
            foreach (var slot in cycle.Feasible)
                cycle.Columns.NodeAt(slot)?.WriteJson(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteNull("NodeNames");
        }
        writer.WriteEndObject();
    }

    // An extender with a cache of its own is told who the victims are; another one gets them whole.
    private void WritePreemption(Utf8JsonWriter writer, SchedulingCycle cycle, IReadOnlyList<PreemptionPlan> plans)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("Pod");
        cycle.Pod.Pod.WriteJson(writer);
        writer.WriteStartObject(_configuration.NodeCacheCapable ? "NodeNameToMetaVictims" : "NodeNameToVictims");
        foreach (var plan in plans)
        {
            writer.WriteStartObject(plan.NodeName);
            writer.WriteStartArray("Pods");
            foreach (var victim in plan.Victims.Select(v => v.Pod))
            {
                if (!_configuration.NodeCacheCapable)
                {
                    victim.WriteJson(writer);
                    continue;
                }
                writer.WriteStartObject();
                writer.WriteString("UID", victim.Metadata.UID);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteNumber("NumPDBViolations", plan.BudgetViolations);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private PreemptionPlan? PlanOf(ClusterColumns columns, string nodeName, JsonElement node)
    {
        var slot = columns.SlotOf(nodeName);
        if (slot < 0)
            throw new JsonException($"extender {Name} names the node {nodeName}, which is not there");
        var victims = new List<PlacedPod>();
        foreach (var pod in Property(node, "Pods") is { ValueKind: JsonValueKind.Array } pods ? pods.EnumerateArray() : default)
        {
            var uid = Text(pod, "UID") ?? "";
            victims.Add(columns.PodsOn(slot).FirstOrDefault(p => p.Pod.Metadata.UID == uid)
                ?? throw new JsonException($"extender {Name} claims to preempt pod (UID: {uid}) on node: {nodeName}, but the pod is not found on that node"));
        }
        victims.Sort(VictimOrder.ByImportance);
        var violations = Property(node, "NumPDBViolations") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : 0;
        return victims.Count == 0 ? null : new PreemptionPlan(nodeName, victims, violations);
    }

    private static void Drop(SchedulingCycle cycle, JsonElement answer, string list, bool isResolvable)
    {
        if (Property(answer, list) is not { ValueKind: JsonValueKind.Object } failed)
            return;
        foreach (var node in failed.EnumerateObject())
        {
            if (cycle.Columns.SlotOf(node.Name) is >= 0 and var slot && cycle.Feasible[slot])
                cycle.Reject(slot, node.Value.GetString() ?? "", isResolvable);
        }
    }

    private IEnumerable<string> NamesIn(JsonElement answer)
    {
        if (_configuration.NodeCacheCapable && Property(answer, "NodeNames") is { ValueKind: JsonValueKind.Array } names)
            return names.EnumerateArray().Select(n => n.GetString() ?? "");
        if (Property(answer, "Nodes") is { ValueKind: JsonValueKind.Object } nodes && Property(nodes, "items") is { ValueKind: JsonValueKind.Array } items)
            return items.EnumerateArray().Select(n => Property(n, "metadata") is { } metadata ? Text(metadata, "name") ?? "" : "");
        return [];
    }

    // Go reads names whatever their case, and extenders in other languages rely on it.
    private static JsonElement? Property(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var property in element.EnumerateObject())
        {
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
                return property.Value;
        }
        return null;
    }

    private static string? Text(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
