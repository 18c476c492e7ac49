namespace Cybernetes.Expressions.Libraries;

/// <summary>Functions by name. Filled by the libraries, then read only.</summary>
internal sealed class FunctionTable
{
    private readonly Dictionary<string, List<CelOverload>> _functions = new(StringComparer.Ordinal);

    /// <summary>Everything the language and Kubernetes define.</summary>
    public static FunctionTable Kubernetes { get; } = Make();

    /// <summary>And what only device selectors may use.</summary>
    public static FunctionTable Devices { get; } = Make(ListLibrary.Includes);

    public IReadOnlyList<CelOverload>? Find(string name) => _functions.GetValueOrDefault(name);

    public void Global(
        string name, CelType[] arguments, CelType result, Func<CelValue[], CelValue> run, Func<CelValue[], CelValue, long>? cost = null) =>
        Add(name, member: false, arguments, result, run, cost);

    /// <summary>The first argument is what stands before the dot.</summary>
    public void Member(
        string name, CelType[] arguments, CelType result, Func<CelValue[], CelValue> run, Func<CelValue[], CelValue, long>? cost = null) =>
        Add(name, member: true, arguments, result, run, cost);

    private void Add(
        string name, bool member, CelType[] arguments, CelType result, Func<CelValue[], CelValue> run, Func<CelValue[], CelValue, long>? cost)
    {
        Add(new CelOverload { Function = name, Member = member, Arguments = arguments, Result = result, Run = run, Cost = cost });
    }

    private void Add(CelOverload overload)
    {
        if (!_functions.TryGetValue(overload.Function, out var overloads)) _functions[overload.Function] = overloads = [];
        overloads.Add(overload);
    }

    private static FunctionTable Make(params CelOverload[] more)
    {
        var table = new FunctionTable();
        OperatorLibrary.AddTo(table);
        ConversionLibrary.AddTo(table);
        TimeLibrary.AddTo(table);
        OptionalLibrary.AddTo(table);
        StringLibrary.AddTo(table);
        RegexLibrary.AddTo(table);
        ListLibrary.AddTo(table);
        SetLibrary.AddTo(table);
        QuantityLibrary.AddTo(table);
        SemverLibrary.AddTo(table);
        UrlLibrary.AddTo(table);
        IpLibrary.AddTo(table);
        CidrLibrary.AddTo(table);
        FormatLibrary.AddTo(table);
        AuthorizerLibrary.AddTo(table);
        foreach (var overload in more) table.Add(overload);
        return table;
    }
}
