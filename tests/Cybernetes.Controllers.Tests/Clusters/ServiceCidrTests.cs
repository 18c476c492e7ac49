using Cybernetes.Controllers.ServiceCidrs;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Networking.V1;
using Cybernetes.Testing;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Further ranges of service addresses, from their first day to their last.</summary>
public sealed class ServiceCidrTests
{
    [Fact]
    public async Task Range_MadeUsedAndDeleted_GoesWhenItsLastAddressIsGone()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Time = new VirtualTimeProvider(), Controllers = ["service-cidr-controller"] });
        var cidrs = cluster.Client.For<ServiceCIDR>();
        await cidrs.CreateAsync(new() { Metadata = { Name = "more" }, Spec = { CIDRs = ["10.6.0.0/24"] } });
        await cluster.UntilAsync<ServiceCIDR>(null, "more", c => IsReady(c, "True") && c.Metadata.Finalizers is [ServiceCidrReconciler.Finalizer]);
        // That of the server's start is protected as well.
        await cluster.UntilAsync<ServiceCIDR>(null, "kubernetes", c => IsReady(c, "True") && c.Metadata.Finalizers is [ServiceCidrReconciler.Finalizer]);

        await cluster.Client.For<Service>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "web" }, Spec = { ClusterIP = "10.6.0.9", Ports = [new() { Port = 80 }] },
        });
        await cidrs.DeleteAsync(null, "more");
        await cluster.UntilAsync<ServiceCIDR>(null, "more", c => IsReady(c, "False") && c.Status.Conditions![0].Reason == "Terminating");

        await cluster.Client.For<Service>().DeleteAsync("default", "web");
        await cluster.UntilGoneAsync<ServiceCIDR>(null, "more", TimeSpan.FromMinutes(1));
    }

    private static bool IsReady(ServiceCIDR cidr, string status) => cidr.Status.Conditions.OrEmpty().Any(c => c.Type == "Ready" && c.Status == status);
}
