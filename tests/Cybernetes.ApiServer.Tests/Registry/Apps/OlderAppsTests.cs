using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.ApiServer.Registry.Batch;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Apps;

/// <summary>Defaults and conversions of the workloads' older versions; and the same over HTTP.</summary>
public sealed class OlderAppsTests
{
    private const string Template = """ "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}} """;
    private const string Name = """ "metadata":{"name":"web","namespace":"default"} """;

    private static readonly (string Path, string Yaml)[] s_course =
    [
        ("/api/v1/namespaces/default/replicationcontrollers", """
            apiVersion: v1
            kind: ReplicationController
            metadata:
              name: frontend
            spec:
              replicas: 3
              template:
                metadata:
                  labels: {app: guestbook, tier: frontend}
                spec:
                  containers:
                  - name: php-redis
                    image: gcr.io/google_samples/gb-frontend:v3
                    ports: [{containerPort: 80}]
            """),
        ("/apis/extensions/v1beta1/namespaces/default/daemonsets", """
            apiVersion: extensions/v1beta1
            kind: DaemonSet
            metadata:
              name: fluentd
            spec:
              template:
                metadata:
                  labels: {name: fluentd}
                spec:
                  containers:
                  - name: fluentd
                    image: gcr.io/google-containers/fluentd-elasticsearch:1.20
                  terminationGracePeriodSeconds: 30
            """),
        ("/apis/apps/v1beta1/namespaces/default/statefulsets", """
            apiVersion: apps/v1beta1
            kind: StatefulSet
            metadata:
              name: web
            spec:
              serviceName: nginx
              replicas: 2
              template:
                metadata:
                  labels: {app: nginx}
                spec:
                  containers:
                  - name: nginx
                    image: nginx
                    volumeMounts: [{name: www, mountPath: /usr/share/nginx/html}]
              volumeClaimTemplates:
              - metadata:
                  name: www
                spec:
                  accessModes: [ReadWriteOnce]
                  resources: {requests: {storage: 1Gi}}
            """),
        ("/apis/batch/v1beta1/namespaces/default/cronjobs", """
            apiVersion: batch/v1beta1
            kind: CronJob
            metadata:
              name: hello
            spec:
              schedule: "*/1 * * * *"
              jobTemplate:
                spec:
                  template:
                    spec:
                      containers: [{name: hello, image: busybox}]
                      restartPolicy: OnFailure
            """),
    ];

    [Theory]
    [InlineData("extensions/v1beta1", "1", "1", int.MaxValue, int.MaxValue)]
    [InlineData("apps/v1beta1", "25%", "25%", 2, 600)]
    public void Deployment_OfOlderVersion_GetsItsDefaults(string version, string unavailable, string surge, int history, int deadline)
    {
        var deployment = (Deployment)Stored(new DeploymentKind(), version, $$"""{ {{Name}}, "spec":{ {{Template}} } }""");
        Assert.Equal("web", deployment.Spec.Selector!.MatchLabels!["app"]);
        Assert.Equal("web", deployment.Metadata.Labels!["app"]);
        Assert.Equal(1, deployment.Spec.Replicas);
        Assert.Equal((unavailable, surge), (deployment.Spec.Strategy.RollingUpdate!.MaxUnavailable.ToString(), deployment.Spec.Strategy.RollingUpdate.MaxSurge.ToString()));
        Assert.Equal((history, deadline), (deployment.Spec.RevisionHistoryLimit, deployment.Spec.ProgressDeadlineSeconds));
    }

    [Fact]
    public void Deployment_OfBeta2_GetsNoSelector()
    {
        var deployment = (Deployment)Stored(new DeploymentKind(), "apps/v1beta2", $$"""{ {{Name}}, "spec":{ {{Template}} } }""");
        Assert.Null(deployment.Spec.Selector);
        Assert.Equal(10, deployment.Spec.RevisionHistoryLimit);
    }

    [Theory]
    [InlineData("extensions/v1beta1")]
    [InlineData("apps/v1beta1")]
    public void RollbackTo_ThereAndBack_LivesInAnAnnotation(string version)
    {
        var kind = new DeploymentKind();
        var stored = Stored(kind, version, $$"""{ {{Name}}, "spec":{ {{Template}}, "rollbackTo":{"revision":3} } }""");
        Assert.Equal("3", stored.Metadata.Annotations![OlderApps.RollbackTo]);
        var served = Served(kind, version, stored);
        Assert.Contains("\"rollbackTo\":{\"revision\":3}", served, StringComparison.Ordinal);
        Assert.DoesNotContain("annotations", served, StringComparison.Ordinal);
    }

