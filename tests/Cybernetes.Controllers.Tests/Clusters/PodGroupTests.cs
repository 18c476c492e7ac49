using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Scheduling.V1alpha2;
using Cybernetes.Testing;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Pod groups: made for jobs, and kept while their pods are there (alpha).</summary>
public sealed class PodGroupTests
{
    private static Task<TestCluster> StartAsync(string gates = "GenericWorkload=true,WorkloadWithJob=true") => TestCluster.StartAsync(new()
    {
        Time = new VirtualTimeProvider(), Controllers = ["job-controller", "podgroup-protection-controller", "garbage-collector-controller"],
        FeatureGates = gates, RuntimeConfig = "scheduling.k8s.io/v1alpha2=true",
    });

    private static Job Job() => new()
    {
        Metadata = { Namespace = "default", Name = "sum" },
        Spec =
        {
            Completions = 3, Parallelism = 3, CompletionMode = "Indexed",
            Template = new() { Spec = { RestartPolicy = "Never", Containers = [new() { Name = "web", Image = "web:1" }] } },
        },
    };

    [Fact]
    public async Task Job_WhosePodsAllRunAtOnce_GetsItsWorkloadAndGroup()
    {
        await using var cluster = await StartAsync();
        var job = await cluster.Client.For<Job>().CreateAsync(Job());
        var pods = await cluster.UntilAsync<Pod>("default", all => all.Count == 3);

        var workload = (await cluster.UntilAsync<Workload>("default", all => all.Count == 1))[0];
        var group = (await cluster.UntilAsync<PodGroup>("default", all => all.Count == 1))[0];
        Assert.Equal(("Job", "sum", 3), (workload.Spec.ControllerRef!.Kind, workload.Spec.ControllerRef.Name,
            workload.Spec.PodGroupTemplates![0].SchedulingPolicy.Gang!.MinCount));
        Assert.Equal((workload.Metadata.Name, "sum-pgt-0", 3), (group.Spec.PodGroupTemplateRef!.Workload!.WorkloadName,
            group.Spec.PodGroupTemplateRef.Workload.PodGroupTemplateName, group.Spec.SchedulingPolicy.Gang!.MinCount));
        Assert.Equal([job.Metadata.UID, workload.Metadata.UID], group.Metadata.OwnerReferences!.Select(o => o.UID));
        Assert.All(pods, p => Assert.Equal(group.Metadata.Name, p.Spec.SchedulingGroup!.PodGroupName));
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "WorkloadCreated"));
    }

    [Fact]
    public async Task Job_WithoutTheGate_GetsNoGroup()
    {
        await using var cluster = await StartAsync("GenericWorkload=true");
        await cluster.Client.For<Job>().CreateAsync(Job());
        var pods = await cluster.UntilAsync<Pod>("default", all => all.Count == 3);
        Assert.All(pods, p => Assert.Null(p.Spec.SchedulingGroup));
        Assert.Empty((await cluster.Client.For<Workload>().ListAllAsync("default")).Items);
    }

    [Fact]
    public async Task Group_Deleted_StaysUntilItsLastPodIsOver()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.For<PodGroup>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "crew" }, Spec = { SchedulingPolicy = { Gang = new() { MinCount = 1 } } },
        });
        var pod = await cluster.Client.For<Pod>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "hand" },
            Spec = { NodeName = "node-1", Containers = [new() { Name = "main", Image = "web:1" }], SchedulingGroup = new() { PodGroupName = "crew" } },
        });
        await cluster.Client.For<PodGroup>().DeleteAsync("default", "crew");
        await cluster.Time.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.NotNull((await cluster.Client.For<PodGroup>().GetAsync("default", "crew")).Metadata.DeletionTimestamp);

        pod.Status.Phase = PodPhase.Succeeded;
        await cluster.Client.For<Pod>().UpdateStatusAsync(pod);
        await cluster.UntilGoneAsync<PodGroup>("default", "crew");
    }
}
