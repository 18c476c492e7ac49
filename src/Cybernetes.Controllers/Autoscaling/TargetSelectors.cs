using Cybernetes.Client.Informers;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Autoscaling;

/// <summary>Which pods each autoscaler goes by: two that go by the same would pull them up and down. Safe for concurrent use.</summary>
internal sealed class TargetSelectors
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, LabelMatcher> _selectors = [];

    /// <summary>Notes an autoscaler's selector, and gives the others of its namespace that have a pod in common with it.</summary>
    /// <param name="pods">With the label index.</param>
    public List<ObjectKey> Others(ObjectKey key, LabelMatcher selector, ObjectStore<Pod> pods)
    {
        List<(ObjectKey Key, LabelMatcher Selector)> others;
        lock (_gate)
        {
            _selectors[key] = selector;
            others = [.. _selectors.Where(s => s.Key.Namespace == key.Namespace && s.Key != key).Select(s => (s.Key, s.Value))];
        }
        if (others.Count == 0)
            return [];
        var own = pods.Matching(key.Namespace, selector);
        return [.. others.Where(o => own.Any(p => o.Selector.Matches(p.Metadata.Labels))).Select(o => o.Key)];
    }

    public void Forget(ObjectKey key)
    {
        lock (_gate)
            _selectors.Remove(key);
    }
}
