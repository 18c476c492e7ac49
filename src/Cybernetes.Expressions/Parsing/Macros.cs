namespace Cybernetes.Expressions.Parsing;

/// <summary>
/// Calls that are rewritten before anything is checked. A macro answers the rewritten tree; null (and no issue) where the call is none after all.
/// </summary>
internal sealed class Macros
{
    private readonly Dictionary<(string Name, bool Member, int Arguments), Func<CallExpr, List<CelIssue>, Expr?>> _macros;

    private Macros(bool bindings)
    {
        _macros = new()
        {
            [("has", false, 1)] = Has,
            [("all", true, 2)] = All,
            [("all", true, 3)] = All,
            [("exists", true, 2)] = Exists,
            [("exists", true, 3)] = Exists,
            [("exists_one", true, 2)] = ExistsOne,
            [("exists_one", true, 3)] = ExistsOne,
            [("existsOne", true, 2)] = ExistsOne,
            [("existsOne", true, 3)] = ExistsOne,
            [("map", true, 2)] = Map,
            [("map", true, 3)] = Map,
            [("filter", true, 2)] = Filter,
            [("transformList", true, 3)] = TransformList,
            [("transformList", true, 4)] = TransformList,
            [("transformMap", true, 3)] = TransformMap,
            [("transformMap", true, 4)] = TransformMap,
            [("transformMapEntry", true, 3)] = TransformMap,
            [("transformMapEntry", true, 4)] = TransformMap,
            [("optMap", true, 2)] = OptionalMap,
            [("optFlatMap", true, 2)] = OptionalMap,
        };
        if (bindings) _macros[("bind", true, 3)] = Bind;
    }

    /// <summary>Those of every Kubernetes environment.</summary>
    public static Macros Base { get; } = new(bindings: false);

    /// <summary>With <c>cel.bind(name, value, expression)</c>.</summary>
    public static Macros WithBindings { get; } = new(bindings: true);

    public Func<CallExpr, List<CelIssue>, Expr?>? Find(string name, bool member, int arguments) =>
        _macros.GetValueOrDefault((name, member, arguments));

    private static Expr? Has(CallExpr call, List<CelIssue> issues) =>
        call.Arguments[0] is SelectExpr { TestOnly: false, Optional: false } select
            ? new SelectExpr(call.Offset, select.Operand, select.Field, testOnly: true)
            : Wrong(issues, call.Arguments[0], "invalid argument to has() macro");

    private static Expr? All(CallExpr call, List<CelIssue> issues)
    {
        var make = new Maker(call.Offset);
        return Fold(
            call, issues, call.Arguments.Count - 1, make.Bool(true), make.Call(Operators.NotStrictlyFalse, make.Result),
            make.Call(Operators.And, make.Result, call.Arguments[^1]), make.Result);
    }

    private static Expr? Exists(CallExpr call, List<CelIssue> issues)
    {
        var make = new Maker(call.Offset);
        return Fold(
            call, issues, call.Arguments.Count - 1, make.Bool(false),
            make.Call(Operators.NotStrictlyFalse, make.Call(Operators.Not, make.Result)),
            make.Call(Operators.Or, make.Result, call.Arguments[^1]), make.Result);
    }

    private static Expr? ExistsOne(CallExpr call, List<CelIssue> issues)
    {
        var make = new Maker(call.Offset);
        var step = make.Call(Operators.Conditional, call.Arguments[^1], make.Call(Operators.Add, make.Result, make.Int(1)), make.Result);
        return Fold(
            call, issues, call.Arguments.Count - 1, make.Int(0), make.Bool(true), step, make.Call(Operators.Equal, make.Result, make.Int(1)));
    }

    private static Expr? Map(CallExpr call, List<CelIssue> issues) => Collect(call, issues, variables: 1, call.Arguments[^1]);

    private static Expr? TransformList(CallExpr call, List<CelIssue> issues) => Collect(call, issues, variables: 2, call.Arguments[^1]);

    private static Expr? Collect(CallExpr call, List<CelIssue> issues, int variables, Expr element)
    {
        var make = new Maker(call.Offset);
        var step = make.Call(Operators.Add, make.Result, make.List(element));
        if (call.Arguments.Count == variables + 2) step = make.Call(Operators.Conditional, call.Arguments[variables], step, make.Result);
        return Fold(call, issues, variables, make.List(), make.Bool(true), step, make.Result);
    }

