using System.Text.Json.Nodes;
using Cybernetes.Cli.Commands;
using Cybernetes.Cli.Running;
using Cybernetes.Controllers;
using Cybernetes.Scheduler.Configuration;

namespace Cybernetes.Cli.Tests;

public sealed class ComponentConfigurationTests
{
    [Fact]
    public void ControllerManager_OfItsSettings_ReadsAsUpstreams()
    {
        var told = JsonNode.Parse(ComponentConfiguration.Of(new PartSettings
        {
            NodeName = "a", Identity = "a", ClusterCidr = "10.244.0.0/16", Controllers = ["*", "-garbage-collector-controller"],
            ControllerManager = new ControllerManagerOptions { ConcurrentDeploymentSyncs = 7, NodeMonitorGracePeriod = TimeSpan.FromSeconds(90) },
        }))!["kubecontrollermanager.config.k8s.io"]!;
        Assert.Equal(7, (int)told["DeploymentController"]!["ConcurrentDeploymentSyncs"]!);
        Assert.Equal("1m30s", (string?)told["NodeLifecycleController"]!["NodeMonitorGracePeriod"]);
        Assert.Equal((true, "kube-controller-manager"), ((bool)told["Generic"]!["LeaderElection"]!["LeaderElect"]!,
            (string?)told["Generic"]!["LeaderElection"]!["ResourceName"]));
        Assert.Equal((true, false), ((bool)told["KubeCloudShared"]!["AllocateNodeCIDRs"]!, (bool)told["GarbageCollectorController"]!["EnableGarbageCollector"]!));
    }

    [Fact]
    public void Scheduler_OfItsConfiguration_NamesItsProfiles()
    {
        var configuration = SchedulerConfiguration.Parse("""
            apiVersion: kubescheduler.config.k8s.io/v1
            kind: KubeSchedulerConfiguration
            podMaxBackoffSeconds: 20
            profiles:
            - schedulerName: default-scheduler
            - schedulerName: packer
            """);
        var told = JsonNode.Parse(ComponentConfiguration.Of(configuration, leaderElect: false))!["componentconfig"]!;
        Assert.Equal(["default-scheduler", "packer"], told["Profiles"]!.AsArray().Select(p => (string?)p!["SchedulerName"]));
        Assert.Equal((20, false), ((int)told["PodMaxBackoffSeconds"]!, (bool)told["LeaderElection"]!["LeaderElect"]!));
    }
}
