using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

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
}
