using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Clients;

/// <summary>kubectl's commands for workloads of every kind, against the real controllers and nodes that only say what kubelets say.</summary>
public sealed class KubectlControllerTests(ControllersFixture controllers) : IClassFixture<ControllersFixture>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private const string Template = """
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: web, image: "web:1"}]
        """;

    private const string DaemonSet = """
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: {name: web}
        spec:

        """ + Template;

    private const string StatefulSet = """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: web}
        spec:
          replicas: 3
          serviceName: web

        """ + Template;

    private const string Deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 3

        """ + Template;

    public static TheoryData<string> Versions => KubectlVersions.Tried();

    public static TheoryData<string, string> Kinds
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var version in KubectlVersions.Tried())
            {
                foreach (var kind in (string[])["deployment", "daemonset", "statefulset"])
                    data.Add(version.Data, kind);
            }
            return data;
        }
    }

    private static string Yaml(string kind) => kind switch { "deployment" => Deployment, "daemonset" => DaemonSet, _ => StatefulSet };

    private static Task<string> ImageAsync(Kubectl kubectl, string kind) =>
        kubectl.OkAsync("get", kind, "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}");

    private static Task<string> PodsAsync(Kubectl kubectl) => kubectl.OkAsync("get", "pods", "-o", "name");

    [ClusterTheory, MemberData(nameof(Kinds))]
    public async Task Rollout_StatusHistoryUndoRestart_WorkOnAllKinds(string version, string kind)
    {
        var kubectl = await controllers.KubectlAsync(version);
        await kubectl.OkWithInputAsync(Yaml(kind), "apply", "-f", "-");
        await kubectl.OkAsync("rollout", "status", kind + "/web", "--timeout=180s");
        await kubectl.OkAsync("set", "image", kind + "/web", "web=web:2");
        var rolled = await kubectl.OkAsync("rollout", "status", kind + "/web", "--timeout=180s");
        var history = await kubectl.OkAsync("rollout", "history", kind + "/web");
        var first = await kubectl.OkAsync("rollout", "history", kind + "/web", "--revision=1");
        var undone = await kubectl.OkAsync("rollout", "undo", kind + "/web");
        await kubectl.OkAsync("rollout", "status", kind + "/web", "--timeout=180s");
        var image = await ImageAsync(kubectl, kind);
        await kubectl.OkAsync("rollout", "undo", kind + "/web", "--to-revision=2");
        await kubectl.OkAsync("rollout", "status", kind + "/web", "--timeout=180s");
        await kubectl.OkAsync("rollout", "restart", kind + "/web");
        await kubectl.OkAsync("rollout", "status", kind + "/web", "--timeout=180s");

        Assert.Contains(kind switch { "daemonset" => "successfully rolled out", "statefulset" => "complete", _ => "successfully rolled out" }, rolled);
        Assert.Matches("(?m)^1 +<none>", history);
        Assert.Matches("(?m)^2 +<none>", history);
        Assert.Contains("web:1", first);
        Assert.Equal($"{kind}.apps/web rolled back\n", undone);
        Assert.Equal("web:1", image);
        Assert.Equal("web:2", await ImageAsync(kubectl, kind));
        var images = await kubectl.OkAsync("get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}");
        Assert.Equal(kind == "daemonset" ? "web:2 web:2" : "web:2 web:2 web:2", images);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Rollout_PauseAndResume_HoldsTheTemplateBack(string version)
    {
        var kubectl = await controllers.KubectlAsync(version);
        await kubectl.OkWithInputAsync(Deployment, "apply", "-f", "-");
        await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=180s");

        await kubectl.OkAsync("rollout", "pause", "deployment/web");
        await kubectl.OkAsync("set", "image", "deployment/web", "web=web:2");
        await kubectl.OkAsync("scale", "deployment/web", "--replicas=2");
        await Until.TrueAsync("two pods are left", Limit, async () => (await PodsAsync(kubectl)).Split('\n').Length == 3, controllers.Server.LogTail);
        var held = await kubectl.OkAsync("get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}");
        await kubectl.OkAsync("rollout", "resume", "deployment/web");
        await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=180s");

        Assert.Equal("web:1 web:1", held);
        Assert.Equal("web:2 web:2", await kubectl.OkAsync("get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}"));
    }

    [ClusterTheory, MemberData(nameof(Kinds))]
    public async Task Delete_EachCascade_TakesOrLeavesThePods(string version, string kind)
    {
        var kubectl = await controllers.KubectlAsync(version);
        foreach (var cascade in (string[])["background", "foreground"])
        {
            await kubectl.OkWithInputAsync(Yaml(kind), "apply", "-f", "-");
            await kubectl.OkAsync("rollout", "status", kind + "/web", "--timeout=180s");
            await kubectl.OkAsync("delete", kind, "web", "--cascade=" + (version == "1.20" && cascade == "background" ? "true" : cascade));
            await Until.TrueAsync("no pod is left", Limit, async () => await PodsAsync(kubectl) == "", controllers.Server.LogTail);
        }
        await kubectl.OkWithInputAsync(Yaml(kind), "apply", "-f", "-");
        await kubectl.OkAsync("rollout", "status", kind + "/web", "--timeout=180s");
        var before = await PodsAsync(kubectl);
        await kubectl.OkAsync("delete", kind, "web", "--cascade=orphan");

        Assert.Equal(before, await PodsAsync(kubectl));
        await kubectl.OkWithInputAsync(Yaml(kind), "apply", "-f", "-");
        await kubectl.OkAsync("rollout", "status", kind + "/web", "--timeout=180s");
        Assert.Equal(before, await PodsAsync(kubectl));
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Scale_StatefulSetAndController_Follow(string version)
    {
        var kubectl = await controllers.KubectlAsync(version);
        await kubectl.OkWithInputAsync(StatefulSet, "apply", "-f", "-");
        await kubectl.OkAsync("rollout", "status", "statefulset/web", "--timeout=180s");
        await kubectl.OkAsync("scale", "statefulset/web", "--replicas=1");
        await Until.TrueAsync("one is left", Limit, async () => await PodsAsync(kubectl) == "pod/web-0\n", controllers.Server.LogTail);
        await kubectl.OkWithInputAsync("""
            apiVersion: v1
            kind: ReplicationController
            metadata: {name: old}
            spec:
              replicas: 1
              template: {metadata: {labels: {app: old}}, spec: {containers: [{name: web, image: "web:1"}]}}
            """, "create", "-f", "-");
        await kubectl.OkAsync("scale", "rc/old", "--replicas=2");

        await Until.TrueAsync("two are ready", Limit,
            async () => await kubectl.OkAsync("get", "rc", "old", "-o", "jsonpath={.status.readyReplicas}") == "2", controllers.Server.LogTail);
        Assert.Matches("(?m)^web +1/1 ", await kubectl.OkAsync("get", "statefulset", "web"));
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task CreateJob_FromCronJob_RunsAndIsWaitedFor(string version)
    {
        var kubectl = await controllers.KubectlAsync(version);
        await kubectl.OkAsync("create", "cronjob", "nightly", "--image=exit:0", "--schedule=0 0 1 1 *");
        // kubectl 1.20 knows cron jobs of batch/v1beta1 only, and gives up on any server that prefers batch/v1.
        var source = version == "1.20" ? "--image=exit:0" : "--from=cronjob/nightly";
        var said = await kubectl.OkAsync("create", "job", "now", source);
        await kubectl.OkAsync("wait", "--for=condition=complete", "job/now", "--timeout=180s");
        await kubectl.OkAsync("create", "job", "broken", "--image=exit:3");
        await kubectl.OkAsync("patch", "job", "broken", "--type=merge", "-p", """{"spec":{"activeDeadlineSeconds":1}}""");
        await kubectl.OkAsync("wait", "--for=condition=failed", "job/broken", "--timeout=180s");

        Assert.Equal("job.batch/now created\n", said);
        Assert.Matches("(?m)^now .*1/1", await kubectl.OkAsync("get", "job", "now"));
        Assert.Contains("1 Succeeded", await kubectl.OkAsync("describe", "job", "now"));
        await kubectl.OkAsync("delete", "job", "now");
        await Until.TrueAsync("its pod is gone", Limit,
            async () => await kubectl.OkAsync("get", "pods", "-l", "job-name=now", "-o", "name") == "", controllers.Server.LogTail);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Autoscale_BelowItsMinimum_ScalesAndSaysWhatItLacks(string version)
    {
        var kubectl = await controllers.KubectlAsync(version);
        await kubectl.OkWithInputAsync(Deployment.Replace("replicas: 3", "replicas: 1", StringComparison.Ordinal), "apply", "-f", "-");
        await kubectl.OkAsync("autoscale", "deployment", "web", "--min=2", "--max=4", "--cpu-percent=50");

        await Until.TrueAsync("two pods are ready", Limit,
            async () => await kubectl.OkAsync("get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}") == "2", controllers.Server.LogTail);
        await Until.TrueAsync("the event is there", Limit,
            async () => (await kubectl.OkAsync("get", "events")).Contains("New size: 2; reason: Current number of replicas below Spec.MinReplicas"),
            controllers.Server.LogTail);
    }
}
