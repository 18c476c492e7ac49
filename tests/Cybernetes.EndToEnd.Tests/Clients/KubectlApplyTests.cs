using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Clients;

/// <summary>apply in both forms, diff and prune, with kubectl of each age.</summary>
[Collection(ApiServerFixture.Name)]
public sealed class KubectlApplyTests(ApiServerFixture api)
{
    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          labels: {app: web, tier: front}
        spec:
          replicas: 1
          paused: true
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - name: web
                image: nginx:1.25
                env: [{name: COLOUR, value: blue}, {name: SIZE, value: large}]
              - {name: helper, image: busybox}
        """;

    public static TheoryData<string> Versions => KubectlVersions.OfEachAge();

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Apply_FieldsLeftOut_AreTakenAwayAndOthersStay(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        await kubectl.OkWithInputAsync(Web, "apply", "-f", "-");
        await kubectl.OkAsync("label", "deployment", "web", "by=hand");
        await kubectl.OkAsync("scale", "deployment", "web", "--replicas=3");
        var changed = Web.Replace(", tier: front", "", StringComparison.Ordinal).Replace("  replicas: 1\n", "", StringComparison.Ordinal)
            .Replace("{name: COLOUR, value: blue}, ", "", StringComparison.Ordinal).Replace("      - {name: helper, image: busybox}", "", StringComparison.Ordinal);

        var said = await kubectl.OkWithInputAsync(changed, "apply", "-f", "-");
        var again = await kubectl.OkWithInputAsync(changed, "apply", "-f", "-");
        var web = await kubectl.GetAsync("deployment", "web");

        Assert.Equal(("deployment.apps/web configured\n", "deployment.apps/web unchanged\n"), (said, again));
        Assert.Equal("""{"app":"web","by":"hand"}""", web["metadata"]!["labels"]!.ToJsonString());
        Assert.Equal(1, web["spec"]!["replicas"]!.GetValue<int>());
        var container = Assert.Single(web["spec"]!["template"]!["spec"]!["containers"]!.AsArray())!;
        Assert.Equal("""[{"name":"SIZE","value":"large"}]""", container["env"]!.ToJsonString());
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task ApplyServerSide_TwoManagers_ConflictNamesTheOwner(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        var red = Web.Replace("value: blue", "value: red", StringComparison.Ordinal);

        var said = await kubectl.OkWithInputAsync(Web, "apply", "--server-side", "--field-manager=one", "-f", "-");
        var refused = await kubectl.RunWithInputAsync(red, "apply", "--server-side", "--field-manager=two", "-f", "-");
        await kubectl.OkWithInputAsync(red, "apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-");
        var web = await kubectl.GetAsync(["deployment", "web", .. Shown(version)]);

        Assert.Equal("deployment.apps/web serverside-applied\n", said);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("""Apply failed with 1 conflict: conflict with "one": .spec.template.spec.containers[name="web"].env[name="COLOUR"].value""", refused.Error);
        Assert.Contains("\"red\"", web["spec"]!.ToJsonString());
        var managers = web["metadata"]!["managedFields"]!.AsArray().Select(entry => $"{entry!["manager"]} {entry["operation"]}");
        Assert.Equal(["one Apply", "two Apply"], managers.Where(manager => manager.EndsWith("Apply", StringComparison.Ordinal)).Order());
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task ApplyServerSide_AfterClientSide_TakesOver(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        await kubectl.OkWithInputAsync(Web, "apply", "-f", "-");

        await kubectl.OkWithInputAsync(Web, "apply", "--server-side", "-f", "-");
        var less = Web.Replace(", tier: front", "", StringComparison.Ordinal);
        await kubectl.OkWithInputAsync(less, "apply", "--server-side", "--force-conflicts", "-f", "-");
        var web = await kubectl.GetAsync("deployment", "web");

        Assert.Equal("web", web["metadata"]!["labels"]!["app"]!.GetValue<string>());
        Assert.Equal("nginx:1.25", web["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!.GetValue<string>());
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Diff_ChangedManifest_ShowsTheChangeOnly(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        await kubectl.OkWithInputAsync(Web, "apply", "-f", "-");

        var same = await kubectl.RunWithInputAsync(Web, "diff", "-f", "-");
        var other = await kubectl.RunWithInputAsync(Web.Replace("value: blue", "value: red", StringComparison.Ordinal), "diff", "-f", "-");
        var web = await kubectl.GetAsync("deployment", "web");

        Assert.Equal((0, ""), (same.ExitCode, same.Output));
        Assert.Equal(1, other.ExitCode);
        Assert.Matches(@"(?m)^- +value: blue$", other.Output);
        Assert.Matches(@"(?m)^\+ +value: red$", other.Output);
        Assert.Contains("\"blue\"", web["spec"]!.ToJsonString());
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task ApplyPrune_ObjectLeftOut_IsDeleted(string version)
    {
        var kubectl = await api.KubectlAsync(version);
        const string One = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, labels: {set: a}}\n";
        var two = One.Replace("one", "two", StringComparison.Ordinal);
        await kubectl.OkWithInputAsync($"{One}---\n{two}", "apply", "-f", "-");
        await kubectl.OkAsync("create", "configmap", "other");

        var said = await kubectl.OkWithInputAsync(One, "apply", "--prune", "-l", "set=a", "-f", "-");
        var left = await kubectl.OkAsync("get", "configmaps", "-o", "name");

        Assert.Contains("configmap/one unchanged\n", said);
        Assert.Contains("configmap/two pruned\n", said);
        Assert.Equal("configmap/kube-root-ca.crt\nconfigmap/one\nconfigmap/other\n", left);
    }

    // Newer versions leave managedFields out of what they show.
    private static string[] Shown(string version) => version == "1.20" ? [] : ["--show-managed-fields"];
}
