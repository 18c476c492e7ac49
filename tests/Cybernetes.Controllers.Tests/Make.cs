using Cybernetes.Controllers.Deployments;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests;

/// <summary>Objects as the API server would give them, small.</summary>
internal static class Make
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Deployment Deployment(int replicas, string surge = "25%", string unavailable = "25%", string image = "web:1") => new()
    {
        Metadata = { Name = "web", Namespace = "default", UID = "d-1", Generation = 1, ResourceVersion = "1" },
        Spec =
        {
            Replicas = replicas,
            Selector = new() { MatchLabels = new() { ["app"] = "web" } },
            Template = Template(image),
            Strategy = { Type = "RollingUpdate", RollingUpdate = new() { MaxSurge = Amount(surge), MaxUnavailable = Amount(unavailable) } },
            RevisionHistoryLimit = 10,
            ProgressDeadlineSeconds = 600,
        },
    };

    public static PodTemplateSpec Template(string image) => new()
    {
        Metadata = { Labels = new() { ["app"] = "web" } },
        Spec = { Containers = [new() { Name = "web", Image = image }] },
    };

    public static IntOrString Amount(string text) => int.TryParse(text, out var number) ? number : IntOrString.FromString(text);

    public static ReplicaSet Set(
        Deployment deployment, string image, int replicas, int available = -1, int ageSeconds = 0, long revision = 0, int desired = -1)
    {
        var template = Template(image);
        var hash = TemplateHash.Of(template, null);
        template.Metadata.Labels![TemplateHash.Label] = hash;
        var made = new ReplicaSet
        {
            Metadata =
            {
                Name = "web-" + hash, Namespace = "default", UID = "rs-" + image, ResourceVersion = "1", Generation = 1,
                CreationTimestamp = Start.AddSeconds(-ageSeconds),
                OwnerReferences = [OwnerReferences.ToController(deployment)], Labels = template.Metadata.Labels,
            },
            Spec = { Replicas = replicas, Template = template, Selector = new() { MatchLabels = template.Metadata.Labels } },
        };
        available = available < 0 ? replicas : available;
        made.Status = new()
        {
            Replicas = replicas, ReadyReplicas = available, AvailableReplicas = available, ObservedGeneration = 1, TerminatingReplicas = 0,
        };
        desired = desired < 0 ? deployment.Spec.Replicas ?? 1 : desired;
        Revisions.SetReplicas(made, desired, desired + Rollout.MaxSurge(deployment));
        if (revision > 0)
            Revisions.Set(made.Metadata, Revisions.Revision, revision.ToString());
        return made;
    }

    public static Pod Pod(string name, bool ready = true, string node = "node-1", string ip = "10.1.0.1", int readySeconds = 100)
    {
        var pod = new Pod
        {
            Metadata =
            {
                Name = name, Namespace = "default", UID = "uid-" + name, Labels = new() { ["app"] = "web" },
                CreationTimestamp = Start.AddSeconds(-readySeconds),
            },
            Spec = { NodeName = node, Containers = [new() { Name = "web", Ports = [new() { Name = "http", ContainerPortValue = 8080, Protocol = "TCP" }] }] },
            Status = { Phase = "Running", PodIP = ip, PodIPs = ip.Length == 0 ? null : [new() { IP = ip }] },
        };
        pod.Status.Conditions = [new() { Type = "Ready", Status = ready ? "True" : "False", LastTransitionTime = Start.AddSeconds(-readySeconds) }];
        return pod;
    }

    public static T With<T>(this T value, Action<T> change) where T : class
    {
        change(value);
        return value;
    }

    public static Service Service(string clusterIp = "10.96.0.10", params ServicePort[] ports) => new()
    {
        Metadata = { Name = "web", Namespace = "default", UID = "s-1", Labels = new() { ["tier"] = "front" } },
        Spec =
        {
            ClusterIP = clusterIp, IPFamilies = ["IPv4"], Selector = new() { ["app"] = "web" },
            Ports = ports.Length == 0 ? [new() { Port = 80, Protocol = "TCP", TargetPort = 8080 }] : [.. ports],
        },
    };

    public static ClusterNode Node(string name, string ready = "True", params Taint[] taints) => new()
    {
        Metadata = { Name = name, UID = "uid-" + name, CreationTimestamp = Start },
        Spec = { Taints = taints.Length == 0 ? null : [.. taints] },
        Status = { Conditions = ready.Length == 0 ? null : [new() { Type = "Ready", Status = ready, LastHeartbeatTime = Start }] },
    };

    public static OwnerReference Owner(string uid, bool blocks = false, string kind = "ReplicaSet", string name = "web") =>
        new() { APIVersion = "apps/v1", Kind = kind, Name = name, UID = uid, BlockOwnerDeletion = blocks, Controller = true };
}
