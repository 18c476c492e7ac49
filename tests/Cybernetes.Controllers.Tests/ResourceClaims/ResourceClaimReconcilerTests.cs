using Cybernetes.Controllers.ResourceClaims;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Controllers.Tests.ResourceClaims;

public sealed class ResourceClaimReconcilerTests
{
    [Theory]
    // Reserved for; whose pods are over; allocated, finalizer, being deleted: what is left, deallocated, finalizer removed.
    [InlineData("a,b", "", true, true, false, "as it is", false, false)]
    [InlineData("a,b", "b", true, true, false, "a", false, false)]
    [InlineData("a,b", "a,b", true, true, false, "", true, true)]
    [InlineData("a", "a", true, false, false, "", false, false)]
    [InlineData("", "", true, true, false, "as it is", false, false)]
    [InlineData("", "", true, true, true, "as it is", true, true)]
    [InlineData("", "", false, true, true, "as it is", false, true)]
    [InlineData("a", "", true, true, true, "as it is", false, false)]
    public void Reconcile_ByItsPods_KeepsOrLetsGo(
        string reserved, string over, bool allocated, bool isProtected, bool deleted, string left, bool deallocated, bool freed)
    {
        var claim = new ResourceClaim
        {
            Metadata = { Finalizers = isProtected ? [ResourceClaimReconciler.Finalizer] : null, DeletionTimestamp = deleted ? Make.Start : null },
            Status = { Allocation = allocated ? new() : null, ReservedFor = [.. Names(reserved).Select(n => new ResourceClaimConsumerReference
            {
                Resource = "pods", Name = n, UID = n,
            })] },
        };
        var plan = ResourceClaimReconciler.Reconcile(claim, r => !Names(over).Contains(r.UID));
        Assert.Equal(
            (left, deallocated, freed),
            (plan.ReservedFor is null ? "as it is" : string.Join(',', plan.ReservedFor.Select(r => r.Name)), plan.Deallocate, plan.RemoveFinalizer));
    }

    [Fact]
    public void Reconcile_ReservedForNoPod_IsRefused() => Assert.Throws<ReconcileFailedException>(() => ResourceClaimReconciler.Reconcile(
        new() { Status = { ReservedFor = [new() { APIGroup = "x.io", Resource = "things", Name = "t", UID = "t" }] } }, _ => true));

    [Theory]
    [InlineData(3, 3, "ppp-ccc-")]
    [InlineData(50, 20, 39, 15)]
    [InlineData(200, 60, 43, 13)]
    public void Make_LongNames_AreCutInProportion(int pod, int claim, params object[] expected)
    {
        var made = ResourceClaimReconciler.Make(
            new Pod { Metadata = { Namespace = "default", Name = new('p', pod), UID = "uid" } }, new('c', claim),
            new() { Spec = { Metadata = { Labels = new() { ["a"] = "b" }, Annotations = new() { ["k"] = "v" } } } });
        var parts = made.Metadata.GenerateName.Split('-');
        Assert.Equal(expected, expected.Length == 1 ? [made.Metadata.GenerateName] : [parts[0].Length, parts[1].Length]);
        Assert.Equal("uid", made.Metadata.OwnerReferences!.Single().UID);
        Assert.Equal((2, "b"), (made.Metadata.Annotations!.Count, made.Metadata.Labels!["a"]));
        Assert.Equal(new string('c', claim), made.Metadata.Annotations[ResourceClaimReconciler.Annotation]);
    }

    private static string[] Names(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries);
}
