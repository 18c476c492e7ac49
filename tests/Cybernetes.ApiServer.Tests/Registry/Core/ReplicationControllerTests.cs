using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Core;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Core;

public sealed class ReplicationControllerTests
{
    private const string Template = """ "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}} """;
    private static readonly ReplicationControllerKind Kind = new();

    [Fact]
    public void Defaults_OfController_ComeFromTheTemplate()
    {
        var controller = (ReplicationController)KindBench.Created(Kind, Json(Template));
        Assert.Equal("web", controller.Spec.Selector!["app"]);
        Assert.Equal("web", controller.Metadata.Labels!["app"]);
        Assert.Equal((1, 1L), (controller.Spec.Replicas, controller.Metadata.Generation));
        Assert.Equal(new ScaleView(1, 0, "app=web"), ((KindDefinition)Kind).ReadScale(controller));
    }

    [Theory]
    [InlineData(""" "replicas":-2,"template":{"spec":{"containers":[{"name":"c","image":"i"}]}} """, "spec.selector: Required value", "spec.replicas: Invalid value: -2: must be greater than or equal to 0")]
    [InlineData(""" "selector":{"a":"b"} """, "spec.template: Required value")]
    [InlineData(""" "selector":{"a":"b"},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}} """, "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`", "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"")]
    public void Create_Fields_AreExplained(string spec, params string[] expected) => Assert.Equal(expected, KindBench.CreateErrors(Kind, Json(spec)));

    [Fact]
    public void Row_OfController_IsUpstreams()
    {
        Assert.Equal("r | 2 | 1 | 0 | <unknown> | c | i | app=web", KindBench.Row(Kind, $$"""{"metadata":{"name":"r"},"spec":{"replicas":2,"selector":{"app":"web"}, {{Template}} },"status":{"replicas":1} }"""));
        Assert.Equal("t | c | i | app=web", KindBench.Row(new PodTemplateKind(), $$"""{"metadata":{"name":"t"}, {{Template}} }"""));
    }

    private static string Json(string spec) => $$"""{"metadata":{"name":"r","namespace":"default"},"spec":{ {{spec}} } }""";
}
