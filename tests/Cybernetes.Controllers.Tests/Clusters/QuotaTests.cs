using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Testing;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Quotas, where time changes what is used and no write tells.</summary>
public sealed class QuotaTests
{
    [Fact]
    public async Task Pods_PastTheirGrace_CountNoMore()
    {
        await using var cluster = await TestCluster.StartAsync(new()
        {
            Time = new VirtualTimeProvider(), Controllers = ["resourcequota-controller", "serviceaccount-controller"],
        });
        await cluster.UntilAsync<ServiceAccount>("default", all => all.Count > 0);
        await cluster.Client.For<ResourceQuota>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "few" }, Spec = { Hard = new() { ["pods"] = Quantity.Parse("5") } },
        });
        foreach (var (name, grace) in new[] { ("short", 30L), ("long", 90L) })
        {
            await cluster.Client.For<Pod>().CreateAsync(new()
            {
                Metadata = { Namespace = "default", Name = name, Finalizers = ["example.com/kept"] },
                Spec =
                {
                    NodeName = "node-1", TerminationGracePeriodSeconds = grace, Containers = [new() { Name = "main", Image = "web:1" }],
                },
            });
        }
        await cluster.UntilAsync<ResourceQuota>("default", all => Used(all) == "2");

        // No kubelet ends them: each counts until twice its own grace is over, well before all quotas are counted again.
        await cluster.Client.For<Pod>().DeleteAsync("default", "short");
        await cluster.Client.For<Pod>().DeleteAsync("default", "long");
        await cluster.UntilAsync<ResourceQuota>("default", all => Used(all) == "1", TimeSpan.FromMinutes(2));
        await cluster.UntilAsync<ResourceQuota>("default", all => Used(all) == "0", TimeSpan.FromMinutes(2.5));
    }

    private static string Used(IReadOnlyList<ResourceQuota> all) =>
        all is [{ Status.Used: { } used }] && used.TryGetValue("pods", out var pods) ? pods.ToString() : "";
}
