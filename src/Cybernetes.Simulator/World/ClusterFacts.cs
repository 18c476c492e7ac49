using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Simulator.World;

/// <summary>What can be read off objects without asking any code that is on trial.</summary>
internal static class ClusterFacts
{
    public static bool IsReady(Pod pod) => pod.Status.Conditions.OrEmpty().Any(c => c is { Type: "Ready", Status: "True" });

    public static bool HasEnded(Pod pod) => pod.Status.Phase is "Succeeded" or "Failed";

    /// <summary>Neither at its end nor being deleted.</summary>
    public static bool IsActive(Pod pod) => !HasEnded(pod) && pod.Metadata.DeletionTimestamp is null;

    public static string ReadyOf(NodeObject node) => node.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "Ready")?.Status ?? "?";

    public static bool IsFinished(Job job) => job.Status.Conditions.OrEmpty().Any(c => c is { Type: "Complete" or "Failed", Status: "True" });

    public static string NameOf(IKubernetesObject value) => $"{value.Kind} {value.Metadata.Namespace}/{value.Metadata.Name}";

    /// <summary>Requests of the containers that run side by side: the workload makes no other pods.</summary>
    public static long MilliCpu(Pod pod) => pod.Spec.Containers.OrEmpty()
        .Sum(c => c.Resources.Requests is { } asked && asked.TryGetValue("cpu", out var cpu) ? cpu.MilliValue() : 0);

    public static long MemoryBytes(Pod pod) => pod.Spec.Containers.OrEmpty()
        .Sum(c => c.Resources.Requests is { } asked && asked.TryGetValue("memory", out var memory) ? memory.Value() : 0);

    public static bool Selects(Dictionary<string, string>? selector, Pod pod) =>
        selector is { Count: > 0 } && selector.All(s => pod.Metadata.Labels is { } labels && labels.TryGetValue(s.Key, out var value) && value == s.Value);
}
