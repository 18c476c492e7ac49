using System.Text;
using System.Text.Json;

namespace Cybernetes.Testing;

/// <summary>One object of any kind in a line: what it is called, what state it is in, what its conditions say.</summary>
internal static class ObjectSketch
{
    private static readonly string[] s_always =
    [
        "Namespace default:", "Namespace kube-", "Service default/kubernetes", "ConfigMap kube-system/extension-apiserver-authentication",
        "ConfigMap default/kube-root-ca.crt", "ConfigMap kube-node-lease/", "ConfigMap kube-public/", "ConfigMap kube-system/kube-root-ca.crt",
    ];

    private static readonly string[] s_numbers = ["replicas", "readyReplicas", "availableReplicas", "active", "succeeded", "failed", "numberReady"];

    public static string Of(string kind, JsonElement item)
    {
        var metadata = item.GetProperty("metadata");
        var text = new StringBuilder(kind).Append(' ');
        if (Text(metadata, "namespace") is { Length: > 0 } ns)
            text.Append(ns).Append('/');
        text.Append(Text(metadata, "name")).Append(':');
        if (Text(metadata, "deletionTimestamp") is { Length: > 0 } since)
            text.Append(" being deleted since ").Append(since).Append(FinalizersOf(metadata));
        if (item.TryGetProperty("spec", out var spec) && spec.ValueKind == JsonValueKind.Object)
        {
            if (Text(spec, "nodeName") is { Length: > 0 } node)
                text.Append(" on ").Append(node);
            if (spec.TryGetProperty("replicas", out var wanted))
                text.Append(" wants ").Append(wanted.ToString());
            if (spec.TryGetProperty("taints", out var taints))
                text.Append(" tainted ").AppendJoin(',', taints.EnumerateArray().Select(t => $"{Text(t, "key")}:{Text(t, "effect")}"));
        }
        if (!item.TryGetProperty("status", out var status) || status.ValueKind != JsonValueKind.Object)
            return text.ToString();
        if (Text(status, "phase") is { Length: > 0 } phase)
            text.Append(' ').Append(phase);
        foreach (var name in s_numbers)
        {
            if (status.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number)
                text.Append(' ').Append(name).Append(' ').Append(number.ToString());
        }
        Containers(status, text);
        foreach (var (type, state, reason, message) in Conditions(item))
        {
            text.Append("; ").Append(type).Append('=').Append(state);
            if (state != "True" && reason.Length + message.Length > 0)
                text.Append(" (").Append(reason).Append(reason.Length > 0 && message.Length > 0 ? ": " : "").Append(message).Append(')');
        }
        return text.ToString();
    }

    public static IEnumerable<(string Type, string Status, string Reason, string Message)> Conditions(JsonElement item)
    {
        if (!item.TryGetProperty("status", out var status) || status.ValueKind != JsonValueKind.Object
            || !status.TryGetProperty("conditions", out var conditions) || conditions.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (var condition in conditions.EnumerateArray())
            yield return (Text(condition, "type"), Text(condition, "status"), Text(condition, "reason"), Text(condition, "message"));
    }

    /// <summary>Whether a glance finds nothing wrong; only an order of what is told first.</summary>
    public static bool IsWell(JsonElement item) =>
        !item.GetProperty("metadata").TryGetProperty("deletionTimestamp", out _)
        && Conditions(item).All(c => c.Status != "False" || c.Type.EndsWith("Pressure", StringComparison.Ordinal));

    /// <summary>Whether the line tells of something that every cluster has.</summary>
    public static bool IsOfEveryCluster(string sketch) => Array.Exists(s_always, start => sketch.StartsWith(start, StringComparison.Ordinal));

    private static void Containers(JsonElement status, StringBuilder text)
    {
        if (!status.TryGetProperty("containerStatuses", out var containers) || containers.ValueKind != JsonValueKind.Array)
            return;
        foreach (var container in containers.EnumerateArray())
        {
            var isWaiting = container.TryGetProperty("state", out var state) && state.TryGetProperty("waiting", out _);
            var waits = isWaiting ? Text(state.GetProperty("waiting"), "reason") : "";
            var restarts = container.TryGetProperty("restartCount", out var count) ? count.GetInt32() : 0;
            if (waits.Length == 0 && restarts == 0)
                continue;
            text.Append(" [").Append(Text(container, "name")).Append(waits.Length > 0 ? " " + waits : "");
            text.Append(" restarted ").Append(restarts).Append(']');
        }
    }

    private static string FinalizersOf(JsonElement metadata) =>
        metadata.TryGetProperty("finalizers", out var all) ? " held by " + string.Join(',', all.EnumerateArray().Select(f => f.GetString())) : "";

    private static string Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
