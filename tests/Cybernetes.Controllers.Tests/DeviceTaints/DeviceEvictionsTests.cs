using Cybernetes.Controllers.DeviceTaints;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Objects.Resource.V1beta2;
using DeviceRequestAllocationResult = Cybernetes.Objects.Resource.V1.DeviceRequestAllocationResult;
using DeviceTaint = Cybernetes.Objects.Resource.V1.DeviceTaint;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;
using ResourceSlice = Cybernetes.Objects.Resource.V1.ResourceSlice;

namespace Cybernetes.Controllers.Tests.DeviceTaints;

public sealed class DeviceEvictionsTests
{
    private static readonly DateTimeOffset s_start = Make.Start;

    /// <summary>Tolerations as <c>key operator value effect seconds</c>, separated by semicolons; <c>-</c> for nothing.</summary>
    internal static ResourceClaim Claim(string tolerations = "", string user = "p-1") => new()
    {
        Metadata = { Namespace = "default", Name = "claim" },
        Status =
        {
            Allocation = new()
            {
                Devices =
                {
                    Results =
                    [
                        new() { Request = "gpu", Driver = "gpu.example.com", Pool = "node-1", Device = "gpu-0", Tolerations = [.. Read(tolerations)] },
                    ],
                },
            },
            ReservedFor = [new() { Resource = "pods", Name = "trainer", UID = user }],
        },
    };

    internal static ResourceSlice Slice(string name, long generation, params DeviceTaint[] taints) => new()
    {
        Metadata = { Name = name },
        Spec =
        {
            Driver = "gpu.example.com", NodeName = "node-1", Pool = { Name = "node-1", Generation = generation, ResourceSliceCount = 1 },
            Devices = [new() { Name = "gpu-0", Taints = [.. taints] }],
        },
    };

    internal static DeviceTaint Taint(string effect = "NoExecute", int seconds = 0) =>
        new() { Key = "health", Value = "bad", Effect = effect, TimeAdded = s_start.AddSeconds(seconds) };

    internal static DeviceTaintRule Rule(string name = "rule", string? device = null, string effect = "NoExecute") => new()
    {
        Metadata = { Name = name, UID = name, Generation = 1 },
        Spec =
        {
            DeviceSelector = new() { Driver = "gpu.example.com", Device = device },
            Taint = { Key = "health", Value = "bad", Effect = effect, TimeAdded = s_start },
        },
    };

    [Theory]
    [InlineData("", 0)]
    [InlineData("health Equal bad NoExecute -", null)]
    [InlineData("health - bad NoExecute -", null)]
    [InlineData("health Exists - NoExecute -", null)]
    [InlineData("- Exists - NoExecute -", null)]
    [InlineData("health Equal good NoExecute -", 0)]
    [InlineData("heat Exists - NoExecute -", 0)]
    // One that says no effect is not about being driven out, as upstream has it.
    [InlineData("health Exists - - -", 0)]
    [InlineData("health Exists - NoSchedule -", 0)]
    [InlineData("health Exists - NoExecute 30", 30)]
    [InlineData("health Exists - NoExecute 30;- Exists - NoExecute 20", 20)]
    [InlineData("health Exists - NoExecute -5", 0)]
    [InlineData("health Exists - NoExecute 30;- Exists - NoExecute -", null)]
    public void OfClaim_ByItsTolerations_IsDueThen(string tolerations, int? due)
    {
        IReadOnlyList<ResourceSlice> pool = [Slice("a", 1, Taint())];
        Assert.Equal(due is { } seconds ? s_start.AddSeconds(seconds) : null, DeviceEvictions.OfClaim(Claim(tolerations), (_, _) => pool, [])?.At);
    }

    [Fact]
    public void OfClaim_TaintsOfSliceAndRules_TheFirstIsDueAndEachRuleIsAReason()
    {
        IReadOnlyList<ResourceSlice> pool = [Slice("a", 1, Taint(seconds: -60), Taint("NoSchedule", -600))];
        var eviction = DeviceEvictions.OfClaim(Claim(), (_, _) => pool, [Rule("one", "gpu-0"), Rule("two"), Rule("other", "gpu-7")]);
        Assert.Equal((s_start.AddSeconds(-60), "one,two"), (eviction!.At, string.Join(',', eviction.Rules.Order(StringComparer.Ordinal))));
    }

