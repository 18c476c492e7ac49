using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Clients;

/// <summary>The manifests of a course of 2016: applied unchanged, read back in their own form and in today's.</summary>
[Collection(ApiServerFixture.Name)]
public sealed class OldCourseTests(ApiServerFixture api)
{
    private const string Course = """
        apiVersion: extensions/v1beta1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 0
          template:
            metadata:
              labels: {app: web}
            spec:
              containers:
              - name: web
                image: nginx:1.11
                ports: [{containerPort: 80}]
        ---
        apiVersion: extensions/v1beta1
        kind: Ingress
        metadata:
          name: web
          annotations: {kubernetes.io/ingress.class: nginx}
        spec:
          rules:
          - host: web.example.com
            http:
              paths:
              - path: /
                backend: {serviceName: web, servicePort: 80}
              - path: /named
                backend: {serviceName: web, servicePort: http}
        ---
        apiVersion: v1
        kind: ReplicationController
        metadata:
          name: old
        spec:
          replicas: 0
          template:
            metadata:
              labels: {app: old}
            spec:
              containers: [{name: old, image: "redis:3.2"}]
        ---
        apiVersion: extensions/v1beta1
        kind: DaemonSet
        metadata:
          name: logs
        spec:
          template:
            metadata:
              labels: {app: logs}
            spec:
              containers: [{name: logs, image: "fluentd:0.14"}]
        ---
        apiVersion: settings.k8s.io/v1alpha1
        kind: PodPreset
        metadata:
          name: database
        spec:
          selector:
            matchLabels: {role: frontend}
          env: [{name: DB_PORT, value: "6379"}]
        ---
        apiVersion: batch/v1beta1
        kind: CronJob
        metadata:
          name: nightly
        spec:
          schedule: "0 3 * * *"
          suspend: true
          jobTemplate:
            spec:
              template:
                spec:
                  restartPolicy: OnFailure
                  containers: [{name: nightly, image: busybox}]
        ---
        apiVersion: policy/v1beta1
        kind: PodDisruptionBudget
        metadata:
          name: web
        spec:
          minAvailable: 1
          selector:
            matchLabels: {app: web}
        ---
        apiVersion: rbac.authorization.k8s.io/v1beta1
        kind: Role
        metadata:
          name: reader
        rules:
        - {apiGroups: [""], resources: ["pods"], verbs: ["get", "list"]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1beta1
        kind: RoleBinding
        metadata:
          name: reader
        subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
        roleRef: {kind: Role, name: reader, apiGroup: rbac.authorization.k8s.io}
        """;

    // What is read, where, and what is there.
    private static readonly (string Resource, string Name, string Path, string Expected)[] Forms =
    [
        ("deployments.v1beta1.extensions", "web", "{.apiVersion} {.spec.selector.matchLabels.app} {.spec.strategy.rollingUpdate.maxSurge}", "extensions/v1beta1 web 1"),
        ("deployments.v1.apps", "web", "{.apiVersion} {.spec.selector.matchLabels.app} {.spec.template.spec.containers[0].image}", "apps/v1 web nginx:1.11"),
        ("deployments.v1beta1.apps", "web", "{.apiVersion} {.metadata.name}", "apps/v1beta1 web"),
        ("ingresses.v1beta1.extensions", "web", "{.spec.rules[0].http.paths[*].backend.serviceName} {.spec.rules[0].http.paths[*].backend.servicePort}", "web web 80 http"),
        ("ingresses.v1.networking.k8s.io", "web",
            "{.spec.rules[0].http.paths[*].backend.service.name} {.spec.rules[0].http.paths[0].backend.service.port.number} "
            + "{.spec.rules[0].http.paths[1].backend.service.port.name} {.spec.rules[0].http.paths[0].pathType}", "web web 80 http ImplementationSpecific"),
        ("ingresses.v1beta1.networking.k8s.io", "web", "{.spec.rules[0].http.paths[0].backend.servicePort}", "80"),
        ("replicationcontrollers", "old", "{.spec.selector.app} {.metadata.labels.app}", "old old"),
        ("daemonsets.v1beta1.extensions", "logs", "{.spec.selector.matchLabels.app} {.spec.updateStrategy.type}", "logs OnDelete"),
        ("daemonsets.v1.apps", "logs", "{.apiVersion} {.spec.selector.matchLabels.app}", "apps/v1 logs"),
        ("podpresets.v1alpha1.settings.k8s.io", "database", "{.spec.env[0].name}", "DB_PORT"),
        ("cronjobs.v1beta1.batch", "nightly", "{.apiVersion} {.spec.schedule}", "batch/v1beta1 0 3 * * *"),
        ("cronjobs.v1.batch", "nightly", "{.apiVersion} {.spec.concurrencyPolicy}", "batch/v1 Allow"),
        ("poddisruptionbudgets.v1beta1.policy", "web", "{.apiVersion} {.spec.minAvailable}", "policy/v1beta1 1"),
        ("poddisruptionbudgets.v1.policy", "web", "{.apiVersion} {.spec.minAvailable}", "policy/v1 1"),
        ("roles.v1beta1.rbac.authorization.k8s.io", "reader", "{.rules[0].verbs[*]}", "get list"),
        ("rolebindings.v1.rbac.authorization.k8s.io", "reader", "{.apiVersion} {.subjects[0].name} {.roleRef.name}", "rbac.authorization.k8s.io/v1 jane reader"),
    ];

    public static TheoryData<string> Versions => KubectlVersions.OfEachAge();

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Course_AppliedUnchanged_ReadsBackInOldAndNewForm(string version)
    {
        var kubectl = await api.KubectlAsync(version);

        var applied = await kubectl.RunWithInputAsync(Course, "apply", "-f", "-");
        var first = applied.EnsureSuccess(api.Server.LogTail);
        var revision = await kubectl.OkAsync("get", "ingress", "web", "-o", "jsonpath={.metadata.resourceVersion}");
        var again = await kubectl.OkWithInputAsync(Course, "apply", "-f", "-");
        var read = new List<string>();
        foreach (var (resource, name, path, _) in Forms)
            read.Add($"{resource}: {await kubectl.OkAsync("get", resource, name, "-o", "jsonpath=" + path)}");

        Assert.Equal(9, first.Split(" created\n").Length - 1);
        Assert.Contains("Warning: extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment", applied.Error);
        // kubectl sends an Ingress' paths again (a list without keys, into which the server has put pathType); nothing comes of it.
        Assert.Equal(8, again.Replace("ingress.extensions/web configured\n", "", StringComparison.Ordinal).Split(" unchanged\n").Length - 1);
        Assert.Equal(revision, await kubectl.OkAsync("get", "ingress", "web", "-o", "jsonpath={.metadata.resourceVersion}"));
        Assert.Equal(Forms.Select(form => $"{form.Resource}: {form.Expected}"), read);
    }
}
