using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.Simulator.Workload;

/// <summary>The objects that the workload makes, with what chance decides in them.</summary>
internal sealed class Manifests(IRandomSource chance, bool isRich)
{
    private const string StorageClass = "shelf";

    /// <summary>Pods of a workload: small enough for all of them to fit, sometimes slow to start or to stop.</summary>
    public PodTemplateSpec Template(string app, string version)
    {
        var template = new PodTemplateSpec { Metadata = { Labels = new() { ["app"] = app, ["tier"] = One("front", "back") } } };
        template.Metadata.Annotations = new() { ["version"] = version };
        if (Often(0.3))
            template.Metadata.Annotations["simulated.cybernetes.io/start-delay"] = One("2", "5", "20");
        if (Often(0.4))
            template.Metadata.Annotations["simulated.cybernetes.io/stop-delay"] = One("1", "10", "60");
        template.Spec = Spec();
        return template;
    }

    public PodSpec Spec() => new()
    {
        Containers =
        [
            new()
            {
                Name = "main", Image = "registry.local/app:1",
                Resources = { Requests = new()
                    { ["cpu"] = Quantity.Parse(One("50m", "100m", "250m")), ["memory"] = Quantity.Parse(One("64Mi", "128Mi")) } },
            },
        ],
    };

    public Deployment Deployment(string ns, string name)
    {
        var made = new Deployment { Metadata = { Namespace = ns, Name = name } };
        made.Spec.Replicas = chance.Next(6);
        made.Spec.Selector = new() { MatchLabels = new() { ["app"] = name } };
        made.Spec.Template = Template(name, "1");
        if (Often(0.2))
            made.Spec.Strategy = new() { Type = "Recreate" };
        if (Often(0.25))
            made.Spec.Template.Spec.TopologySpreadConstraints =
            [
                new() { MaxSkew = 1, TopologyKey = "topology.kubernetes.io/zone", WhenUnsatisfiable = One("ScheduleAnyway", "DoNotSchedule"),
                    LabelSelector = new() { MatchLabels = new() { ["app"] = name } } },
            ];
        if (Often(0.2))
            made.Spec.MinReadySeconds = 3;
        if (Often(isRich ? 0.2 : 0.1))
            made.Spec.Template.Spec.PriorityClassName = "urgent";
        return made;
    }

    public StatefulSet StatefulSet(string ns, string name)
    {
        var made = new StatefulSet { Metadata = { Namespace = ns, Name = name } };
        made.Spec.Replicas = chance.Next(4);
        made.Spec.ServiceName = name;
        made.Spec.Selector = new() { MatchLabels = new() { ["app"] = name } };
        made.Spec.Template = Template(name, "1");
        made.Spec.PodManagementPolicy = One("OrderedReady", "OrderedReady", "Parallel");
        if (isRich && Often(0.6))
            AddClaims(made);
        return made;
    }

    /// <summary>A volume that any claim of the workload may have.</summary>
    public static PersistentVolume Volume(string name) => new()
    {
        Metadata = { Name = name },
        Spec =
        {
            AccessModes = ["ReadWriteOnce"], Capacity = new() { ["storage"] = Quantity.Parse("1Gi") }, StorageClassName = StorageClass,
            PersistentVolumeReclaimPolicy = "Retain", HostPath = new() { Path = "/volumes/" + name },
        },
    };

    /// <summary>Takes what room there is; everything else goes before it.</summary>
    public Deployment Ballast(string ns, string name)
    {
        var made = Deployment(ns, name);
        made.Spec.Replicas = 8 + chance.Next(16);
        made.Spec.Template.Spec.PriorityClassName = "ballast";
        made.Spec.Template.Spec.Containers![0].Resources.Requests!["cpu"] = Quantity.Parse(One("500m", "900m", "1500m"));
        return made;
    }

    public DaemonSet DaemonSet(string ns, string name)
    {
        var made = new DaemonSet { Metadata = { Namespace = ns, Name = name } };
        made.Spec.Selector = new() { MatchLabels = new() { ["app"] = name } };
        made.Spec.Template = Template(name, "1");
        return made;
    }

    public Job Job(string ns, string name)
    {
        var made = new Job { Metadata = { Namespace = ns, Name = name }, Spec = JobSpec(name) };
        made.Spec.Completions = 1 + chance.Next(5);
        made.Spec.Parallelism = 1 + chance.Next(3);
        if (Often(0.3))
            made.Spec.CompletionMode = "Indexed";
        if (Often(0.3))
            made.Spec.TTLSecondsAfterFinished = 30;
        return made;
    }

    public CronJob CronJob(string ns, string name)
    {
        var made = new CronJob { Metadata = { Namespace = ns, Name = name } };
        made.Spec.Schedule = One("* * * * *", "*/2 * * * *");
        made.Spec.ConcurrencyPolicy = One("Allow", "Forbid", "Replace");
        made.Spec.JobTemplate.Spec = JobSpec(name);
        return made;
    }

    public static Service Service(string ns, string app) => new()
    {
        Metadata = { Namespace = ns, Name = app },
        Spec = { Selector = new() { ["app"] = app }, Ports = [new() { Port = 80, TargetPort = 8080 }] },
    };

    public PodDisruptionBudget Budget(string ns, string app)
    {
        var made = new PodDisruptionBudget { Metadata = { Namespace = ns, Name = app } };
        made.Spec.Selector = new() { MatchLabels = new() { ["app"] = app } };
        if (Often(0.5))
            made.Spec.MaxUnavailable = 1;
        else
            made.Spec.MinAvailable = 1 + chance.Next(2);
        return made;
    }

    public ResourceQuota Quota(string ns)
    {
        var made = new ResourceQuota { Metadata = { Namespace = ns, Name = "limit" } };
        made.Spec.Hard = new() { ["pods"] = Quantity.FromInt64(4 + chance.Next(12)) };
        if (Often(0.5))
            made.Spec.Hard["requests.cpu"] = Quantity.FromMilli(500 + (100 * chance.Next(15)));
        return made;
    }

    private void AddClaims(StatefulSet set)
    {
        set.Spec.VolumeClaimTemplates =
        [
            new()
            {
                Metadata = { Name = "data" },
                Spec =
                {
                    AccessModes = ["ReadWriteOnce"], StorageClassName = StorageClass,
                    Resources = { Requests = new() { ["storage"] = Quantity.Parse("1Gi") } },
                },
            },
        ];
        set.Spec.Template.Spec.Containers![0].VolumeMounts = [new() { Name = "data", MountPath = "/data" }];
        set.Spec.PersistentVolumeClaimRetentionPolicy = new() { WhenDeleted = One("Delete", "Retain"), WhenScaled = One("Delete", "Retain") };
    }

    private JobSpec JobSpec(string name)
    {
        var template = new PodTemplateSpec { Metadata = { Labels = new() { ["app"] = name } }, Spec = Spec() };
        template.Spec.RestartPolicy = One("Never", "OnFailure");
        template.Metadata.Annotations = new() { ["simulated.cybernetes.io/run-for"] = One("1", "5", "30", "90") };
        if (Often(0.15))
            template.Metadata.Annotations["simulated.cybernetes.io/exit-code"] = "1";
        return new() { Template = template, BackoffLimit = chance.Next(3) };
    }

    private string One(params string[] choices) => choices[chance.Next(choices.Length)];

    private bool Often(double share) => chance.NextDouble() < share;
}
