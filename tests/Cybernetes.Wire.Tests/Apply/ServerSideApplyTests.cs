using System.Text;

namespace Cybernetes.Wire.Tests;

public class ServerSideApplyTests
{
    private const string Web = """
        "spec":{"replicas":3,"template":{"spec":{"containers":[{"name":"web","image":"nginx:1","ports":[{"containerPort":80}]}]}}}
        """;

    [Fact]
    public void Apply_New_OwnsExactlyWhatItNames()
    {
        ApplyBench bench = new();
        Assert.Equal("", bench.Apply("a", Web));
        Assert.Equal(
            """{"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{},"f:ports":"""
            + """{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}}""",
            bench.Of("a"));
    }

    [Fact]
    public void Apply_Twice_ChangesNothing()
    {
        ApplyBench bench = new();
        bench.Apply("a", Web);
        (string live, DateTimeOffset? time) = (bench.Live, bench.Managed![0].Time);
        bench.Apply("a", Web);
        Assert.Equal(live, bench.Live);
        Assert.Equal(time, bench.Managed![0].Time);
    }

    [Fact]
    public void Apply_OthersField_IsAConflictThatNamesThem()
    {
        ApplyBench bench = new();
        bench.Update("kubectl-client-side-apply", """{"spec":{"replicas":3}}""");
        Assert.Equal("Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: .spec.replicas",
            bench.Apply("b", "\"spec\":{\"replicas\":5}"));
        Assert.Equal("3", bench.Value("spec.replicas"));
        Assert.Equal("", bench.Apply("b", "\"spec\":{\"replicas\":5}", force: true));
        Assert.Equal("5", bench.Value("spec.replicas"));
        Assert.Equal("""{"f:spec":{}}""", bench.Of("kubectl-client-side-apply", "Update"));
    }

    [Fact]
    public void Apply_SeveralConflicts_AreListedByManager()
    {
        ApplyBench bench = new();
        bench.Apply("z", "\"spec\":{\"replicas\":1}");
        bench.Apply("a", "\"spec\":{\"paused\":true,\"minReadySeconds\":2}");
        Assert.Equal(
            "Apply failed with 3 conflicts: conflicts with \"a\":\n- .spec.minReadySeconds\n- .spec.paused\nconflicts with \"z\":\n- .spec.replicas",
            bench.Apply("m", "\"spec\":{\"replicas\":2,\"paused\":false,\"minReadySeconds\":3}"));
    }

    [Fact]
    public void Apply_SameValueByTwo_IsSharedAndKeptUntilBothGiveItUp()
    {
        ApplyBench bench = new();
        bench.Apply("a", "\"spec\":{\"replicas\":3,\"paused\":true}");
        Assert.Equal("", bench.Apply("b", "\"spec\":{\"replicas\":3}"));
        bench.Apply("a", "\"spec\":{\"paused\":true}");
        Assert.Equal("3", bench.Value("spec.replicas"));
        bench.Apply("b", "\"metadata\":{\"labels\":{\"x\":\"y\"}}");
        Assert.Equal("", bench.Value("spec.replicas"));
        Assert.Equal("true", bench.Value("spec.paused"));
    }

    [Fact]
    public void Apply_GivesUpAListElement_RemovesItOnlyWhenNoOneElseOwnsIt()
    {
        ApplyBench bench = new();
        bench.Apply("a", "'spec':{'template':{'spec':{'containers':[{'name':'web','image':'i'},{'name':'side','image':'s'}]}}}");
        bench.Apply("b", "'spec':{'template':{'spec':{'containers':[{'name':'side','tty':true}]}}}");
        bench.Apply("a", "'spec':{'template':{'spec':{'containers':[{'name':'web','image':'i'}]}}}");
        Assert.Equal("""{"name":"side","tty":true}""", bench.Value("spec.template.spec.containers.side"));
        bench.Apply("b", "\"spec\":{\"paused\":true}");
        Assert.Equal("", bench.Value("spec.template.spec.containers.side"));
        Assert.Equal("""{"name":"web","image":"i"}""", bench.Value("spec.template.spec.containers.web"));
    }

