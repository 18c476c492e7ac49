using Cybernetes.Controllers.ResourceClaims;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Testing;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Claims for devices, made out of templates and given back, against the real API server.</summary>
public sealed class ResourceClaimTests
{
    private static Task<TestCluster> StartAsync() =>
        TestCluster.StartAsync(new() { Time = new VirtualTimeProvider(), Controllers = ["resourceclaim-controller"] });

    private static Pod User(string node = "") => new()
    {
        Metadata = { Namespace = "default", Name = "trainer" },
        Spec =
        {
            NodeName = node, Containers = [new() { Name = "main", Image = "web:1" }],
            ResourceClaims = [new() { Name = "gpu", ResourceClaimTemplateName = "one-gpu" }],
        },
    };

    private static ResourceClaimTemplate Template() => new()
    {
        Metadata = { Namespace = "default", Name = "one-gpu" },
        Spec = { Spec = { Devices = { Requests = [new() { Name = "gpu", Exactly = new() { DeviceClassName = "gpu.example.com" } }] } } },
    };

    [Fact]
    public async Task Claim_OfATemplateThatComesLater_IsMadeNotedAndGoesWhenThePodIsOver()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.For<Pod>().CreateAsync(User());
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "FailedResourceClaimCreation"));
        await cluster.Client.For<ResourceClaimTemplate>().CreateAsync(Template());

        var pod = await cluster.UntilAsync<Pod>("default", "trainer", p => p.Status.ResourceClaimStatuses is [{ ResourceClaimName.Length: > 0 }]);
        var claim = (await cluster.UntilAsync<ResourceClaim>("default", all => all.Count == 1))[0];
        Assert.Equal(
            (claim.Metadata.Name, pod.Metadata.UID), (pod.Status.ResourceClaimStatuses![0].ResourceClaimName, claim.Metadata.OwnerReferences!.Single().UID));
        Assert.StartsWith("trainer-gpu-", claim.Metadata.Name, StringComparison.Ordinal);
        Assert.Equal("gpu", claim.Metadata.Annotations![ResourceClaimReconciler.Annotation]);

        pod.Status.Phase = PodPhase.Succeeded;
        await cluster.Client.For<Pod>().UpdateStatusAsync(pod);
        await cluster.UntilGoneAsync<ResourceClaim>("default", claim.Metadata.Name);
    }

    [Fact]
    public async Task Claim_DeletedByHand_IsMadeAgain()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.For<ResourceClaimTemplate>().CreateAsync(Template());
        await cluster.Client.For<Pod>().CreateAsync(User());
        var claim = (await cluster.UntilAsync<ResourceClaim>("default", all => all.Count == 1))[0];
        await cluster.UntilAsync<Pod>("default", "trainer", p => p.Status.ResourceClaimStatuses is [{ ResourceClaimName.Length: > 0 }]);

        await cluster.Client.For<ResourceClaim>().DeleteAsync("default", claim.Metadata.Name);
        var other = (await cluster.UntilAsync<ResourceClaim>("default", all => all is [var c] && c.Metadata.UID != claim.Metadata.UID))[0];
        await cluster.UntilAsync<Pod>("default", "trainer", p => p.Status.ResourceClaimStatuses is [var s] && s.ResourceClaimName == other.Metadata.Name);
    }
}
