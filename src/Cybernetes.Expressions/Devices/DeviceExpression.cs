using Cybernetes.Expressions.Libraries;

namespace Cybernetes.Expressions;

/// <summary>A device selector, compiled, or what is wrong with it.</summary>
/// <param name="Expression">Null when the selector is wrong.</param>
/// <param name="Error">Upstream's detail of the field error; null when there is none.</param>
public readonly record struct DeviceCompilation(DeviceExpression? Expression, string? Error);

/// <summary>What a selector says of a device.</summary>
/// <param name="Matches">False also when evaluation failed.</param>
/// <param name="Error">Why evaluation failed, in upstream's words; null when it did not.</param>
/// <param name="Cost">What it cost.</param>
public readonly record struct DeviceMatch(bool Matches, string? Error, long Cost);

/// <summary>
/// A selector of dynamic resource allocation: an expression over <c>device</c> with <c>driver</c>, <c>attributes</c>, <c>capacity</c> and
/// <c>allowMultipleAllocations</c>. Immutable and safe for any thread. Source: resource.k8s.io/v1, CELDeviceSelector.
/// </summary>
public sealed class DeviceExpression
{
    /// <summary>The longest selector, in bytes (resource.CELSelectorExpressionMaxLength).</summary>
    public const int MaximumLengthBytes = 10 * 1024;

    /// <summary>The most one evaluation may cost (resource.CELSelectorExpressionMaxCost).</summary>
    public const long MaximumCost = 1_000_000;

    private const string DeviceVariable = "device";

    private static readonly CelEnvironment s_environment = new(new Dictionary<string, CelType> { [DeviceVariable] = DeviceType() })
    {
        Bindings = true,
        Functions = FunctionTable.Devices,
    };

    private readonly CelProgram _program;

    private DeviceExpression(CelProgram program) => _program = program;

    /// <summary>The selector as it was written.</summary>
    public string Text => _program.Text;

    /// <summary>Compiles; the result must be a bool, or known at run time only.</summary>
    public static DeviceCompilation Compile(string text)
    {
        var compilation = CelCompiler.Compile(text, s_environment);
        if (compilation.Program is not { } program) return new DeviceCompilation(null, "compilation failed: " + compilation.Error);
        return program.Type.Kind is CelKind.Bool or CelKind.Any
            ? new DeviceCompilation(new DeviceExpression(program), null)
            : new DeviceCompilation(null, $"must evaluate to bool or the unknown type, not {program.Type}");
    }

    /// <summary>Evaluates for one device, within <see cref="MaximumCost"/>.</summary>
    public DeviceMatch Evaluate(CelDevice device)
    {
        var budget = new CelBudget(MaximumCost);
        return _program.Evaluate(device, budget) switch
        {
            CelBool result => new DeviceMatch(result.Value, null, budget.Cost),
            CelError error => new DeviceMatch(false, error.Message, budget.Cost),
            var other => new DeviceMatch(
                false, $"CEL result of type {other.Type.Name} could not be converted to bool: {CelError.Conversion(other, "bool")}", budget.Cost),
        };
    }

    private static CelType DeviceType()
    {
        var attributes = CelType.Map(CelType.String, CelType.Map(CelType.String, CelType.Any));
        var capacity = CelType.Map(CelType.String, CelType.Map(CelType.String, CelQuantity.CelTypeOf));
        return CelType.Object("kubernetes.DRADevice", new Dictionary<string, CelType>
        {
            ["driver"] = CelType.String,
            ["attributes"] = attributes,
            ["capacity"] = capacity,
            ["allowMultipleAllocations"] = CelType.Bool,
        });
    }
}
