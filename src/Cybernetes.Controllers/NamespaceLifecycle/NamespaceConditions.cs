using Cybernetes.Client.Discovery;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.NamespaceLifecycle;

/// <summary>What one round of emptying a namespace found.</summary>
internal sealed class ContentOutcome
{
    /// <summary>Groups whose resources could not be read.</summary>
    public List<string> Unreadable { get; } = [];

    /// <summary>Deletions that were refused.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Objects that are still there, by resource.</summary>
    public SortedDictionary<string, int> Remaining { get; } = new(StringComparer.Ordinal);

    /// <summary>How many of them still hold each finalizer.</summary>
    public SortedDictionary<string, int> Finalizers { get; } = new(StringComparer.Ordinal);

    public bool IsEmpty => Unreadable.Count == 0 && Failures.Count == 0 && Remaining.Count == 0;

    public void Add(ServedResource resource, IReadOnlyList<PartialObjectMetadata> rest)
    {
        if (rest.Count > 0)
            Remaining[resource.Group.Length == 0 ? resource.Plural + "." : resource.Plural + "." + resource.Group] = rest.Count;
        foreach (var finalizer in rest.SelectMany(r => r.Metadata.Finalizers.OrEmpty()))
            Finalizers[finalizer] = Finalizers.GetValueOrDefault(finalizer) + 1;
    }
}

/// <summary>The conditions by which a namespace tells why it is still there. Pure.</summary>
internal static class NamespaceConditions
{
    public static NamespaceStatus Status(Namespace @namespace, ContentOutcome outcome, DateTimeOffset now)
    {
        var status = @namespace.Status.DeepClone();
        status.Phase = "Terminating";
        Set(status, "NamespaceDeletionDiscoveryFailure", outcome.Unreadable.Count > 0, "DiscoveryFailed", "ResourcesDiscovered",
            outcome.Unreadable.Count > 0
                ? $"Discovery failed for some groups, {outcome.Unreadable.Count} failing: "
                    + "unable to retrieve the complete list of server APIs: " + string.Join(", ", outcome.Unreadable)
                : "All resources successfully discovered", now);
        Set(status, "NamespaceDeletionGroupVersionParsingFailure", false, "GroupVersionParsingFailed", "ParsedGroupVersions",
            "All legacy kube types successfully parsed", now);
        Set(status, "NamespaceDeletionContentFailure", outcome.Failures.Count > 0, "ContentDeletionFailed", "ContentDeleted",
            outcome.Failures.Count > 0
                ? $"Failed to delete all resource types, {outcome.Failures.Count} remaining: "
                    + string.Join(", ", outcome.Failures.Order(StringComparer.Ordinal))
                : "All content successfully deleted, may be waiting on finalization", now);
        Set(status, "NamespaceContentRemaining", outcome.Remaining.Count > 0, "SomeResourcesRemain", "ContentRemoved",
            outcome.Remaining.Count > 0
                ? "Some resources are remaining: " + string.Join(", ", outcome.Remaining.Select(r => $"{r.Key} has {r.Value} resource instances"))
                : "All content successfully removed", now);
        Set(status, "NamespaceFinalizersRemaining", outcome.Finalizers.Count > 0, "SomeFinalizersRemain", "ContentHasNoFinalizers",
            outcome.Finalizers.Count > 0
                ? "Some content in the namespace has finalizers remaining: "
                    + string.Join(", ", outcome.Finalizers.Select(f => $"{f.Key} in {f.Value} resource instances"))
                : "All content-preserving finalizers finished", now);
        return status;
    }

    private static void Set(NamespaceStatus status, string type, bool holds, string badReason, string goodReason, string message, DateTimeOffset now)
    {
        var value = holds ? "True" : "False";
        var before = status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == type);
        if (before is null)
            (status.Conditions ??= []).Add(before = new NamespaceCondition { Type = type });
        else if (before.Status == value && before.Message == message)
            return;
        if (before.Status != value)
            before.LastTransitionTime = now;
        (before.Status, before.Reason, before.Message) = (value, holds ? badReason : goodReason, message);
    }
}
