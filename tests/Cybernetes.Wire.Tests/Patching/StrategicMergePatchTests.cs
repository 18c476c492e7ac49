using System.Text;

namespace Cybernetes.Wire.Tests;

public class StrategicMergePatchTests
{
    private static readonly PatchSchema Pod = PatchSchema.OfKind("", "v1", "Pod")!;
    private static readonly PatchSchema Deployment = PatchSchema.OfKind("apps", "v1", "Deployment")!;
    private static readonly PatchSchema Service = PatchSchema.OfKind("", "v1", "Service")!;

    private static string Apply(PatchSchema schema, string document, string patch) =>
        StrategicMergePatch.Apply((JsonMap)JsonTree.Parse(document), Encoding.UTF8.GetBytes(patch), schema).ToString();

    [Theory]
    [InlineData("""{"metadata":{"labels":{"a":"1","b":"2"}}}""", """{"metadata":{"labels":{"a":null,"c":"3"}}}""",
        """{"metadata":{"labels":{"b":"2","c":"3"}}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a","image":"x"},{"name":"b"}]}}""",
        """{"spec":{"containers":[{"name":"b","image":"y"}]}}""",
        """{"spec":{"containers":[{"name":"a","image":"x"},{"name":"b","image":"y"}]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a"}]}}""", """{"spec":{"containers":[{"name":"b"}]}}""",
        """{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}""", """{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}""",
        """{"spec":{"containers":[{"name":"b"}]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}""", """{"spec":{"containers":[{"$patch":"replace"},{"name":"c"}]}}""",
        """{"spec":{"containers":[{"name":"c"}]}}""")]
    [InlineData("""{"spec":{"nodeSelector":{"a":"1"}}}""", """{"spec":{"nodeSelector":{"$patch":"replace","b":"2"}}}""",
        """{"spec":{"nodeSelector":{"b":"2"}}}""")]
    [InlineData("""{"spec":{"nodeSelector":{"a":"1"}}}""", """{"spec":{"nodeSelector":{"$patch":"delete"}}}""", """{"spec":{"nodeSelector":{}}}""")]
    [InlineData("""{"spec":{"tolerations":[{"key":"a"}]}}""", """{"spec":{"tolerations":[{"key":"b"}]}}""",
        """{"spec":{"tolerations":[{"key":"b"}]}}""")]
    [InlineData("""{"metadata":{"finalizers":["a","b"]}}""", """{"metadata":{"finalizers":["c","b"]}}""",
        """{"metadata":{"finalizers":["c","a","b"]}}""")]
    [InlineData("""{"metadata":{"finalizers":["a","b","c"]}}""", """{"metadata":{"$deleteFromPrimitiveList/finalizers":["b"]}}""",
        """{"metadata":{"finalizers":["a","c"]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}}""",
        """{"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}],"containers":[{"name":"c","image":"x"}]}}""",
        """{"spec":{"containers":[{"name":"b"},{"name":"c","image":"x"},{"name":"a"}]}}""")]
    [InlineData("""{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}""",
        """{"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}}""",
        """{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}}""")]
    [InlineData("""{"spec":{}}""", """{"spec":{"nodeSelector":{"a":null,"b":"1"},"containers":[{"name":"a","$patch":"delete"}]}}""",
        """{"spec":{"nodeSelector":{"b":"1"},"containers":[]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"name":"http"}]}]}}""",
        """{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"name":"web"},{"containerPort":81}]}]}}""",
        """{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"name":"web"},{"containerPort":81}]}]}}""")]
    [InlineData("""{"status":{"conditions":[{"type":"Ready","status":"False"}]}}""",
        """{"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Other"}]}}""",
        """{"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Other"}]}}""")]
    public void Apply_ToPods_Table(string document, string patch, string result) =>
        Assert.Equal(result, Apply(Pod, document, patch));

    [Fact]
    public void Apply_DeploymentStrategy_RetainsOnlyTheNamedKeys() =>
        Assert.Equal(
            """{"spec":{"strategy":{"type":"Recreate"}}}""",
            Apply(
                Deployment,
                """{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}""",
                """{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}"""));

    [Fact]
    public void Apply_ServicePorts_MergeByPort() =>
        Assert.Equal(
            """{"spec":{"ports":[{"port":80,"nodePort":30000,"name":"x"}]}}""",
            Apply(Service, """{"spec":{"ports":[{"port":80,"nodePort":30000}]}}""", """{"spec":{"ports":[{"port":80,"name":"x"}]}}"""));