    [Fact]
    public void DaemonSet_OfExtensions_KeepsItsWays()
    {
        var kind = new DaemonSetKind();
        var set = (DaemonSet)Stored(kind, "extensions/v1beta1", $$"""{ {{Name}}, "spec":{ {{Template}}, "templateGeneration":5 } }""");
        Assert.Equal("OnDelete", set.Spec.UpdateStrategy.Type);
        Assert.Equal("web", set.Spec.Selector!.MatchLabels!["app"]);
        Assert.Equal("5", set.Metadata.Annotations![DaemonSetKind.TemplateGeneration]);
        var served = Served(kind, "extensions/v1beta1", set);
        Assert.Contains("\"templateGeneration\":5", served, StringComparison.Ordinal);
        Assert.DoesNotContain("annotations", served, StringComparison.Ordinal);
    }

    [Fact]
    public void StatefulSet_OfBeta1_IsUpdatedOnDelete()
    {
        var set = (StatefulSet)Stored(new StatefulSetKind(), "apps/v1beta1", $$"""{ {{Name}}, "spec":{ {{Template}} } }""");
        Assert.Equal("OnDelete", set.Spec.UpdateStrategy.Type);
        Assert.Null(set.Spec.UpdateStrategy.RollingUpdate);
        Assert.Equal("web", set.Spec.Selector!.MatchLabels!["app"]);
        Assert.Equal("RollingUpdate", ((StatefulSet)Stored(new StatefulSetKind(), "apps/v1beta2", $$"""{ {{Name}}, "spec":{ {{Template}} } }""")).Spec.UpdateStrategy.Type);
    }

    [Fact]
    public void Warnings_OfOlderVersions_AreUpstreams()
    {
        string[] expected =
        [
            "apps/v1beta2 Deployment is deprecated in v1.9+, unavailable in v1.16+; use apps/v1 Deployment",
            "apps/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment",
            "extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment",
        ];
        Assert.Equal(expected, new DeploymentKind().Served.Skip(1).Select(v => v.DeprecationWarning));
        Assert.Equal(
            "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob",
            new CronJobKind().Served[1].DeprecationWarning);
    }

    [Fact]
    public async Task Deployment_OfExtensionsOverHttp_IsReadInBothForms()
    {
        await using var server = await ServerFixture.StartAsync();
        const string old = "/apis/extensions/v1beta1/namespaces/default/deployments";
        var created = await server.SendAsync("POST", old, $$"""{"apiVersion":"extensions/v1beta1","kind":"Deployment",{{Name}}, "spec":{ {{Template}} } }""");
        Assert.Equal((201, "extensions/v1beta1", "2147483647"), (created.Code, created.At("apiVersion"), created.At("spec.progressDeadlineSeconds")));
        var now = await server.GetAsync("/apis/apps/v1/namespaces/default/deployments/web");
        Assert.Equal(("apps/v1", "web", "1"), (now.At("apiVersion"), now.At("spec.selector.matchLabels.app"), now.At("spec.strategy.rollingUpdate.maxSurge")));

        var scale = await server.GetAsync(old + "/web/scale");
        Assert.Equal(("extensions/v1beta1", "Scale", "1"), (scale.At("apiVersion"), scale.At("kind"), scale.At("spec.replicas")));
        Assert.Equal(("web", "app=web"), (scale.At("status.selector.app"), scale.At("status.targetSelector")));
        var scaled = await server.SendAsync("PUT", old + "/web/scale", scale.Text.Replace("\"replicas\":1", "\"replicas\":4", StringComparison.Ordinal));
        Assert.Equal((200, "4"), (scaled.Code, scaled.At("spec.replicas")));
        var newer = await server.GetAsync("/apis/apps/v1/namespaces/default/deployments/web/scale");
        Assert.Equal(("autoscaling/v1", "4", "app=web"), (newer.At("apiVersion"), newer.At("spec.replicas"), newer.At("status.selector")));
        Assert.Equal("apps/v1beta2", (await server.GetAsync("/apis/apps/v1beta2/namespaces/default/deployments/web/scale")).At("apiVersion"));
    }

    [Fact]
    public async Task Rollback_OverHttp_NotesTheRevision()
    {
        await using var server = await ServerFixture.StartAsync();
        const string old = "/apis/extensions/v1beta1/namespaces/default/deployments";
        await server.SendAsync("POST", old, $$"""{"apiVersion":"extensions/v1beta1","kind":"Deployment",{{Name}}, "spec":{ {{Template}} } }""");
        var done = await server.SendAsync("POST", old + "/web/rollback", """{"apiVersion":"extensions/v1beta1","kind":"DeploymentRollback","name":"web","updatedAnnotations":{"why":"broken"},"rollbackTo":{"revision":2}}""");
        Assert.Equal((201, "rollback request for deployment \"web\" succeeded"), (done.Code, done.At("message")));
        var deployment = await server.GetAsync(old + "/web");
        Assert.Equal(("2", "broken"), (deployment.At("spec.rollbackTo.revision"), deployment.At("metadata.annotations.why")));
        var bad = await server.SendAsync("POST", old + "/web/rollback", """{"apiVersion":"extensions/v1beta1","kind":"DeploymentRollback"}""");
        Assert.Equal((422, "DeploymentRollback.apps \"\" is invalid: name: Required value: name is required"), (bad.Code, bad.Message));
        Assert.Equal(404, (await server.SendAsync("POST", "/apis/apps/v1/namespaces/default/deployments/web/rollback", "{}")).Code);
    }