    private static Expr? Filter(CallExpr call, List<CelIssue> issues)
    {
        if (call.Arguments[0] is not IdentExpr variable) return Wrong(issues, call.Arguments[0], "argument is not an identifier");
        var make = new Maker(call.Offset);
        var step = make.Call(
            Operators.Conditional, call.Arguments[1], make.Call(Operators.Add, make.Result, make.List(new IdentExpr(variable.Offset, variable.Name))),
            make.Result);
        return Fold(call, issues, 1, make.List(), make.Bool(true), step, make.Result);
    }

    private static Expr? TransformMap(CallExpr call, List<CelIssue> issues)
    {
        var make = new Maker(call.Offset);
        var made = call.Arguments[^1];
        var step = call.Function == "transformMapEntry"
            ? make.Call("cel.@mapInsert", make.Result, made)
            : call.Arguments[0] is IdentExpr key
                ? make.Call("cel.@mapInsert", make.Result, new IdentExpr(key.Offset, key.Name), made)
                : Wrong(issues, call.Arguments[0], "argument must be a simple name");
        if (step is null) return null;
        if (call.Arguments.Count == 4) step = make.Call(Operators.Conditional, call.Arguments[2], step, make.Result);
        return Fold(call, issues, 2, new MapExpr(call.Offset, []), make.Bool(true), step, make.Result);
    }

    private static Expr? OptionalMap(CallExpr call, List<CelIssue> issues)
    {
        if (call.Arguments[0] is not IdentExpr { Name: var name } || name.StartsWith('.'))
            return Wrong(issues, call.Arguments[0], $"{call.Function}() variable name must be a simple identifier");
        var make = new Maker(call.Offset);
        var target = call.Target!;
        var mapped = make.Bind(name, new CallExpr(call.Offset, "value", target, []), call.Arguments[1]);
        var some = call.Function == "optMap" ? make.Call("optional.of", mapped) : mapped;
        return make.Call(Operators.Conditional, new CallExpr(call.Offset, "hasValue", target, []), some, make.Call("optional.none"));
    }

    private static Expr? Bind(CallExpr call, List<CelIssue> issues)
    {
        if (call.Target is not IdentExpr { Name: "cel" }) return null;
        return call.Arguments[0] is IdentExpr { Name: var name } && !name.StartsWith('.')
            ? new Maker(call.Offset).Bind(name, call.Arguments[1], call.Arguments[2])
            : Wrong(issues, call.Arguments[0], "cel.bind() variable names must be simple identifiers");
    }

    private static Expr? Fold(CallExpr call, List<CelIssue> issues, int variables, Expr initial, Expr condition, Expr step, Expr result)
    {
        var names = new string?[2];
        for (var i = 0; i < variables; i++)
        {
            if (call.Arguments[i] is not IdentExpr { Name: var name } || name.StartsWith('.'))
                return Wrong(issues, call.Arguments[i], "argument must be a simple name");
            names[i] = name;
        }
        if (names[1] is not null && names[0] == names[1])
            return Wrong(issues, call.Arguments[1], $"duplicate iteration variable: {names[0]}");
        return new FoldExpr(call.Offset, call.Target!, names[0]!, names[1], FoldExpr.Accumulator, initial, condition, step, result);
    }

    private static Expr? Wrong(List<CelIssue> issues, Expr where, string message)
    {
        if (issues.Count == 0) issues.Add(new CelIssue(where.Offset, message));
        return null;
    }

    /// <summary>Makes nodes that all lie where the macro was called.</summary>
    private readonly struct Maker(int offset)
    {
        public Expr Result => new IdentExpr(offset, FoldExpr.Accumulator);

        public Expr Bool(bool value) => new LiteralExpr(offset, CelBool.Of(value));

        public Expr Int(long value) => new LiteralExpr(offset, CelInt.Of(value));

        public Expr Call(string function, params IReadOnlyList<Expr> arguments) => new CallExpr(offset, function, null, arguments);

        public Expr List(params IReadOnlyList<Expr> elements) => new ListExpr(offset, elements, [.. elements.Select(_ => false)]);

        /// <summary>A name for a value: a comprehension over nothing.</summary>
        public Expr Bind(string name, Expr value, Expr body) =>
            new FoldExpr(offset, List(), "#unused", null, name, value, Bool(false), new IdentExpr(offset, name), body);
    }
}
