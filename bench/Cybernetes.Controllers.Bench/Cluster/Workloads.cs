using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Bench.Cluster;

/// <summary>The objects that are put into the cluster.</summary>
internal static class Workloads
{
    private static readonly byte[] s_payload = Encoding.ASCII.GetBytes(new string('x', 400));

    public static Namespace Namespace(string name) => new() { Metadata = { Name = name } };

    public static Pod Pod(string ns, string name, string app, bool isGated = false)
    {
        var template = Template(app, "one");
        template.Spec.SchedulingGates = isGated ? [new() { Name = "bench.cybernetes.io/never" }] : null;
        return new() { Metadata = { Namespace = ns, Name = name, Labels = template.Metadata.Labels }, Spec = template.Spec };
    }

    public static Deployment Deployment(string ns, string name, int replicas, bool isGated = false)
    {
        var template = Template(name, "one");
        template.Spec.SchedulingGates = isGated ? [new() { Name = "bench.cybernetes.io/never" }] : null;
        return new()
        {
            Metadata = { Namespace = ns, Name = name, Labels = new() { ["app"] = name } },
            Spec = { Replicas = replicas, Selector = new() { MatchLabels = new() { ["app"] = name } }, Template = template },
        };
    }

    public static Service Service(string ns, string name, string app) => new()
    {
        Metadata = { Namespace = ns, Name = name, Labels = new() { ["app"] = app } },
        Spec = { Selector = new() { ["app"] = app, ["tier"] = "bench" }, Ports = [new() { Name = "http", Port = 80, Protocol = "TCP" }] },
    };

    public static ConfigMap ConfigMap(string ns, string name) => new()
    {
        Metadata = { Namespace = ns, Name = name, Labels = new() { ["app"] = "bench" } }, Data = new() { ["a"] = Encoding.ASCII.GetString(s_payload) },
    };

    public static Secret Secret(string ns, string name) => new()
    {
        Metadata = { Namespace = ns, Name = name, Labels = new() { ["app"] = "bench" } }, Type = "Opaque", Data = new() { ["a"] = s_payload },
    };

    public static PersistentVolumeClaim Claim(string ns, string name) => new()
    {
        Metadata = { Namespace = ns, Name = name },
        Spec = { AccessModes = ["ReadWriteOnce"], StorageClassName = "none", Resources = new() { Requests = new() { ["storage"] = Quantity.Parse("1Gi") } } },
    };

    private static PodTemplateSpec Template(string app, string version) => new()
    {
        Metadata = { Labels = new() { ["app"] = app, ["tier"] = "bench", ["version"] = version } },
        Spec =
        {
            Containers =
            [
                new()
                {
                    Name = "main", Image = "registry.example/web:" + version, Ports = [new() { ContainerPortValue = 80, Protocol = "TCP" }],
                    Resources = new() { Requests = new() { ["cpu"] = Quantity.Parse("10m"), ["memory"] = Quantity.Parse("16Mi") } },
                },
            ],
        },
    };
}