    [Theory]
    [InlineData("""{"spec":{"containers":[{"image":"x"}]}}""", PatchFailure.Internal, "map: map[image:x] does not contain declared merge key: name")]
    [InlineData("""{"spec":{"$patch":"boo"}}""", PatchFailure.Internal, "unknown patch type: boo in map: map[$patch:boo]")]
    [InlineData("""{"spec":{"containers":[{"name":"a","$patch":"boo"}]}}""", PatchFailure.Internal,
        "unknown patch type: boo in map: map[$patch:boo name:a]")]
    [InlineData("""{"spec":{"foo":{"a":1}}}""", PatchFailure.Internal,
        "unable to find api field in struct PodSpec for the json field \"foo\"")]
    [InlineData("""{"spec":{"$retainKeys":["a"],"b":1}}""", PatchFailure.BadRequest, "invalid patch format of retainKeys")]
    [InlineData("""{"spec":{"$setElementOrder":[]}}""", PatchFailure.BadRequest, "invalid patch format of setElementOrder list")]
    [InlineData("""{"spec":{"$deleteFromPrimitiveList":["a"]}}""", PatchFailure.BadRequest, "invalid patch format of primitive list")]
    [InlineData("""{"spec":{"containers":["a"]}}""", PatchFailure.Internal,
        "list element types are not identical: [[map[image:x name:a]] [a]]")]
    [InlineData("""{"spec":{"containers":[[]]}}""", PatchFailure.Unprocessable, "lists of lists are not supported")]
    [InlineData("""{"metadata":{"labels":{"m":{"x":1}}}}""", PatchFailure.Internal,
        "merging an object in json but data type is not struct, instead is: map")]
    [InlineData("""{""", PatchFailure.BadRequest, "unexpected end of JSON input")]
    [InlineData("""[]""", PatchFailure.BadRequest, "json: cannot unmarshal array into Go value of type map[string]interface {}")]
    public void Apply_Impossible_GivesUpstreamsError(string patch, PatchFailure failure, string error)
    {
        const string Document = """{"metadata":{"labels":{"m":{"x":0}}},"spec":{"containers":[{"name":"a","image":"x"}],"foo":{"a":0}}}""";
        PatchException thrown = Assert.Throws<PatchException>(() => Apply(Pod, Document, patch));
        Assert.Equal((error, failure), (thrown.Message, thrown.Failure));
    }

    [Fact]
    public void Apply_PatchOrderNotInSetElementOrder_IsRefused()
    {
        PatchException thrown = Assert.Throws<PatchException>(() => Apply(
            Pod,
            """{"spec":{"containers":[{"name":"a"}]}}""",
            """{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"b"}]}}"""));
        Assert.Equal("The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
            thrown.Message);
    }

    [Fact]
    public void Diff_OfTwoPods_IsWhatUpstreamMakes() =>
        Assert.Equal(
            """{"spec":{"containers":[{"image":"y","name":"b"},{"name":"a","$patch":"delete"}],"$setElementOrder/containers":[{"name":"b"}]}}""",
            StrategicDiff.Create(
                (JsonMap)JsonTree.Parse("""{"spec":{"containers":[{"name":"a"},{"name":"b","image":"x"}]}}"""),
                (JsonMap)JsonTree.Parse("""{"spec":{"containers":[{"name":"b","image":"y"}]}}"""),
                Pod).ToString());

    [Fact]
    public void Diff_RandomPods_AppliedGivesTheModified()
    {
        RandomPods pods = new(17);
        for (int i = 0; i < 2000; i++)
        {
            JsonMap original = pods.Next();
            JsonMap modified = pods.Next();
            JsonMap patch = StrategicDiff.Create(original, modified, Pod);
            string text = patch.ToString();
            JsonMap result = StrategicMergePatch.Apply((JsonMap)original.DeepClone(), patch, Pod);
            Assert.True(result.DeepEquals(modified), $"{original}\n+ {text}\ngave {result}\nnot {modified}");
        }
    }

    [Fact]
    public void Apply_RandomPatches_NeverCrash()
    {
        Random random = new(23);
        RandomPods pods = new(29);
        string[] keys =
        [
            "spec", "metadata", "containers", "name", "$patch", "$retainKeys", "$setElementOrder/containers",
                "$deleteFromPrimitiveList/finalizers", "env",
            "ports", "labels", "finalizers", "containerPort", "volumes", "x",
        ];
        for (int i = 0; i < 20000; i++)
        {
            JsonMap patch = (JsonMap)Random(random, keys, 5, root: true);
            try
            {
                StrategicMergePatch.Apply(pods.Next(), patch, Pod);
            }
            catch (PatchException)
            {
                // Refused is fine; anything else fails the test.
            }
        }
    }

