using System.Text;
using Cybernetes.Objects;

namespace Cybernetes.Wire.Tests;

public class JsonPatchTests
{
    private static string Apply(string document, string patch) =>
        JsonPatch.Parse(Encoding.UTF8.GetBytes(patch)).Apply(JsonTree.Parse(document)).ToString();

    [Theory]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b","value":2}]""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":[1,3]}""", """[{"op":"add","path":"/a/1","value":2}]""", """{"a":[1,2,3]}""")]
    [InlineData("""{"a":[1]}""", """[{"op":"add","path":"/a/-","value":2}]""", """{"a":[1,2]}""")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"add","path":"/a/-1","value":3}]""", """{"a":[1,2,3]}""")]
    [InlineData("""{"a":{"b/c":1,"d~e":2}}""", """[{"op":"remove","path":"/a/b~1c"},{"op":"remove","path":"/a/d~0e"}]""", """{"a":{}}""")]
    [InlineData("""{"a":[1,2,3]}""", """[{"op":"remove","path":"/a/1"}]""", """{"a":[1,3]}""")]
    [InlineData("""{"a":1}""", """[{"op":"replace","path":"/a","value":{"x":1}}]""", """{"a":{"x":1}}""")]
    [InlineData("""{"a":1}""", """[{"op":"replace","path":"/b","value":1}]""", """{"a":1,"b":1}""")]
    [InlineData("""{"a":1}""", """[{"op":"replace","path":"","value":{"b":2}}]""", """{"b":2}""")]
    [InlineData("""{"a":{"b":1},"c":{}}""", """[{"op":"move","from":"/a/b","path":"/c/d"}]""", """{"a":{},"c":{"d":1}}""")]
    [InlineData("""{"a":{"b":1}}""", """[{"op":"copy","from":"/a","path":"/c"},{"op":"add","path":"/c/x","value":2}]""",
        """{"a":{"b":1},"c":{"b":1,"x":2}}""")]
    [InlineData("""{"a":{"b":1,"c":2}}""", """[{"op":"test","path":"/a","value":{"c":2,"b":1}}]""", """{"a":{"b":1,"c":2}}""")]
    [InlineData("""{"a":null}""", """[{"op":"test","path":"/a","value":null},{"op":"test","path":"/b"}]""", """{"a":null}""")]
    public void Apply_Table(string document, string patch, string result) => Assert.Equal(result, Apply(document, patch));

    [Theory]
    [InlineData("""[{"op":"add","path":"/x/y","value":1}]""", "add operation does not apply: doc is missing path: \"/x/y\": missing value")]
    [InlineData("""[{"op":"remove","path":"/x"}]""", "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value")]
    [InlineData("""[{"op":"replace","path":"/l/7","value":1}]""", "replace operation does not apply: doc is missing key: /l/7: missing value")]
    [InlineData("""[{"op":"replace","path":"/x/y","value":1}]""", "replace operation does not apply: doc is missing path: /x/y: missing value")]
    [InlineData("""[{"op":"remove","path":"/l/9"}]""", "error in remove for path: '/l/9': Unable to access invalid index: 9: invalid index referenced")]
    [InlineData("""[{"op":"add","path":"/l/x","value":1}]""",
        "error in add for path: '/l/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": invalid syntax")]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""", "testing value /a failed: test failed")]
    [InlineData("""[{"op":"test","path":"/l/0/z/q","value":2}]""", "test operation does not apply: is missing path: /l/0/z/q: missing value")]
    [InlineData("""[{"op":"boo","path":"/a"}]""", "Unexpected kind: boo")]
    [InlineData("""[{"path":"/a"}]""", "Unexpected kind: unknown")]
    [InlineData("""[{"op":"add"}]""", "add operation failed to decode path: missing value")]
    [InlineData("""[{"op":"move","path":"/a"}]""", "move operation failed to decode from: operation, missing from field: missing value")]
    public void Apply_Impossible_GivesUpstreamsError(string patch, string error)
    {
        PatchException failure = Assert.Throws<PatchException>(() => Apply("""{"a":1,"l":[1,2]}""", patch));
        Assert.Equal((error, PatchFailure.Unprocessable), (failure.Message, failure.Failure));
    }

    [Fact]
    public void Parse_Malformed_IsABadRequest()
    {
        PatchException failure = Assert.Throws<PatchException>(() => JsonPatch.Parse("{}"u8));
        Assert.Equal(("json: cannot unmarshal object into Go value of type jsonpatch.Patch", PatchFailure.BadRequest),
            (failure.Message, failure.Failure));
        failure = Assert.Throws<PatchException>(() => JsonPatch.Parse("[x"u8, new DecodeContext()));
        Assert.Equal("error decoding patch: invalid character 'x' looking for beginning of value", failure.Message);
    }

    [Fact]
    public void Parse_StrictFindings_NameTheOperation()
    {
        JsonPatch patch = JsonPatch.Parse("""[{"op":"add","path":"/a","value":1,"foo":1,"path":"/b"}]"""u8, new DecodeContext());
        Assert.Equal(["json patch duplicate field \"[0].path\"", "json patch unknown field \"[0].foo\""], patch.StrictFindings);
    }

    [Fact]
    public void Parse_TooManyOperations_IsTooLarge()
    {
        string many = $"[{string.Join(',', Enumerable.Repeat("{\"op\":\"add\",\"path\":\"/a\",\"value\":1}", 10_001))}]";
        PatchException failure = Assert.Throws<PatchException>(() => JsonPatch.Parse(Encoding.UTF8.GetBytes(many)));
        Assert.Equal(PatchFailure.TooLarge, failure.Failure);
        Assert.Equal("The allowed maximum operations in a JSON patch is 10000, got 10001", failure.Message);
    }

    [Fact]
    public void Copy_DoublingAgainAndAgain_IsBounded()
    {
        string doubling = string.Join(',', Enumerable.Repeat("{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/-\"}", 60));
        PatchException failure = Assert.Throws<PatchException>(() => Apply("""{"a":["xxxxxxxxxx"]}""", $"[{doubling}]"));
        Assert.StartsWith("Unable to complete the copy, the accumulated size increase of copy is", failure.Message);
    }

    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    public void MergePatch_RfcTable_GivesItsResults(string document, string patch, string result) =>
        Assert.Equal(result, JsonMergePatch.Apply(JsonTree.Parse(document), Encoding.UTF8.GetBytes(patch)).ToString());

    [Fact]
    public void MergePatch_Malformed_IsABadRequest()
    {
        Assert.Equal("Invalid JSON Patch",
            Assert.Throws<PatchException>(() => JsonMergePatch.Apply(new JsonMap(), "{"u8)).Message);
        Assert.Equal(
            "error decoding patch: unexpected end of JSON input",
            Assert.Throws<PatchException>(() => JsonMergePatch.Apply(new JsonMap(), "{"u8, new DecodeContext())).Message);
    }

    [Fact]
    public void MergePatch_RandomDocuments_DiffThenApplyGivesTheModified()
    {
        RandomTrees trees = new(99);
        for (int i = 0; i < 3000; i++)
        {
            JsonMap original = WithoutNulls(trees.NextMap(3));
            JsonMap modified = WithoutNulls(trees.NextMap(3));
            JsonMap patch = JsonMergePatch.Diff(original, modified);
            JsonTree result = JsonMergePatch.Merge(original.DeepClone(), patch.DeepClone());
            Assert.True(result.DeepEquals(modified), $"{original} + {patch} gave {result}, not {modified}");
        }
    }

    // A merge patch cannot say null.
    private static JsonMap WithoutNulls(JsonMap map)
    {
        map.RemoveAll(entry => entry.Value.IsNull);
        foreach ((_, JsonTree child) in map)
        {
            if (child is JsonMap inner) WithoutNulls(inner);
        }
        return map;
    }
}
