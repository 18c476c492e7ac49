using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>Which containers come again (API reference: PodSpec.restartPolicy, Container.restartPolicy and
/// restartPolicyRules). Pure.</summary>
internal static class RestartRules
{
    public const string Always = "Always";
    public const string OnFailure = "OnFailure";
    public const string Never = "Never";

    /// <summary>An init container that runs beside the others for the pod's whole life (KEP-753).</summary>
    public static bool IsSidecar(Container initContainer) => initContainer.RestartPolicy == Always;

    /// <summary>Whether a regular container that ended with the exit code comes again.</summary>
    public static bool RestartsAfter(Pod pod, Container container, int exitCode)
    {
        foreach (var rule in container.RestartPolicyRules.OrEmpty())
        {
            if (rule.ExitCodes is { } codes && Matches(codes, exitCode))
                return rule.Action is "Restart" or "RestartAllContainers";
        }

        return PolicyOf(pod, container) switch
        {
            Never => false,
            OnFailure => exitCode != 0,
            _ => true,
        };
    }

    /// <summary>Whether an init container that failed is tried again.</summary>
    public static bool RestartsAfterFailure(Pod pod, Container initContainer, int exitCode) =>
        initContainer.RestartPolicy is null && initContainer.RestartPolicyRules is null
            ? pod.Spec.RestartPolicy != Never
            : RestartsAfter(pod, initContainer, exitCode == 0 ? 1 : exitCode);

    /// <summary>Whether the container has to be started, as its newest instance stands.</summary>
    public static bool IsToBeStarted(Pod pod, Container container, ContainerInstance? newest)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
            return false;
        return newest?.State switch
        {
            null or InstanceState.Created or InstanceState.Unknown => true,
            InstanceState.Running => false,
            _ => RestartsAfter(pod, container, newest.ExitCode),
        };
    }

    private static string PolicyOf(Pod pod, Container container) => container.RestartPolicy ?? pod.Spec.RestartPolicy;

    private static bool Matches(ContainerRestartRuleOnExitCodes codes, int exitCode) => codes.Operator switch
    {
        "In" => codes.Values.OrEmpty().Contains(exitCode),
        "NotIn" => !codes.Values.OrEmpty().Contains(exitCode),
        _ => false,
    };
}
