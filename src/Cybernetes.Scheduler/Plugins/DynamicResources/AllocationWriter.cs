using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>Turns what a search chose into what stands in a claim's status. Pure.</summary>
internal static class AllocationWriter
{
    /// <param name="claim">The claim.</param>
    /// <param name="chosen">Its devices.</param>
    /// <param name="nodeName">The node that they were chosen for.</param>
    /// <param name="newShareId">A fresh UUID for each share of a device.</param>
    public static AllocationResult Write(ClaimWish claim, IReadOnlyList<ChosenDevice> chosen, string nodeName, Func<string> newShareId) => new()
    {
        Devices = new()
        {
            Results = [.. chosen.Select(c => ResultOf(c, newShareId))],
            Config = ConfigurationOf(claim, chosen) is { Count: > 0 } config ? config : null,
        },
        NodeSelector = SelectorOf(chosen, nodeName),
    };

    private static DeviceRequestAllocationResult ResultOf(ChosenDevice chosen, Func<string> newShareId)
    {
        var (wish, device) = (chosen.Wish, chosen.Device);
        return new()
        {
            Request = wish.FullName,
            Driver = device.Id.Driver,
            Pool = device.Id.Pool,
            Device = device.Id.Device,
            AdminAccess = wish.AdminAccess ? true : null,
            Tolerations = wish.Tolerations.Count == 0 ? null : [.. wish.Tolerations.Select(t => t.DeepClone())],
            BindingConditions = Copy(device.Device.BindingConditions),
            BindingFailureConditions = Copy(device.Device.BindingFailureConditions),
            ShareID = chosen.Consumed is null ? null : newShareId(),
            ConsumedCapacity = chosen.Consumed is { Count: > 0 } consumed ? new(consumed, StringComparer.Ordinal) : null,
        };
    }

    private static List<string>? Copy(List<string>? from) => from is { Count: > 0 } ? [.. from] : null;

    /// <summary>Each class's configuration once, then the claim's, as far as they are for what was chosen.</summary>
    private static List<DeviceAllocationConfiguration> ConfigurationOf(ClaimWish claim, IReadOnlyList<ChosenDevice> chosen)
    {
        var all = new List<DeviceAllocationConfiguration>();
        var wishes = claim.Requests.Select(r => r.FirstOrDefault(w => chosen.Any(c => ReferenceEquals(c.Wish, w)))).OfType<DeviceWish>().ToList();
        foreach (var ofClass in wishes.GroupBy(w => w.ClassName, StringComparer.Ordinal))
        {
            foreach (var config in ofClass.First().Class.Spec.Config.OrEmpty())
                all.Add(new() { Source = "FromClass", Requests = [.. ofClass.Select(w => w.FullName)], Opaque = config.Opaque?.DeepClone() });
        }
        foreach (var config in claim.Claim.Spec.Devices.Config.OrEmpty())
        {
            var requests = config.Requests.OrEmpty();
            if (wishes.Exists(w => w.IsIn(requests)))
                all.Add(new() { Source = "FromClaim", Requests = Copy(config.Requests), Opaque = config.Opaque?.DeepClone() });
        }
        // What is for all requests names none.
        foreach (var config in all.Where(c => c.Requests?.Count == claim.Requests.Count))
            config.Requests = null;
        return all;
    }

    /// <summary>Where the devices can be used; null for everywhere.</summary>
    private static NodeSelector? SelectorOf(IReadOnlyList<ChosenDevice> chosen, string nodeName)
    {
        if (chosen.Any(c => c.Device.Reach.NodeName is { Length: > 0 } || c.Device.Device.BindsToNode == true))
        {
            return new()
            {
                NodeSelectorTerms = [new() { MatchFields = [new() { Key = "metadata.name", Operator = "In", Values = [nodeName] }] }],
            };
        }
        var all = new NodeSelectorTerm();
        foreach (var term in chosen.SelectMany(c => c.Device.Reach.Selector?.NodeSelectorTerms.OrEmpty() ?? []))
        {
            AddMissing(term.MatchFields, all.MatchFields ??= []);
            AddMissing(term.MatchExpressions, all.MatchExpressions ??= []);
        }
        if (all.MatchFields is not { Count: > 0 })
            all.MatchFields = null;
        if (all.MatchExpressions is not { Count: > 0 })
            all.MatchExpressions = null;
        return all.MatchFields is null && all.MatchExpressions is null ? null : new() { NodeSelectorTerms = [all] };
    }

    private static void AddMissing(List<NodeSelectorRequirement>? from, List<NodeSelectorRequirement> to)
    {
        foreach (var requirement in from.OrEmpty())
        {
            var isThere = to.Exists(t => t.Key == requirement.Key && t.Operator == requirement.Operator
                && t.Values.OrEmpty().ToHashSet().SetEquals(requirement.Values.OrEmpty()));
            if (!isThere)
                to.Add(requirement.DeepClone());
        }
    }
}
