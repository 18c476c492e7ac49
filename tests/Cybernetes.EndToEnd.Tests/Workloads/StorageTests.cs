using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Workloads;

/// <summary>Pods that keep data, and nodes that are emptied: real containers, real kubectl.</summary>
public sealed class StorageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private const string Static = """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: disk}
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteOnce]
          storageClassName: manual
          hostPath: {path: "FOLDER/disk", type: DirectoryOrCreate}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec:
          accessModes: [ReadWriteOnce]
          storageClassName: manual
          resources: {requests: {storage: 500Mi}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: writer}
        spec:
          restartPolicy: Never
          containers:
          - name: write
            image: busybox:1.35
            command: [sh, -c, "echo kept > /data/file"]
            volumeMounts: [{name: data, mountPath: /data}]
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
        """;

    private const string Stateful = """
        apiVersion: v1
        kind: Service
        metadata: {name: db}
        spec: {clusterIP: None, selector: {app: db}, ports: [{port: 80}]}
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: db}
        spec:
          serviceName: db
          replicas: 1
          selector: {matchLabels: {app: db}}
          template:
            metadata: {labels: {app: db}}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - name: db
                image: busybox:1.35
                command: [sh, -c, "cat /data/starts; echo start >> /data/starts; sleep 3600"]
                volumeMounts: [{name: data, mountPath: /data}]
          volumeClaimTemplates:
          - metadata: {name: data}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
        """;

    private const string Budget = """
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: {name: web}
        spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
        """;

    [ClusterFact]
    public async Task Volumes_StaticAndOfTheDefaultClass_KeepWhatPodsWrite()
    {
        await using var cluster = await ClusterFixture.CreateAsync();
        var kubectl = cluster.Kubectl();

        await kubectl.OkWithInputAsync(Static.Replace("FOLDER", cluster.Node.Folder, StringComparison.Ordinal), "apply", "-f", "-");
        await UntilAsync(cluster, "the writer is done", async () => await FieldAsync(kubectl, "pod/writer", "{.status.phase}") == "Succeeded");
        Assert.Equal("kept\n", await File.ReadAllTextAsync(cluster.Node.Folder + "/disk/file"));
        Assert.Equal("Bound disk", await FieldAsync(kubectl, "pvc/data", "{.status.phase} {.spec.volumeName}"));
        await kubectl.OkAsync("delete", "pod/writer", "pvc/data");
        await UntilAsync(cluster, "the volume is released", async () => await FieldAsync(kubectl, "pv/disk", "{.status.phase}") == "Released");

        await kubectl.OkWithInputAsync(Stateful, "apply", "-f", "-");
        await kubectl.OkAsync("rollout", "status", "statefulset/db", "--timeout=180s");
        await kubectl.OkAsync("delete", "pod", "db-0");
        await kubectl.OkAsync("rollout", "status", "statefulset/db", "--timeout=180s");
        await UntilAsync(cluster, "the next pod finds the data", async () => (await kubectl.RunAsync("logs", "db-0")).Output == "start\n");
        var volume = await FieldAsync(kubectl, "pvc/data-db-0", "{.spec.volumeName}");
        var path = await FieldAsync(kubectl, "pv/" + volume, "{.spec.local.path}");
        Assert.True(Directory.Exists(path), path);
        await kubectl.OkAsync("delete", "statefulset/db", "pvc/data-db-0");
        await UntilAsync(cluster, "the volume is gone", async () => await kubectl.OkAsync("get", "pv", "-o", "name") == "persistentvolume/disk\n");
        Assert.False(Directory.Exists(path), path);
    }

    [ClusterFact]
    public async Task Drain_WithABudget_StopsAtItAndGoesOnWithoutIt()
    {
        await using var cluster = await ClusterFixture.CreateAsync();
        var kubectl = cluster.Kubectl();
        await kubectl.OkAsync("create", "deployment", "web", "--image=kuard:1", "--replicas=3");
        await kubectl.OkWithInputAsync(Budget, "apply", "-f", "-");
        await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=180s");
        await UntilAsync(cluster, "a disruption is allowed", async () => await FieldAsync(kubectl, "pdb/web", "{.status.disruptionsAllowed}") == "1");

        // One node: what is evicted has nowhere to go, so the budget lets one go and holds the others.
        var held = await kubectl.RunAsync("drain", "node-1", "--timeout=8s");
        Assert.NotEqual(0, held.ExitCode);
        Assert.Contains("Cannot evict pod as it would violate the pod's disruption budget.", held.Error);
        Assert.Equal("2 2", await FieldAsync(kubectl, "pdb/web", "{.status.currentHealthy} {.status.desiredHealthy}"));

        await kubectl.OkAsync("delete", "pdb", "web");
        Assert.Contains("node/node-1 drained", await kubectl.OkAsync("drain", "node-1", "--timeout=180s"));
        await kubectl.OkAsync("uncordon", "node-1");
        await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=180s");
    }

    private static Task<string> FieldAsync(Kubectl kubectl, string what, string path) => kubectl.OkAsync("get", what, "-o", "jsonpath=" + path);

    private static Task UntilAsync(ClusterFixture cluster, string what, Func<Task<bool>> holds) =>
        Until.TrueAsync(what, Limit, holds, cluster.Server.LogTail);
}