    private static JsonTree Random(Random random, string[] keys, int depth, bool root = false)
    {
        switch (root ? 5 : random.Next(depth > 0 ? 8 : 5))
        {
            case 0: return JsonScalar.Null;
            case 1: return JsonScalar.Of((long)random.Next(3));
            case 2: return JsonScalar.Of(random.Next(2) == 0 ? "delete" : "replace");
            case 3 or 4: return JsonScalar.Of("abc"[random.Next(3)].ToString());
            case 5 or 6:
                JsonMap map = [];
                for (int i = random.Next(5); i > 0; i--) map[keys[random.Next(keys.Length)]] = Random(random, keys, depth - 1);
                return map;
            default:
                JsonList list = [];
                for (int i = random.Next(4); i > 0; i--) list.Add(Random(random, keys, depth - 1));
                return list;
        }
    }

    [Theory]
    [InlineData("""{"spec":{"nodeName":"n"}}""", """{"metadata":{"name":"a","labels":{"x":"y"}},"spec":{"hostNetwork":true,"nodeName":"n"}}""")]
    [InlineData("""{"metadata":{"labels":{"z":"1"}}}""", """{"metadata":{"name":"a","labels":{"x":"y","z":"1"}},"spec":{"hostNetwork":true}}""")]
    [InlineData("""{"metadata":{"managedFields":[{}]}}""", """{"metadata":{"name":"a","labels":{"x":"y"},"managedFields":[{}]},"spec":{"hostNetwork":true}}""")]
    [InlineData("""{"metadata":{"$retainKeys":["name"],"name":"b"}}""", """{"metadata":{"name":"b"},"spec":{"hostNetwork":true}}""")]
    public void Apply_ToBytes_LeavesManagedFieldsOutUnlessThePatchSetsThem(string patch, string expected)
    {
        byte[] document = """
            {"metadata":{"name":"a","labels":{"x":"y"},"managedFields":[{"manager":"m","fieldsV1":{"f:spec":{}}}]},"spec":{"hostNetwork":true}}
            """u8.ToArray();
        JsonMap patched = StrategicMergePatch.Apply(document, dropsManaged: true, System.Text.Encoding.UTF8.GetBytes(patch), PatchSchema.OfKind("", "v1", "Pod")!);
        Assert.Equal(expected, patched.ToString());
    }
}

/// <summary>Small random pods over the fields that strategic merge treats differently.</summary>
internal sealed class RandomPods(int seed)
{
    private readonly Random _random = new(seed);

    public JsonMap Next()
    {
        JsonMap metadata = [];
        if (Chance()) metadata["labels"] = Strings();
        if (Chance()) metadata["finalizers"] = Shuffled(["a", "b", "c", "d"]);
        JsonMap spec = new() { ["containers"] = Elements("name", Container) };
        if (Chance()) spec["nodeSelector"] = Strings();
        if (Chance()) spec["volumes"] = Elements("name", Volume);
        if (Chance()) spec["tolerations"] = Shuffled(["p", "q"]);
        if (Chance()) spec["hostname"] = "h" + _random.Next(3);
        return new JsonMap { ["metadata"] = metadata, ["spec"] = spec };
    }

    private bool Chance() => _random.Next(2) == 0;

    private void Container(JsonMap container)
    {
        if (Chance()) container["image"] = "i" + _random.Next(3);
        if (Chance()) container["env"] = Elements("name", variable => variable["value"] = "v" + _random.Next(3));
        if (Chance()) container["args"] = Shuffled(["x", "y", "z"]);
    }

    private void Volume(JsonMap volume)
    {
        if (Chance()) volume["emptyDir"] = new JsonMap();
        else volume["hostPath"] = new JsonMap { ["path"] = "/" + _random.Next(3) };
    }

    private JsonMap Strings()
    {
        JsonMap map = [];
        foreach (string key in new[] { "a", "b", "c" })
        {
            if (Chance()) map[key] = "v" + _random.Next(3);
        }
        return map;
    }

    private JsonList Elements(string key, Action<JsonMap> fill)
    {
        JsonList list = [];
        foreach (JsonTree name in Shuffled(["a", "b", "c", "d", "e"]))
        {
            JsonMap element = new() { [key] = name };
            fill(element);
            list.Add(element);
        }
        return list;
    }

    private JsonList Shuffled(string[] values)
    {
        string[] copy = [.. values];
        _random.Shuffle(copy);
        return new JsonList(copy.Take(_random.Next(copy.Length + 1)).Select(JsonScalar.Of));
    }
}
