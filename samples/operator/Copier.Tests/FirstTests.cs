using Cybernetes.Objects.Apps.V1;
using Cybernetes.Testing;

public sealed class FirstTests
{
    [Fact]
    public async Task Deployment_OnSimulatedNodes_BecomesAvailable()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Controllers = ["*"], Scheduler = true, Nodes = 3 });
        var deployment = new Deployment { Metadata = { Name = "web", Namespace = "default" } };
        deployment.Spec.Replicas = 6;
        deployment.Spec.Selector = new() { MatchLabels = new() { ["app"] = "web" } };
        deployment.Spec.Template.Metadata.Labels = new() { ["app"] = "web" };
        deployment.Spec.Template.Spec.Containers = [new() { Name = "web", Image = "nginx" }];
        await cluster.Client.For<Deployment>().CreateAsync(deployment);

        var web = await cluster.UntilConditionAsync<Deployment>("default", "web", "Available");
        Assert.Equal("web", web.Metadata.Name);
    }
}