    [Fact]
    public void OfClaim_TaintOfAnOlderGeneration_DoesNotCount()
    {
        IReadOnlyList<ResourceSlice> pool = [Slice("a", 1, Taint()), Slice("b", 2)];
        Assert.Null(DeviceEvictions.OfClaim(Claim(), (_, _) => pool, []));
    }

    [Theory]
    // The pod's node, its phase; whom the claim is reserved for, whether another pod's template made it: whether the pod leaves.
    [InlineData("node-1", "Running", "p-1", "p-1", true)]
    [InlineData("", "Pending", "p-1", "p-1", false)]
    [InlineData("node-1", "Succeeded", "p-1", "p-1", false)]
    [InlineData("node-1", "Running", "p-2", "p-1", false)]
    [InlineData("node-1", "Running", "p-1", "p-2", false)]
    public void OfPod_ByItsClaim_LeavesIfItUsesIt(string node, string phase, string reserved, string owner, bool leaves)
    {
        var pod = new Pod
        {
            Metadata = { Namespace = "default", Name = "trainer", UID = "p-1" },
            Spec = { NodeName = node, ResourceClaims = [new() { Name = "gpu", ResourceClaimTemplateName = "one" }] },
            Status = { Phase = phase, ResourceClaimStatuses = [new() { Name = "gpu", ResourceClaimName = "claim" }] },
        };
        var claim = Claim(user: reserved);
        claim.Metadata.OwnerReferences = [new() { Kind = "Pod", Name = "trainer", UID = owner, Controller = true }];
        var eviction = DeviceEvictions.OfPod(pod, n => n == "claim" ? claim : null, _ => new(s_start, new HashSet<string>()));
        Assert.Equal(leaves, eviction is not null);
    }

    [Theory]
    [InlineData("NoExecute", 2, 1, 0, "True", "PodsPendingEviction", "2 pods need to be evicted in 1 namespace.")]
    [InlineData("NoExecute", 1, 1, 3, "True", "PodsPendingEviction",
        "1 pod needs to be evicted in 1 namespace. 3 pods evicted since starting the controller.")]
    [InlineData("NoExecute", 0, 0, 1, "False", "Completed", "1 pod evicted since starting the controller.")]
    [InlineData("NoExecute", 0, 0, 0, "False", "NotStarted", "")]
    [InlineData("None", 3, 2, 0, "False", "NoEffect",
        "4 published devices selected. 1 allocated device selected. 3 pods would be evicted in 2 different namespaces if the effect was NoExecute. "
        + "This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.")]
    [InlineData("NoSchedule", 0, 0, 0, "False", "OtherEffect", "Eviction only happens for the NoExecute effect.")]
    public void Condition_OfARule_ReadsAsUpstreams(string effect, int pending, int namespaces, int evicted, string status, string reason, string message)
    {
        var rule = Rule(effect: effect);
        var made = RuleCondition.Change(rule, new(4, 1, pending, namespaces, evicted), s_start)!;
        Assert.Equal((status, reason, message, 1L), (made.Status, made.Reason, made.Message, made.ObservedGeneration));

        rule.Status.Conditions = [made];
        Assert.Null(RuleCondition.Change(rule, new(4, 1, pending, namespaces, evicted), s_start.AddHours(1)));
        Assert.Equal(TimeSpan.FromSeconds(6), RuleCondition.Wait(rule, s_start.AddSeconds(4)));
        Assert.Null(RuleCondition.Wait(rule, s_start.AddSeconds(10)));
        rule.Metadata.Generation = 2;
        Assert.Null(RuleCondition.Wait(rule, s_start.AddSeconds(4)));
    }

    private static IEnumerable<Objects.Resource.V1.DeviceToleration> Read(string text)
    {
        foreach (var line in text.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ').Select(w => w == "-" ? "" : w).ToArray();
            yield return new()
            {
                Key = words[0], Operator = words[1], Value = words[2], Effect = words[3],
                TolerationSeconds = words[4].Length == 0 ? null : long.Parse(words[4], System.Globalization.CultureInfo.InvariantCulture),
            };
        }
    }
}
