using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Jobs;

/// <summary>What a failed pod means for its job.</summary>
/// <param name="JobFailure">Why the whole job fails by it; null when it does not.</param>
/// <param name="Counts">Whether it counts against the limits.</param>
/// <param name="FailsIndex">Whether its index is given up.</param>
internal readonly record struct FailureVerdict(string? JobFailure, bool Counts, bool FailsIndex);

/// <summary>The pod failure policy (KEP-3329) and the success policy (KEP-3998) of jobs. Pure.</summary>
internal static class FailurePolicy
{
    /// <summary>The first rule that matches decides; without one the failure counts.</summary>
    public static FailureVerdict Match(Job job, Pod pod)
    {
        var rules = job.Spec.PodFailurePolicy?.Rules.OrEmpty() ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            var name = $"{pod.Metadata.Namespace}/{pod.Metadata.Name}";
            var rule = rules[i];
            if (rule.OnExitCodes is { } codes && Container(pod, codes) is { } container)
            {
                var code = container.State.Terminated!.ExitCode;
                return Verdict(
                    rule.Action, $"Container {container.Name} for pod {name} failed with exit code {code} matching {rule.Action} rule at index {i}");
            }
            if (rule.OnExitCodes is null && Condition(pod, rule.OnPodConditions) is { } condition)
                return Verdict(rule.Action, $"Pod {name} has condition {condition.Type} matching {rule.Action} rule at index {i}");
        }
        return new(null, true, false);
    }

    /// <summary>What is told when the succeeded indexes meet a rule of the success policy; null when they do not.</summary>
    public static string? MeetsSuccess(Job job, IndexSet succeeded)
    {
        var rules = job.Spec.SuccessPolicy?.Rules.OrEmpty() ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            var rule = rules[i];
            var wanted = rule.SucceededIndexes is { } text ? IndexSet.Parse(text, job.Spec.Completions ?? 0) : null;
            var count = wanted is null ? succeeded.Count : wanted.CountIn(succeeded);
            if (count >= (rule.SucceededCount ?? wanted?.Count ?? int.MaxValue))
                return $"Matched rules at index {i}";
        }
        return null;
    }

    private static FailureVerdict Verdict(string action, string message) => action switch
    {
        "FailJob" => new(message, true, false),
        "Ignore" => new(null, false, false),
        "FailIndex" => new(null, true, true),
        _ => new(null, true, false),
    };

    private static ContainerStatus? Container(Pod pod, PodFailurePolicyOnExitCodesRequirement wanted) =>
        pod.Status.ContainerStatuses.OrEmpty().Concat(pod.Status.InitContainerStatuses.OrEmpty()).FirstOrDefault(c =>
            (wanted.ContainerName is null || wanted.ContainerName == c.Name)
            && c.State.Terminated is { ExitCode: not 0 } ended
            && wanted.Values.OrEmpty().Contains(ended.ExitCode) == (wanted.Operator == "In"));

    private static PodCondition? Condition(Pod pod, List<PodFailurePolicyOnPodConditionsPattern>? patterns) =>
        pod.Status.Conditions.OrEmpty().FirstOrDefault(c => patterns.OrEmpty().Any(p => p.Type == c.Type && p.Status == c.Status));
}
