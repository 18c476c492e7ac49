using Cybernetes.Controllers.ServiceCidrs;
using Cybernetes.Objects.Networking.V1;

namespace Cybernetes.Controllers.Tests.ServiceCidrs;

public sealed class ServiceCidrReconcilerTests
{
    [Fact]
    public void Reconcile_NewRange_IsProtectedThenReady()
    {
        var made = Cidr("a", "10.0.0.0/24");
        var plan = Plan(made, [made]);
        Assert.True(plan.AddFinalizer);
        Assert.Equal(("True", "Kubernetes Service CIDR is ready"), (plan.Ready!.Status, plan.Ready.Message));

        made.Metadata.Finalizers = [ServiceCidrReconciler.Finalizer];
        made.Status.Conditions = [plan.Ready];
        Assert.Equal(new ServiceCidrPlan(false, false, null, null), Plan(made, [made]));
    }

    [Theory]
    // An address that only this range contains keeps it.
    [InlineData("10.0.0.0/24", "", "10.0.0.9", 60, "blocked")]
    [InlineData("10.0.0.0/24", "", "10.0.1.9", 60, "goes")]
    [InlineData("10.0.0.0/24", "", "10.0.1.9", 4, "waits 6")]
    // A larger or an equal range takes all of its addresses over, a smaller one its own.
    [InlineData("10.0.0.0/24", "10.0.0.0/16", "10.0.0.9", 60, "goes")]
    [InlineData("10.0.0.0/24", "10.0.0.0/24", "10.0.0.9", 60, "goes")]
    [InlineData("10.0.0.0/24", "10.0.0.0/28", "10.0.0.9", 60, "goes")]
    [InlineData("10.0.0.0/24", "10.0.0.0/28", "10.0.0.99", 60, "blocked")]
    // Families are looked at each for itself.
    [InlineData("10.0.0.0/24,fd00::/120", "10.0.0.0/16", "fd00::9", 60, "blocked")]
    [InlineData("10.0.0.0/24,fd00::/120", "10.0.0.0/16", "10.0.0.9", 60, "goes")]
    public void Deleted_ByItsAddresses_GoesOrStays(string cidrs, string other, string address, int seconds, string expected)
    {
        var cidr = Cidr("a", cidrs.Split(','));
        cidr.Metadata.DeletionTimestamp = Make.Start.AddSeconds(-seconds);
        cidr.Metadata.Finalizers = [ServiceCidrReconciler.Finalizer];
        var plan = Plan(cidr, other.Length == 0 ? [cidr] : [cidr, Cidr("b", other)], address);
        var outcome = plan.RemoveFinalizer ? "goes" : plan.CheckAfter is { } wait ? $"waits {wait.TotalSeconds}" : plan.Ready?.Reason == "Terminating" ? "blocked" : "";
        Assert.Equal(expected, outcome);
    }

    [Fact]
    public void Deleted_ThatIsKnownToBeBlocked_IsNotWrittenAgain()
    {
        var cidr = Cidr("a", "10.0.0.0/24");
        cidr.Metadata.DeletionTimestamp = Make.Start.AddMinutes(-1);
        cidr.Metadata.Finalizers = [ServiceCidrReconciler.Finalizer];
        cidr.Status.Conditions = [Plan(cidr, [cidr], "10.0.0.1").Ready!];
        Assert.Equal(new ServiceCidrPlan(false, false, null, null), Plan(cidr, [cidr], "10.0.0.1"));
    }

    private static ServiceCidrPlan Plan(ServiceCIDR cidr, ServiceCIDR[] all, params string[] addresses) =>
        ServiceCidrReconciler.Reconcile(cidr, all, () => addresses, Make.Start);

    private static ServiceCIDR Cidr(string name, params string[] cidrs) => new() { Metadata = { Name = name }, Spec = { CIDRs = [.. cidrs] } };
}
