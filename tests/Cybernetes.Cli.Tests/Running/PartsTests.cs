using System.Net;
using Cybernetes.Cli.Running;
using Cybernetes.Client.Transport;
using Cybernetes.Cluster.Serving;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging.Abstractions;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Cli.Tests.Running;

public sealed class PartsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("parts").FullName;
    // Only a guard for a test that hangs.
    private readonly CancellationTokenSource _guard = new(TimeSpan.FromMinutes(2), TimeProvider.System);

    public void Dispose()
    {
        _guard.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Parts_InProcess_TurnADeploymentIntoScheduledPods()
    {
        await using ControlPlane plane = await ControlPlane.StartAsync(
            new ControlPlaneOptions
            {
                DataDirectory = _directory,
                NodeName = "node1",
                BindAddress = IPAddress.Loopback,
                SecurePort = 0,
                Loggers = NullLoggerFactory.Instance,
            },
            _guard.Token);
        await plane.WaitUntilReadyAsync(_guard.Token);
        using var stop = new CancellationTokenSource();
        Task[] running = [Run(Parts.Scheduler, plane, stop.Token), Run(Parts.Controllers, plane, stop.Token)];

        using ApiClient admin = plane.ClientAs("admin", "system:masters");
        await MakeNodeAsync(admin);
        await admin.For<Deployment>().CreateAsync(Web(), cancellation: _guard.Token);
        var bound = new HashSet<string>();
        await foreach (WatchEvent<Pod> change in admin.For<Pod>().WatchAsync("default", new ListQuery(), _guard.Token))
        {
            if (change.Object.Spec.NodeName == "node1")
                bound.Add(change.Object.Metadata.Name);
            if (bound.Count == 3)
                break;
        }
        Assert.Equal("kube-scheduler kube-controller-manager", await LeasesAsync(admin));
        await stop.CancelAsync();
        await Task.WhenAll(running).WaitAsync(_guard.Token);
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, "node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule")]
    public void Node_OfACloud_RegistersUninitialized(bool hasCloud, string? expected)
    {
        var settings = new PartSettings { NodeName = "node1", Identity = "test", Node = new NodeSettings { HasCloudProvider = hasCloud } };
        Assert.Equal(expected, NodePart.AgentOptions(settings).RegisterWithTaints.Select(t => $"{t.Key}={t.Value}:{t.Effect}").SingleOrDefault());
    }

    private static Task Run(Part part, ControlPlane plane, CancellationToken stop)
    {
        var context = new PartContext
        {
            Client = plane.ClientAs(part.User("node1"), part.Groups),
            Settings = new PartSettings { NodeName = "node1", Identity = "test" },
            Loggers = NullLoggerFactory.Instance,
        };
        return PartRunner.RunAsync(part, context, stop);
    }

    private async Task<string> LeasesAsync(ApiClient admin)
    {
        var leases = await admin.For<Objects.Coordination.V1.Lease>().ListAllAsync("kube-system", cancellation: _guard.Token);
        Assert.All(leases.Items, lease => Assert.Equal("test", lease.Spec.HolderIdentity));
        return string.Join(' ', leases.Items.Select(lease => lease.Metadata.Name).OrderDescending(StringComparer.Ordinal));
    }

    private async Task MakeNodeAsync(ApiClient admin)
    {
        var room = new Dictionary<string, Objects.Quantity>
        {
            ["cpu"] = Objects.Quantity.Parse("4"),
            ["memory"] = Objects.Quantity.Parse("8Gi"),
            ["pods"] = Objects.Quantity.Parse("110"),
        };
        NodeObject node = await admin.For<NodeObject>().CreateAsync(
            new NodeObject { Metadata = new ObjectMeta { Name = "node1" } }, cancellation: _guard.Token);
        node.Status.Capacity = room;
        node.Status.Allocatable = room;
        node.Status.Conditions =
        [
            new NodeCondition
            {
                Type = "Ready", Status = "True", Reason = "KubeletReady", LastHeartbeatTime = TimeProvider.System.GetUtcNow(),
            },
        ];
        await admin.For<NodeObject>().UpdateStatusAsync(node, cancellation: _guard.Token);
    }

    private static Deployment Web()
    {
        var labels = new Dictionary<string, string> { ["app"] = "web" };
        return new Deployment
        {
            Metadata = new ObjectMeta { Name = "web", Namespace = "default" },
            Spec = new DeploymentSpec
            {
                Replicas = 3,
                Selector = new LabelSelector { MatchLabels = labels },
                Template = new PodTemplateSpec
                {
                    Metadata = new ObjectMeta { Labels = labels },
                    Spec = new PodSpec { Containers = [new Container { Name = "web", Image = "web:1" }] },
                },
            },
        };
    }
}
