namespace Cybernetes.Expressions.Tests;

/// <summary>Compiles and evaluates in one step, and shows the outcome as one text.</summary>
internal static class Expressions
{
    private static readonly CelEnvironment s_environment = new(new Dictionary<string, CelType>
    {
        ["x"] = CelType.Int,
        ["s"] = CelType.String,
        ["d"] = CelType.Dyn,
        ["m"] = CelType.Map(CelType.String, CelType.Int),
        ["l"] = CelType.List(CelType.Int),
        ["doc"] = CelType.Dyn,
        ["typed"] = CelType.Object("test.Typed", new Dictionary<string, CelType> { ["name"] = CelType.String, ["count"] = CelType.Int }),
        ["a.b"] = CelType.Int,
    })
    {
        Bindings = true,
    };

    private static readonly CelActivation s_values = new(new Dictionary<string, CelValue>
    {
        ["x"] = CelInt.Of(7),
        ["s"] = new CelString("text"),
        ["d"] = new CelString("dynamic"),
        ["m"] = CelMap.Of(new Dictionary<CelValue, CelValue> { [new CelString("k")] = CelInt.Of(1) }),
        ["l"] = CelList.Of([CelInt.Of(3), CelInt.Of(1), CelInt.Of(2)]),
        ["doc"] = CelJson.From(System.Text.Json.JsonDocument.Parse("""
            {"kind":"Pod","n":3,"f":1.5,"none":null,"spec":{"containers":[{"name":"a"},{"name":"b"}],"labels":{"x-y":"z"}}}
            """).RootElement),
        ["typed"] = CelMap.Of(new Dictionary<CelValue, CelValue> { [new CelString("name")] = new CelString("n") }),
        ["a.b"] = CelInt.Of(99),
    });

    /// <summary>The result as text; "error: …" when evaluation failed, "compile: …" with the first line when compilation did.</summary>
    public static string Outcome(string text)
    {
        var compilation = CelCompiler.Compile(text, s_environment);
        if (compilation.Program is not { } program) return "compile: " + compilation.Error!.Split('\n')[0];
        return program.Evaluate(s_values, new CelBudget(CelBudget.PerCall)) switch
        {
            CelError error => "error: " + error.Message,
            CelString result => "'" + result.Value + "'",
            var result => result.ToString()!,
        };
    }

    public static string? CompileError(string text) => CelCompiler.Compile(text, s_environment).Error;

    public static CelType TypeOf(string text) => CelCompiler.Compile(text, s_environment).Program!.Type;

    /// <summary>What an evaluation cost.</summary>
    public static long Cost(string text)
    {
        var budget = new CelBudget(long.MaxValue - 1);
        CelCompiler.Compile(text, s_environment).Program!.Evaluate(s_values, budget);
        return budget.Cost;
    }

    public static CelValue Evaluate(string text, CelBudget budget) => CelCompiler.Compile(text, s_environment).Program!.Evaluate(s_values, budget);
}
