using Cybernetes.Controllers.Tests.VolumeBinding;
using Cybernetes.Controllers.VolumeAttachments;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Controllers.Tests.VolumeAttachments;

/// <summary>Where a volume is attached, and when it is taken off.</summary>
public sealed class AttachmentReconcilerTests
{
    private static VolumeAttachment On(string node) => new() { Metadata = { Name = "a-" + node }, Spec = { NodeName = node } };

    private static AttachmentView View(string[] wanted, string[] attached, string[]? inUse = null, string[]? lost = null, bool isShared = false) => new()
    {
        Volume = ClaimReconcilerTests.Volume("v", "1Gi", change: v => v.Spec.AccessModes = [isShared ? "ReadWriteMany" : "ReadWriteOnce"]),
        Wanted = wanted.ToDictionary(n => n, n => (IReadOnlyList<Pod>)[Make.Pod("p-" + n, node: n)]),
        Attachments = [.. attached.Select(On)],
        InUse = (inUse ?? []).ToHashSet(), Lost = (lost ?? []).ToHashSet(),
        UnwantedSince = attached.ToDictionary(n => "a-" + n, _ => Make.Start), ForceAfter = TimeSpan.FromMinutes(6),
    };

    private static string Text(AttachmentPlan plan) =>
        $"+{string.Join(',', plan.Attach)} -{string.Join(',', plan.Detach.Select(d => d.Spec.NodeName))} !{string.Join(',', plan.Blocked)}";

    [Theory]
    [InlineData("a", "", "", false, "+a - !")]
    [InlineData("a,b", "", "", true, "+a,b - !")]
    [InlineData("a,b", "", "", false, "+a - !b")]
    [InlineData("b", "a", "", false, "+ -a !b")]
    [InlineData("b", "a", "", true, "+b -a !")]
    [InlineData("b", "a", "a", false, "+ - !b")]
    [InlineData("a", "a", "a", false, "+ - !")]
    [InlineData("", "a", "", false, "+ -a !")]
    public void Reconcile_ByWantedAndAttached_GivesSteps(string wanted, string attached, string inUse, bool isShared, string steps)
    {
        static string[] Split(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(steps, Text(AttachmentReconciler.Reconcile(View(Split(wanted), Split(attached), Split(inUse), null, isShared), Make.Start)));
    }

    [Fact]
    public void Reconcile_MountedOnAnUnwantedNode_IsForcedAfterSixMinutesOrWhenTheNodeIsLost()
    {
        var held = View([], ["a"], ["a"]);

        Assert.Equal(Make.Start.AddMinutes(6), AttachmentReconciler.Reconcile(held, Make.Start.AddMinutes(5)).LookAgainAt);
        Assert.Equal("+ -a !", Text(AttachmentReconciler.Reconcile(held, Make.Start.AddMinutes(6))));
        Assert.Equal("+ -a !", Text(AttachmentReconciler.Reconcile(View([], ["a"], ["a"], ["a"]), Make.Start)));
    }
}
