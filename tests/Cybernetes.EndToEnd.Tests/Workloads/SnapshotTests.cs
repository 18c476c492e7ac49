using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Workloads;

/// <summary>A volume's snapshot, restored and cloned: real containers, real kubectl.</summary>
[Collection(ClusterFixture.Name)]
public sealed class SnapshotTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private const string Written = """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: writer}
        spec:
          terminationGracePeriodSeconds: 0
          containers:
          - name: write
            image: busybox:1.35
            command: [sh, -c, "echo old > /data/file; ln -s /etc/passwd /data/link; sleep 3600"]
            volumeMounts: [{name: data, mountPath: /data}]
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
        """;

    private const string Snapshot = """
        apiVersion: snapshot.storage.k8s.io/v1
        kind: VolumeSnapshot
        metadata: {name: snap}
        spec: {source: {persistentVolumeClaimName: data}}
        """;

    private const string Readers = """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: restored}
        spec:
          accessModes: [ReadWriteOnce]
          resources: {requests: {storage: 10Mi}}
          dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: snap}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: clone}
        spec:
          accessModes: [ReadWriteOnce]
          resources: {requests: {storage: 10Mi}}
          dataSourceRef: {kind: PersistentVolumeClaim, name: data}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: reader}
        spec:
          restartPolicy: Never
          containers:
          - name: read
            image: busybox:1.35
            command: [sh, -c, "cat /restored/file /clone/file; readlink /restored/link"]
            volumeMounts: [{name: restored, mountPath: /restored}, {name: clone, mountPath: /clone}]
          volumes:
          - {name: restored, persistentVolumeClaim: {claimName: restored}}
          - {name: clone, persistentVolumeClaim: {claimName: clone}}
        """;

    [ClusterFact]
    public async Task Snapshot_RestoredAfterTheVolumeHasChanged_HasWhatWasThere()
    {
        var kubectl = cluster.Kubectl().In(await cluster.CreateNamespaceAsync());
        await kubectl.OkWithInputAsync(Written, "apply", "-f", "-");
        await UntilAsync("the file is written", async () =>
            (await kubectl.RunAsync("exec", "writer", "--", "readlink", "/data/link")).Output == "/etc/passwd\n");

        await kubectl.OkWithInputAsync(Snapshot, "apply", "-f", "-");
        await kubectl.OkAsync("wait", "vs/snap", "--for=jsonpath={.status.readyToUse}=true", "--timeout=60s");
        await kubectl.OkAsync("exec", "writer", "--", "sh", "-c", "echo new > /data/file");
        var row = (await kubectl.OkAsync("get", "vs", "snap", "--no-headers")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["snap", "true", "data", "10Mi", "standard"], row[..5]);
        Assert.Equal("standard   cybernetes.io/local   Delete", string.Join("   ", (await kubectl.OkAsync("get", "vsclass", "--no-headers"))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[..3]));

        await kubectl.OkWithInputAsync(Readers, "apply", "-f", "-");
        await UntilAsync("the reader is done", async () =>
            await kubectl.OkAsync("get", "pod/reader", "-o", "jsonpath={.status.phase}") == "Succeeded");
        Assert.Equal("old\nnew\n/etc/passwd\n", await kubectl.OkAsync("logs", "reader"));

        await kubectl.OkAsync("delete", "vs/snap", "--timeout=60s");
        await UntilAsync("its content is gone", async () => await kubectl.OkAsync("get", "vsc", "-o", "name") == "");
    }

    private Task UntilAsync(string what, Func<Task<bool>> holds) => Until.TrueAsync(what, Limit, holds, cluster.Server.LogTail);
}
