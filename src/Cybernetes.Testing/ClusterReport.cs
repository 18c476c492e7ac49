using System.Globalization;
using System.Text;
using System.Text.Json;
using Cybernetes.Client.Discovery;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Events.V1;

namespace Cybernetes.Testing;

/// <summary>A cluster's state in a page, for who waited in vain.</summary>
internal static class ClusterReport
{
    private const int MostOfAKind = 12;
    private const int MostEvents = 30;

    /// <summary>Kinds of which the number says enough: every cluster has them, or others tell of them.</summary>
    private static readonly HashSet<string> s_counted = new(StringComparer.Ordinal)
    {
        "Lease", "Endpoints", "EndpointSlice", "FlowSchema", "PriorityLevelConfiguration", "PriorityClass", "ServiceAccount", "ControllerRevision",
        "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ServiceCIDR", "IPAddress", "ComponentStatus",
    };

    public static async Task<string> WriteAsync(ApiClient client, ClusterParts parts, CancellationToken cancellation)
    {
        var text = new StringBuilder("the cluster at ").Append(client.Time.GetUtcNow().ToString("u", CultureInfo.InvariantCulture)).Append(":\n");
        foreach (var (name, state) in parts.States)
            text.Append("  part ").Append(name).Append(": ").Append(state).Append('\n');
        var unreadable = new List<string>();
        var resources = await ServerResources.ListAsync(client, unreadable, cancellation).ConfigureAwait(false);
        var counts = new List<string>();
        foreach (var resource in resources.OncePerStore().Where(r => r.Verbs.Contains("list") && r.Kind != "Event").OrderBy(r => r.Kind != "Node"))
            await DescribeAsync(client, resource, counts, text, cancellation).ConfigureAwait(false);
        text.Append("  objects: ").AppendJoin(", ", counts).Append('\n');
        await EventsAsync(client, text, cancellation).ConfigureAwait(false);
        return text.ToString();
    }

    private static async Task DescribeAsync(
        ApiClient client, ServedResource resource, List<string> counts, StringBuilder text, CancellationToken cancellation)
    {
        var answer = await client.SendAsync(new ApiCall(HttpMethod.Get, resource.PathOf(null) + "?limit=500"), cancellation).ConfigureAwait(false);
        using var list = JsonDocument.Parse(answer.Body, JsonLimits.DocumentOptions);
        if (!list.RootElement.TryGetProperty("items", out var items) || items.ValueKind != JsonValueKind.Array || items.GetArrayLength() == 0)
            return;
        var more = list.RootElement.GetProperty("metadata").TryGetProperty("remainingItemCount", out var rest) ? rest.GetInt64() : 0;
        counts.Add($"{resource.Kind} {items.GetArrayLength() + more}");
        if (s_counted.Contains(resource.Kind))
            return;
        // The first of each kind, and those that are not well before the others.
        var sketches = items.EnumerateArray().Select(item => (Text: ObjectSketch.Of(resource.Kind, item), IsWell: ObjectSketch.IsWell(item)))
            .OrderBy(s => s.IsWell).Select(s => s.Text).Where(s => !ObjectSketch.IsOfEveryCluster(s)).ToList();
        foreach (var sketch in sketches.Take(MostOfAKind))
            text.Append("  ").Append(sketch).Append('\n');
        if (sketches.Count + more > MostOfAKind)
            text.Append(CultureInfo.InvariantCulture, $"  … and {sketches.Count + more - MostOfAKind} more of {resource.Kind}\n");
    }

    private static async Task EventsAsync(ApiClient client, StringBuilder text, CancellationToken cancellation)
    {
        var events = (await client.For<Event>().ListAllAsync(null, null, cancellation).ConfigureAwait(false)).Items
            .OrderBy(e => e.DeprecatedLastTimestamp ?? e.Series?.LastObservedTime ?? e.EventTime).ToList();
        foreach (var happened in events.TakeLast(MostEvents))
        {
            var count = happened.Series?.Count ?? happened.DeprecatedCount;
            text.Append(CultureInfo.InvariantCulture, $"  event {happened.Type} {happened.Regarding.Kind}/{happened.Regarding.Name} {happened.Reason}")
                .Append(count > 1 ? $" ({count} times)" : "").Append(": ").Append(happened.Note).Append('\n');
        }
        if (events.Count > MostEvents)
            text.Append(CultureInfo.InvariantCulture, $"  … and {events.Count - MostEvents} older events\n");
    }
}
