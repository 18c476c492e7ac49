using System.Text.Json;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Objects.Tests;

public class DecodeContextTests
{
    [Theory]
    [InlineData("""{"spec":{"foo":1}}""", "unknown field \"spec.foo\"")]
    [InlineData("""{"spec":{"containers":[{},{"foo":{"x":1}}]}}""", "unknown field \"spec.containers[1].foo\"")]
    [InlineData("""{"spec":{"hostname":"a","hostname":"b"}}""", "duplicate field \"spec.hostname\"")]
    [InlineData("""{"metadata":{"labels":{"a":"1","a":"2"}}}""", "duplicate field \"metadata.labels.a\"")]
    [InlineData("""{"Spec":{}}""", "unknown field \"Spec\"")]
    [InlineData("""{"spec":{"volumes":[{"emptyDir":{"size":1}}]}}""", "unknown field \"spec.volumes[0].emptyDir.size\"")]
    public void Decode_UnknownOrDuplicateField_NotesItWithItsPath(string json, string finding)
    {
        DecodeContext context = new();
        JsonTexts.Read(json, Pod.ReadJson, context);
        Assert.Equal([finding], context.StrictFindings);
    }

    [Fact]
    public void Decode_TwoOfTheSameFinding_NotesOneAndAtMostAHundred()
    {
        DecodeContext context = new();
        JsonTexts.Read("""{"a":1,"a":2}""", Pod.ReadJson, context);
        Assert.Equal(["unknown field \"a\""], context.StrictFindings);

        context.Reset();
        string many = string.Join(',', Enumerable.Range(0, 300).Select(i => $"\"f{i}\":0"));
        JsonTexts.Read($"{{{many}}}", Pod.ReadJson, context);
        Assert.Equal(100, context.StrictFindings.Count);
    }

    [Theory]
    [InlineData("""{"spec":{"replicas":"3"}}""",
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"replicas":1.5}}""",
        "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":[]}""", "json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec")]
    [InlineData("""[]""", "json: cannot unmarshal array into Go value of type v1.Deployment")]
    [InlineData(
        """{"metadata":{"labels":{"a":1}}}""",
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string")]
    [InlineData(
        """{"spec":{"template":{"spec":{"containers":[{"name":"a"},{"env":[{"name":"A","value":true}]}]}}}}""",
        "json: cannot unmarshal bool into Go struct field EnvVar.spec.template.spec.containers.env.value of type string")]
    [InlineData(
        """{"spec":{"template":{"spec":{"containers":{}}}}}""",
        "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container")]
    public void Decode_WrongType_GivesGosError(string json, string error) =>
        Assert.Equal(error, Assert.Throws<ObjectDecodeException>(() => JsonTexts.Read(json, Deployment.ReadJson)).Message);

    [Fact]
    public void Decode_NullFields_LeaveZeroValues()
    {
        Pod pod =
            JsonTexts.Read("""{"metadata":null,"spec":{"containers":null,"hostname":null,"hostNetwork":null}}""", Pod.ReadJson);
        Assert.Equal("", pod.Spec.Hostname);
        Assert.Null(pod.Spec.Containers);
    }

    [Fact]
    public void Decode_LoneSurrogate_BecomesAReplacementCharacter()
    {
        Pod pod = JsonTexts.Read("""{"metadata":{"name":"a\ud800b\ud83d\ude00"}}""", Pod.ReadJson);
        Assert.Equal("a\uFFFDb\U0001F600", pod.Metadata.Name);
    }

    [Theory]
    [InlineData("\"aGk=\"", "hi")]
    [InlineData("\"aG\\nk=\"", "hi")]
    [InlineData("\"\"", "")]
    public void Bytes_Base64_Decodes(string json, string text) =>
        Assert.Equal(text,
            System.Text.Encoding.UTF8.GetString(JsonTexts.Read(json,
                (ref Utf8JsonReader r, DecodeContext c) => JsonRead.Bytes(ref r, c))!));

    [Theory]
    [InlineData("\"a*==\"", "illegal base64 data at input byte 1")]
    [InlineData("\"aGk\"", "illegal base64 data at input byte 0")]
    [InlineData("\"aGk=x\"", "illegal base64 data at input byte 4")]
    public void Bytes_NotBase64_GivesGosError(string json, string error) =>
        Assert.Equal(
            error,
            Assert.Throws<ObjectDecodeException>(() => JsonTexts.Read(json,
                (ref Utf8JsonReader r, DecodeContext c) => JsonRead.Bytes(ref r, c))).Message);
}
