using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Expressions.Tests.Devices;

public sealed class DeviceExpressionTests
{
    private static readonly CelDevice s_device = new("dra.example.com", new Device
    {
        Name = "gpu-0",
        AllowMultipleAllocations = true,
        Attributes = new()
        {
            ["model"] = new DeviceAttribute { StringValue = "fish" },
            ["cores"] = new DeviceAttribute { IntValue = 8 },
            ["fast"] = new DeviceAttribute { BoolValue = true },
            ["other.example.com/version"] = new DeviceAttribute { VersionValue = "1.2.3" },
        },
        Capacity = new() { ["memory"] = new DeviceCapacity { Value = Quantity.Parse("16Gi") } },
    });

    [Theory]
    [InlineData("true", true, 0)]
    [InlineData("device.driver == 'dra.example.com'", true, 4)]
    [InlineData("device.attributes['dra.example.com'].fast", true, 4)]
    [InlineData("device.attributes['dra.example.com']['fast']", true, 4)]
    [InlineData("device.attributes['dra.example.com'].cores > 4", true, 5)]
    [InlineData("device.attributes['dra.example.com'].model == 'fish'", true, 5)]
    [InlineData("device.attributes['dra.example.com'].model.startsWith('cat')", false, 5)]
    [InlineData("device.attributes['other.example.com'].version.isGreaterThan(semver('1.0.0'))", true, 6)]
    [InlineData("device.capacity['dra.example.com'].memory.compareTo(quantity('8Gi')) >= 0", true, 7)]
    [InlineData("'dra.example.com' in device.attributes", true, 3)]
    [InlineData("'no-such-domain' in device.attributes", false, 3)]
    [InlineData("has(device.attributes['dra.example.com'].nope)", false, 3)]
    [InlineData("device.allowMultipleAllocations", true, 2)]
    [InlineData("cel.bind(dra, device.attributes['dra.example.com'], dra.fast && dra.cores == 8)", true, 8)]
    [InlineData("device.attributes['dra.example.com'].model.includes('fish')", true, 5)]
    public void Evaluate_Selector_Matches(string text, bool expected, long cost)
    {
        var compilation = DeviceExpression.Compile(text);

        Assert.Null(compilation.Error);
        Assert.Equal(new DeviceMatch(expected, null, cost), compilation.Expression!.Evaluate(s_device));
    }

    [Theory]
    [InlineData("device.attributes['no-such-domain'].noSuchAttr.isGreaterThan(quantity('0'))", "no such key: noSuchAttr")]
    [InlineData("device.attributes['dra.example.com'].model", "CEL result of type string could not be converted to bool: type conversion error from 'string' to 'bool'")]
    [InlineData("device.attributes['dra.example.com'].model.exists(x, x > 0)", "got 'types.String', expected iterable type")]
    public void Evaluate_Failing_Error(string text, string expected)
    {
        var match = DeviceExpression.Compile(text).Expression!.Evaluate(s_device);

        Assert.False(match.Matches);
        Assert.Equal(expected, match.Error);
    }

    [Theory]
    [InlineData("1", "must evaluate to bool or the unknown type, not int")]
    [InlineData("dyn(true)", "must evaluate to bool or the unknown type, not dyn")]
    [InlineData("devic.driver == ''", "compilation failed: ERROR: <input>:1:1: undeclared reference to 'devic' (in container '')\n | devic.driver == ''\n | ^")]
    [InlineData("device.nope == ''", "compilation failed: ERROR: <input>:1:7: undefined field 'nope'\n | device.nope == ''\n | ......^")]
    public void Compile_Wrong_UpstreamsDetail(string text, string expected) => Assert.Equal(expected, DeviceExpression.Compile(text).Error);

    [Fact]
    public void Evaluate_Runaway_StoppedByCost()
    {
        var many = "[" + string.Join(", ", Enumerable.Range(0, 100)) + "]";
        var expression = DeviceExpression.Compile($"{many}.all(a, {many}.all(b, {many}.all(c, a + b + c >= 0)))").Expression!;

        Assert.Equal("operation cancelled: actual cost limit exceeded", expression.Evaluate(s_device).Error);
    }
}