    [Theory]
    [InlineData("soon", 400, "strconv.ParseInt: parsing \"soon\": invalid syntax")]
    [InlineData("-1", 422, "Deployment.apps \"web\" is invalid: spec.rollback.version: Invalid value: -1: must be greater than or equal to 0")]
    public async Task RollbackAnnotation_ThatIsNoRevision_IsRefused(string value, int code, string message)
    {
        await using var server = await ServerFixture.StartAsync();
        var refused = await server.SendAsync("POST", "/apis/apps/v1/namespaces/default/deployments", $$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","annotations":{"deprecated.deployment.rollback.to":"{{value}}"} },
             "spec":{"selector":{"matchLabels":{"app":"web"} }, {{Template}} } }
            """);
        Assert.Equal((code, message), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task Discovery_OfOlderVersions_NamesTheirScale()
    {
        await using var server = await ServerFixture.StartAsync();
        var old = (await server.GetAsync("/apis/extensions/v1beta1")).Text;
        Assert.Contains("{\"name\":\"deployments/scale\",\"singularName\":\"\",\"namespaced\":true,\"group\":\"extensions\",\"version\":\"v1beta1\",\"kind\":\"Scale\"", old, StringComparison.Ordinal);
        Assert.Contains("\"name\":\"deployments/rollback\"", old, StringComparison.Ordinal);
        var now = (await server.GetAsync("/apis/apps/v1")).Text;
        Assert.Contains("{\"name\":\"statefulsets/scale\",\"singularName\":\"\",\"namespaced\":true,\"group\":\"autoscaling\",\"version\":\"v1\",\"kind\":\"Scale\"", now, StringComparison.Ordinal);
        Assert.DoesNotContain("rollback", now, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/apis/extensions/v1beta1", "orphan")]
    [InlineData("/apis/apps/v1", null)]
    public async Task Delete_WithoutPolicy_GoesByTheVersion(string root, string? finalizer)
    {
        await using var server = await ServerFixture.StartAsync();
        const string now = "/apis/apps/v1/namespaces/default/deployments";
        await server.SendAsync("POST", now, $$"""{"apiVersion":"apps/v1","kind":"Deployment",{{Name}}, "spec":{"selector":{"matchLabels":{"app":"web"} }, {{Template}} } }""");
        Assert.Equal(200, (await server.SendAsync("DELETE", root + "/namespaces/default/deployments/web")).Code);
        var after = await server.GetAsync(now + "/web");
        Assert.Equal(finalizer is null ? 404 : 200, after.Code);
        if (finalizer is not null)
            Assert.Equal(finalizer, after.At("metadata.finalizers.0"));
    }

    [Fact]
    public async Task Course_OfTenYearsAgo_AppliesUnchanged()
    {
        await using var server = await ServerFixture.StartAsync();
        foreach (var (path, yaml) in s_course)
        {
            var created = await server.SendAsync("POST", path, yaml, "application/yaml");
            Assert.True(created.Code == 201, created.Text);
            var list = await server.GetAsync(path);
            Assert.Equal(created.At("metadata.uid"), list.At("items.0.metadata.uid"));
            Assert.True(created.At("metadata.name") == list.At("items.0.metadata.name"), list.Text);
        }
        Assert.Equal("OnDelete", (await server.GetAsync("/apis/apps/v1/namespaces/default/daemonsets/fluentd")).At("spec.updateStrategy.type"));
        Assert.Equal("OnDelete", (await server.GetAsync("/apis/apps/v1/namespaces/default/statefulsets/web")).At("spec.updateStrategy.type"));
        Assert.Equal("batch/v1", (await server.GetAsync("/apis/batch/v1/namespaces/default/cronjobs/hello")).At("apiVersion"));
    }

    private static ServedVersion VersionOf(KindDefinition kind, string version) => kind.Served.Single(v => v.APIVersion == version);

    private static IKubernetesObject Stored(KindDefinition kind, string version, string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var reader = new Utf8JsonReader(bytes);
        reader.Read();
        var obj = VersionOf(kind, version).Decode(ref reader, new DecodeContext(collectStrict: false) { Source = bytes });
        kind.ApplyDefaults(obj);
        return obj;
    }

    private static string Served(KindDefinition kind, string version, IKubernetesObject stored)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonLimits.WriterOptions))
            VersionOf(kind, version).Encode(stored, writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
