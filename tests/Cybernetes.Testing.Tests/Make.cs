using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.Testing.Tests;

/// <summary>Objects for tests.</summary>
internal static class Make
{
    public static Pod Pod(string name, string cpu = "100m")
    {
        var pod = new Pod { Metadata = { Name = name, Namespace = "default" } };
        pod.Spec.Containers = [new() { Name = "main", Image = "busybox", Resources = { Requests = new() { ["cpu"] = Quantity.Parse(cpu) } } }];
        return pod;
    }

    public static Deployment Deployment(string name, int replicas)
    {
        var deployment = new Deployment { Metadata = { Name = name, Namespace = "default" } };
        deployment.Spec.Replicas = replicas;
        deployment.Spec.Selector = new() { MatchLabels = new() { ["app"] = name } };
        deployment.Spec.Template.Metadata.Labels = new() { ["app"] = name };
        deployment.Spec.Template.Spec = Pod(name).Spec;
        return deployment;
    }

    public static PodDisruptionBudget Budget(string app)
    {
        var budget = new PodDisruptionBudget { Metadata = { Name = app, Namespace = "default" } };
        budget.Spec.Selector = new() { MatchLabels = new() { ["app"] = app } };
        budget.Spec.MaxUnavailable = IntOrString.FromInt(1);
        return budget;
    }

    public static Service Service(string app)
    {
        var service = new Service { Metadata = { Name = app, Namespace = "default" } };
        service.Spec.Selector = new() { ["app"] = app };
        service.Spec.Ports = [new() { Port = 80 }];
        return service;
    }

    public static CronJob CronJob(string name, string schedule)
    {
        var cron = new CronJob { Metadata = { Name = name, Namespace = "default" } };
        cron.Spec.Schedule = schedule;
        cron.Spec.JobTemplate.Spec.Template.Spec.RestartPolicy = "Never";
        cron.Spec.JobTemplate.Spec.Template.Spec.Containers = [new() { Name = "work", Image = "busybox", Command = ["sleep", "60"] }];
        return cron;
    }
}