    [Fact]
    public void Apply_PortsOfOtherProtocols_AreOthers()
    {
        ApplyBench bench = new("", "v1", "Service");
        bench.Apply("a", "'spec':{'ports':[{'port':53,'name':'tcp'}]}");
        bench.Apply("b", "'spec':{'ports':[{'port':53,'protocol':'UDP','name':'udp'}]}");
        Assert.Equal("""[{"port":53,"name":"tcp"},{"port":53,"protocol":"UDP","name":"udp"}]""", bench.Value("spec.ports"));
    }

    [Fact]
    public void Apply_AtomicSelector_IsOwnedAsAWhole()
    {
        ApplyBench bench = new("", "v1", "Service");
        bench.Apply("a", "'spec':{'selector':{'app':'x'}}");
        Assert.Equal("""{"f:spec":{"f:selector":{}}}""", bench.Of("a"));
        Assert.StartsWith("Apply failed with 1 conflict", bench.Apply("b", "'spec':{'selector':{'app':'x','b':'c'}}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_MergedList_KeepsTheAppliedOrder()
    {
        ApplyBench bench = new();
        bench.Update("u", """{"spec":{"template":{"spec":{"containers":[{"name":"1"},{"name":"2"},{"name":"3"}]}}}}""");
        bench.Apply("a", "'spec':{'template':{'spec':{'containers':[{'name':'3'},{'name':'9'},{'name':'1'}]}}}");
        Assert.Equal("""[{"name":"2"},{"name":"3"},{"name":"9"},{"name":"1"}]""", bench.Value("spec.template.spec.containers"));
    }

    [Theory]
    [InlineData("\"spec\":{\"nope\":1}", ".spec.nope: field not declared in schema")]
    [InlineData("\"spec\":{\"replicas\":\"3\"}", ".spec.replicas: expected numeric (int or float), got string")]
    [InlineData("\"spec\":{\"template\":{\"metadata\":{\"labels\":{\"a\":1}}}}",
        ".spec.template.metadata.labels.a: expected string, got &value.valueUnstructured{Value:1}")]
    [InlineData("\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"a\"}]}}}",
        ".spec.template.spec.containers: duplicate entries for key [name=\"a\"]")]
    [InlineData("\"spec\":{\"template\":{\"spec\":{\"tolerations\":{}}}}", ".spec.template.spec.tolerations: expected list, got &{map[]}")]
    public void Apply_NotOfTheSchema_SaysWhere(string fields, string problem) =>
        Assert.Equal("failed to create typed patch object (ns/x; apps/v1, Kind=Deployment): " + problem, new ApplyBench().Apply("a", fields));

    [Fact]
    public void Apply_OverAnObjectWithoutOwners_FindsThemBeforeFirstApply()
    {
        ApplyBench bench = new();
        bench.Update("u", """{"spec":{"replicas":1,"paused":true}}""");
        bench.Managed = null;
        Assert.Contains("conflict with \"before-first-apply\" using apps/v1: .spec.replicas", bench.Apply("a", "\"spec\":{\"replicas\":2}"), StringComparison.Ordinal);
        Assert.Equal("", bench.Apply("a", "\"spec\":{\"replicas\":1}"));
        Assert.Contains("f:paused", bench.Of("before-first-apply", "Update"), StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_ByKubectl_OwnsWhatItsClientSideApplyLastSet()
    {
        const string Last = "{\\\"apiVersion\\\":\\\"apps/v1\\\",\\\"kind\\\":\\\"Deployment\\\",\\\"spec\\\":{\\\"replicas\\\":3,\\\"minReadySeconds\\\":5}}";
        ApplyBench bench = new();
        bench.Update("kubectl-client-side-apply",
            $$$"""{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{{{Last}}}"}},"spec":{"replicas":3,"minReadySeconds":9}}""");
        Assert.StartsWith("Apply failed with 1 conflict", bench.Apply("other", "\"spec\":{\"replicas\":4}"), StringComparison.Ordinal);
        Assert.Equal("", bench.Apply("kubectl", "\"spec\":{\"replicas\":4}"));
        Assert.EndsWith(".spec.minReadySeconds", bench.Apply("kubectl", "\"spec\":{\"replicas\":4,\"minReadySeconds\":6}"), StringComparison.Ordinal);
        Assert.Contains("{\\\"apiVersion\\\":\\\"apps/v1\\\",\\\"kind\\\":\\\"Deployment\\\",\\\"metadata\\\":{\\\"name\\\":\\\"x\\\",\\\"namespace\\\":\\\"ns\\\"},"
            + "\\\"spec\\\":{\\\"replicas\\\":4}}\\n", bench.Live, StringComparison.Ordinal);
    }

    [Fact]
    public void Update_NewObject_OwnsContainersAsWellAsFields()
    {
        ApplyBench bench = new();
        bench.Update("kubectl-create", """{"metadata":{"name":"x","uid":"1","labels":{"a":"b"}},"spec":{"replicas":1}}""");
        Assert.Equal("""{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{".":{},"f:replicas":{}}}""", bench.Of("kubectl-create", "Update"));
    }

    [Fact]
    public void Update_Removal_IsForgottenByEveryOwner()
    {
        ApplyBench bench = new();
        bench.Apply("a", "\"metadata\":{\"labels\":{\"a\":\"1\",\"b\":\"2\"}}");
        bench.Update("u", """{"metadata":{"labels":{"b":"2"}}}""");
        Assert.Equal("""{"f:metadata":{"f:labels":{"f:b":{}}}}""", bench.Of("a"));
        Assert.Equal("", bench.Of("u", "Update"));
    }

    [Fact]
    public void Update_ElevenManagers_TheOldestAreAncient()
    {
        ApplyBench bench = new();
        List<string> labels = [];
        for (int i = 0; i < 13; i++)
        {
            labels.Add($"\"l{i:00}\":\"{i}\"");
            bench.Update($"m{i:00}", $$"""{"metadata":{"labels":{ {{string.Join(',', labels)}} } } }""");
        }
        Assert.Equal(10, bench.Managed!.Count);
        Assert.Equal("""{"f:metadata":{"f:labels":{".":{},"f:l00":{},"f:l01":{},"f:l02":{},"f:l03":{}}}}""", bench.Of("ancient-changes", "Update"));
    }

    [Fact]
    public void Begin_EmptyEntry_ResetsAndNonsenseIsPassedOver()
    {
        ApplyBench bench = new();
        bench.Apply("a", "\"spec\":{\"replicas\":1}");
        Assert.Null(FieldManager.Begin(bench.Managed, [new()], isSubresource: false));
        Assert.Same(bench.Managed, FieldManager.Begin(bench.Managed, [new()], isSubresource: true));
        Assert.Same(bench.Managed, FieldManager.Begin(bench.Managed, [new() { Manager = "x", Operation = "Boo" }], isSubresource: false));
    }

    [Fact]
    public void FieldSetJson_RoundTrip_KeepsTheOrderOfUpstream()
    {
        const string Json =
            """{"f:a":{".":{},"f:b":{}},"f:c":{"k:{\"name\":\"x\"}":{},"k:{\"port\":9}":{},"k:{\"port\":80}":{},"v:1":{},"v:\"s\"":{},"v:true":{},"i:0":{}}}""";
        FieldSet set = FieldSetJson.Read(Encoding.UTF8.GetBytes(Json));
        Assert.Equal(Json, Encoding.UTF8.GetString(FieldSetJson.Write(set.Union(FieldSet.Of(PathElement.Field("z"))).Difference(FieldSet.Of(PathElement.Field("z"))))));
        Assert.Equal(".a", FieldSet.PathText(set.Paths().First()));
    }
}
