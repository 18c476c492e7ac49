using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Rbac.V1;

namespace Cybernetes.Controllers.ClusterRoles;

/// <summary>Fills aggregated cluster roles with the rules of all cluster roles that their selectors match.</summary>
internal sealed class ClusterRoleAggregationController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<ClusterRole> _roles;
    private readonly WorkQueue<string> _queue;

    public ClusterRoleAggregationController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("ClusterRoleAggregator");
        var roles = context.Informers.For<ClusterRole>();
        _roles = roles.Store;
        _roles.AddIndex("aggregated", static r => r.AggregationRule is null ? [] : [""]);
        roles.AddHandler(_ => EnqueueAll(), (_, _) => EnqueueAll(), _ => EnqueueAll());
    }

    public string Name => "clusterrole-aggregation-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(5, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>The rules of an aggregated role: those of the others that match, by name, each once. Pure.</summary>
    internal static List<PolicyRule> Rules(ClusterRole role, IEnumerable<ClusterRole> all)
    {
        var selectors = role.AggregationRule!.ClusterRoleSelectors.OrEmpty().Select(LabelMatcher.For).ToList();
        var rules = new List<PolicyRule>();
        foreach (var other in all.Where(r => r.Metadata.Name != role.Metadata.Name && selectors.Any(s => s.Matches(r.Metadata.Labels)))
            .OrderBy(r => r.Metadata.Name, StringComparer.Ordinal))
        {
            foreach (var rule in other.Rules.OrEmpty())
            {
                if (!rules.Any(r => r.SemanticEquals(rule)))
                    rules.Add(rule);
            }
        }
        return rules;
    }

    // Any role may be part of any aggregated one, and of those there are few.
    private void EnqueueAll()
    {
        foreach (var role in _roles.ByIndex("aggregated", ""))
            _queue.Add(role.Metadata.Name);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_roles.Get("", name) is not { AggregationRule: not null } role)
            return;
        var rules = Rules(role, _roles.List());
        if (ObjectEquality.ObjectList(role.Rules.OrEmpty().ToList(), rules))
            return;
        var copy = role.DeepClone();
        copy.Rules = [.. rules.Select(r => r.DeepClone())];
        await _context.Client.IgnoreNotFoundAsync(c => c.For<ClusterRole>().UpdateAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
    }
}
