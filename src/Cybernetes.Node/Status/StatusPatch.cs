using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Wire;

namespace Cybernetes.Node.Status;

/// <summary>
/// The strategic merge patch that leads from one status to another: only what changed, conditions one by one, so that those of others are
/// not touched. Pure.
/// </summary>
internal static class StatusPatch
{
    private static readonly PatchSchema PodSchema = PatchSchema.OfKind("", "v1", "Pod")!;
    private static readonly PatchSchema NodeSchema = PatchSchema.OfKind("", "v1", "Node")!;

    /// <summary>Null when nothing changed. The uid keeps the patch off a pod of the same name that came after.</summary>
    public static byte[]? ForPod(string uid, PodStatus from, PodStatus to)
    {
        // Whatever others wrote meanwhile stays.
        var wanted = to.DeepClone();
        wanted.Conditions?.RemoveAll(condition => !PodConditionRules.IsOwned(condition.Type));
        var foreign = from.Conditions.OrEmpty().Where(condition => !PodConditionRules.IsOwned(condition.Type));
        wanted.Conditions?.AddRange(foreign.Select(condition => condition.DeepClone()));
        var patch = Difference(Tree(from), Tree(wanted), PodSchema);
        if (patch.Count == 0)
            return null;
        patch["metadata"] = new JsonMap { ["uid"] = uid };
        return patch.ToUtf8();
    }

    /// <summary>As <see cref="ForPod"/>, for a node's status.</summary>
    public static byte[]? ForNode(NodeStatus from, NodeStatus to)
    {
        var tree = Tree(to);
        var patch = Difference(Tree(from), tree, NodeSchema);
        if (patch.Count == 0)
            return null;

        // Two addresses may have one type (two IP families), which a merge by type would make one of: the list goes as a whole.
        if (patch.Map("status") is { } status && status.ContainsKey("addresses"))
        {
            status.RemoveAll(entry => entry.Key.EndsWith("/addresses", StringComparison.Ordinal));
            var whole = new JsonList { new JsonMap { ["$patch"] = "replace" } };
            foreach (var address in tree.List("addresses") ?? [])
                whole.Add(address.DeepClone());
            status["addresses"] = whole;
        }

        return patch.ToUtf8();
    }

    private static JsonMap Difference(JsonMap from, JsonMap to, PatchSchema schema) =>
        StrategicDiff.Create(new JsonMap { ["status"] = from }, new JsonMap { ["status"] = to }, schema);

    private static JsonMap Tree<T>(T status)
        where T : class, IWireObject<T>
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            status.WriteJson(writer);
        return JsonTree.ParseMap(buffer.WrittenSpan);
    }
}
