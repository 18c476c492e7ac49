using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Clients;

/// <summary>kubectl's commands for objects, without waiting for pods.</summary>
[Collection(ClusterFixture.Name)]
public sealed class KubectlObjectTests(ClusterFixture cluster)
{
    private static readonly TimeSpan WatchLimit = TimeSpan.FromSeconds(30);

    private const string Settings = """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: settings
        data:
          colour: COLOUR
        """;

    public static TheoryData<string> Versions => KubectlVersions.Tried();

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Apply_Again_ChangesOnlyWhatChanged(string version)
    {
        var kubectl = await KubectlAsync(version);
        var blue = Settings.Replace("COLOUR", "blue", StringComparison.Ordinal);

        string[] said =
        [
            await kubectl.OkWithInputAsync(blue, "apply", "-f", "-"),
            await kubectl.OkWithInputAsync(blue, "apply", "-f", "-"),
            await kubectl.OkWithInputAsync(blue.Replace("blue", "red", StringComparison.Ordinal), "apply", "-f", "-"),
        ];

        Assert.Equal(["configmap/settings created\n", "configmap/settings unchanged\n", "configmap/settings configured\n"], said);
        Assert.Equal("red", (await kubectl.GetAsync("configmap", "settings"))["data"]!["colour"]!.GetValue<string>());
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Get_EachOutput_ShowsTheObject(string version)
    {
        var kubectl = await KubectlAsync(version);
        await kubectl.OkAsync("create", "configmap", "one", "--from-literal=a=1");
        await kubectl.OkAsync("create", "secret", "generic", "hidden", "--from-literal=password=x");

        Assert.Equal("configmap/one\n", await kubectl.OkAsync("get", "configmap", "one", "-o", "name"));
        Assert.Contains("NAME", await kubectl.OkAsync("get", "configmap", "one", "-o", "wide"));
        Assert.Matches("(?m)^hidden +Opaque +1 ", await kubectl.OkAsync("get", "secrets"));
        Assert.Contains("  a: \"1\"\n", await kubectl.OkAsync("get", "configmap", "one", "-o", "yaml"));
        Assert.Equal("1", await kubectl.OkAsync("get", "configmap", "one", "-o", "jsonpath={.data.a}"));
        Assert.Contains("Data\n====", await kubectl.OkAsync("describe", "configmap", "one"));
        Assert.Equal("configmap/one\n", await kubectl.OkAsync("get", "configmaps", "-o", "name", "--field-selector=metadata.name=one"));
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task GetWatch_ObjectCreatedAndDeleted_ShowsIt(string version)
    {
        var kubectl = await KubectlAsync(version);
        var log = $"{cluster.Node.Folder}/watch-{kubectl.Namespace}.log";
        await kubectl.OkAsync("create", "configmap", "first");
        await using var watch = kubectl.Start(log, "get", "configmaps", "-w", "-o", "name");
        await Until.TrueAsync("the watch shows what is there", WatchLimit, () => File.ReadAllText(log).Contains("configmap/first\n"), () => watch.LogTail());

        await kubectl.OkAsync("create", "configmap", "second");

        await Until.TrueAsync("the watch shows what came", WatchLimit, () => File.ReadAllText(log).Contains("configmap/second\n"), () => watch.LogTail());
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task LabelAndAnnotate_Object_SelectsByThem(string version)
    {
        var kubectl = await KubectlAsync(version);
        await kubectl.OkAsync("create", "configmap", "one");
        await kubectl.OkAsync("create", "configmap", "two");

        await kubectl.OkAsync("label", "configmap", "one", "tier=front");
        await kubectl.OkAsync("annotate", "configmap", "one", "note=a longer text");
        var selected = await kubectl.OkAsync("get", "configmaps", "-l", "tier in (front,back)", "-o", "name");
        await kubectl.OkAsync("label", "configmap", "one", "tier-");
        var none = await kubectl.OkAsync("get", "configmaps", "-l", "tier", "-o", "name");

        Assert.Equal("configmap/one\n", selected);
        Assert.Equal("", none);
        Assert.Equal("a longer text", (await kubectl.GetAsync("configmap", "one"))["metadata"]!["annotations"]!["note"]!.GetValue<string>());
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Delete_Object_IsGone(string version)
    {
        var kubectl = await KubectlAsync(version);
        await kubectl.OkAsync("create", "configmap", "one");

        var said = await kubectl.OkAsync("delete", "configmap", "one");
        var missing = await kubectl.RunAsync("get", "configmap", "one");

        Assert.StartsWith("configmap \"one\" deleted", said);
        Assert.Equal(1, missing.ExitCode);
        Assert.Equal("Error from server (NotFound): configmaps \"one\" not found\n", missing.Error);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Explain_Field_TellsItsType(string version)
    {
        var kubectl = await KubectlAsync(version);

        var pod = await kubectl.OkAsync("explain", "pods.spec");
        var field = await kubectl.OkAsync("explain", "deployment.spec.strategy.rollingUpdate.maxSurge");

        Assert.Matches("(?m)^KIND: +Pod$", pod);
        Assert.Contains("terminationGracePeriodSeconds\t<integer>", pod);
        Assert.Contains("containers\t<[]", pod);
        Assert.Contains("maxSurge", field);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task ApiResources_All_AreListed(string version)
    {
        var kubectl = await KubectlAsync(version);

        var all = await kubectl.OkAsync("api-resources");
        var names = (await kubectl.OkAsync("api-resources", "--verbs=list", "--namespaced", "-o", "name")).Split('\n');
        var versions = (await kubectl.OkAsync("api-versions")).Split('\n');

        Assert.Matches("(?m)^deployments +deploy +apps/v1 +true +Deployment", all);
        Assert.Matches("(?m)^namespaces +ns +v1 +false +Namespace", all);
        Assert.Contains("pods", names);
        Assert.Contains("deployments.apps", names);
        Assert.DoesNotContain("nodes", names);
        Assert.Contains("v1", versions);
        Assert.Contains("apps/v1", versions);
    }

    [ClusterTheory, MemberData(nameof(Versions))]
    public async Task Apply_WrongManifest_TellsWhatIsWrong(string version)
    {
        var kubectl = await KubectlAsync(version);
        const string badName = """{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Not A Name"}}""";
        const string badKind = """{"apiVersion": "apps/v1", "kind": "Nonsense", "metadata": {"name": "x"}}""";

        var name = await kubectl.RunWithInputAsync(badName, "create", "-f", "-");
        var kind = await kubectl.RunWithInputAsync(badKind, "create", "-f", "-", "--validate=false");

        Assert.Contains("""The ConfigMap "Not A Name" is invalid: metadata.name: Invalid value: "Not A Name": a lowercase RFC 1123 subdomain must""", name.Error);
        Assert.Contains("no matches for kind \"Nonsense\" in version \"apps/v1\"", kind.Error);
    }

    private async Task<Kubectl> KubectlAsync(string version) => cluster.Kubectl(version).In(await cluster.CreateNamespaceAsync());
}
