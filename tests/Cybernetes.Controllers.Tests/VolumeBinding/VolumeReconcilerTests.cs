using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.VolumeBinding;

/// <summary>A volume's phase as its claim comes, binds and goes.</summary>
public sealed class VolumeReconcilerTests
{
    public static TheoryData<string, string, bool, bool> Cases { get; } = new()
    {
        { "free", "Available", false, false },
        { "reserved", "Available", true, false },
        { "claim gone", "Released", false, true },
        { "claim gone, released", "", false, true },
        { "half bound", "", true, false },
        { "bound", "Bound", false, false },
        { "claim elsewhere, made for it", "Released", false, true },
        { "claim elsewhere, ours", "Available", false, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Reconcile_ByClaim_GivesPhaseAndReclaims(string what, string phase, bool enqueues, bool reclaims)
    {
        var volume = ClaimReconcilerTests.Volume("v", "5Gi", change: v =>
        {
            v.Spec.ClaimRef = what == "free" ? null : ClaimReconcilerTests.Taker(what == "reserved" ? "" : "c-1");
            v.Status.Phase = what == "claim gone, released" ? "Released" : v.Status.Phase;
            if (what == "claim elsewhere, made for it")
                (v.Metadata.Annotations, v.Spec.PersistentVolumeReclaimPolicy) = (new() { [VolumeNames.ProvisionedBy] = "x/y" }, "Delete");
            if (what == "claim elsewhere, ours")
                v.Metadata.Annotations = new() { [VolumeNames.BoundByController] = "yes" };
        });
        PersistentVolumeClaim? claim = what.StartsWith("claim gone", StringComparison.Ordinal) || what is "free" or "reserved" ? null
            : ClaimReconcilerTests.Claim(change: c =>
            {
                c.Spec.VolumeName = what switch { "half bound" => "", "bound" => "v", _ => "another" };
                c.Status.Phase = "Bound";
            });

        var plan = VolumeReconciler.Reconcile(volume, claim);

        Assert.Equal((phase, enqueues, reclaims), (plan.Phase, plan.EnqueueClaim, plan.Reclaim));
        Assert.Equal(what == "claim elsewhere, ours" ? Unbinding.Whole : Unbinding.None, plan.Unbind);
    }

    [Fact]
    public void Reconcile_UserReservedAndClaimWentElsewhere_KeepsTheReservation()
    {
        var volume = ClaimReconcilerTests.Volume("v", "5Gi", change: v => v.Spec.ClaimRef = ClaimReconcilerTests.Taker("c-1"));

        var plan = VolumeReconciler.Reconcile(volume, ClaimReconcilerTests.Claim(change: c => c.Spec.VolumeName = "another"));

        Assert.Equal(Unbinding.UidOnly, plan.Unbind);
    }

    [Fact]
    public void Reconcile_ModesDiffer_TellsBoth()
    {
        var volume = ClaimReconcilerTests.Volume("v", "5Gi", change: v => (v.Spec.ClaimRef, v.Spec.VolumeMode) = (ClaimReconcilerTests.Taker("c-1"), "Block"));

        var plan = VolumeReconciler.Reconcile(volume, ClaimReconcilerTests.Claim());

        Assert.Equal(("VolumeMismatch", "VolumeMismatch"), (plan.VolumeEvent!.Value.Reason, plan.ClaimEvent!.Value.Reason));
    }
}
