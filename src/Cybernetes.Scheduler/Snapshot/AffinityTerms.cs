using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>One term of a pod's affinity or anti-affinity, made ready.</summary>
/// <param name="Weight">Of preferred terms: above zero attracts, below repels. Of required terms: 0.</param>
internal sealed record AffinityTerm(TermScope Scope, string TopologyKey, int Weight = 0);

/// <summary>A pod's inter-pod terms, taken out of its spec once.</summary>
internal sealed record AffinityTerms(
    IReadOnlyList<AffinityTerm> RequiredAffinity, IReadOnlyList<AffinityTerm> RequiredAntiAffinity, IReadOnlyList<AffinityTerm> Preferred)
{
    public static AffinityTerms None { get; } = new([], [], []);

    public bool IsEmpty => ReferenceEquals(this, None);

    public static AffinityTerms Of(Pod pod)
    {
        var affinity = pod.Spec.Affinity?.PodAffinity;
        var anti = pod.Spec.Affinity?.PodAntiAffinity;
        if (affinity is null && anti is null)
            return None;
        var ns = pod.Metadata.Namespace;
        AffinityTerm Term(PodAffinityTerm term, int weight = 0) => new(TermScope.Of(term, ns), term.TopologyKey, weight);
        var preferred = new List<AffinityTerm>();
        foreach (var term in (affinity?.PreferredDuringSchedulingIgnoredDuringExecution).OrEmpty().Where(t => t.Weight != 0))
            preferred.Add(Term(term.PodAffinityTerm, term.Weight));
        foreach (var term in (anti?.PreferredDuringSchedulingIgnoredDuringExecution).OrEmpty().Where(t => t.Weight != 0))
            preferred.Add(Term(term.PodAffinityTerm, -term.Weight));
        return new AffinityTerms(
            [.. (affinity?.RequiredDuringSchedulingIgnoredDuringExecution).OrEmpty().Select(t => Term(t))],
            [.. (anti?.RequiredDuringSchedulingIgnoredDuringExecution).OrEmpty().Select(t => Term(t))],
            preferred);
    }
}
