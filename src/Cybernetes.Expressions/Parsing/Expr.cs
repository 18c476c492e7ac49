using Cybernetes.Expressions.Evaluation;
using Cybernetes.Expressions.Libraries;

namespace Cybernetes.Expressions.Parsing;

/// <summary>
/// A node of the syntax tree. The checker writes its findings into it, the planner its plan; afterwards nothing keeps the tree.
/// </summary>
internal abstract class Expr(int offset)
{
    /// <summary>Where mistakes in it are shown.</summary>
    public int Offset { get; } = offset;

    /// <summary>Nodes on the longest way down, this one included: bounds every recursion over the tree.</summary>
    public int Depth { get; protected init; } = 1;

    /// <summary>Found by the checker.</summary>
    public CelType? Type { get; set; }

    /// <summary>Made by the planner; a tree that a macro uses twice is planned once.</summary>
    public Node? Plan { get; set; }

    protected static int Below(IEnumerable<Expr?> children) => 1 + children.Max(c => c?.Depth ?? 0);
}

internal sealed class LiteralExpr(int offset, CelValue value) : Expr(offset)
{
    public CelValue Value { get; } = value;
}

internal sealed class IdentExpr(int offset, string name) : Expr(offset)
{
    public string Name { get; } = name;

    /// <summary>What the name means: a variable's declared name; null for a name of a comprehension or a type.</summary>
    public CelValue? Constant { get; set; }

    /// <summary>The slot of a comprehension's variable.</summary>
    public int? Slot { get; set; }
}

/// <summary>operand.field; has(operand.field) when <see cref="TestOnly"/>; operand.?field when <see cref="Optional"/>.</summary>
internal sealed class SelectExpr : Expr
{
    public SelectExpr(int offset, Expr operand, string field, bool testOnly = false, bool optional = false) : base(offset)
    {
        (Operand, Field, TestOnly, Optional) = (operand, field, testOnly, optional);
        Depth = operand.Depth + 1;
    }

    public Expr Operand { get; }

    public string Field { get; }

    public bool TestOnly { get; }

    public bool Optional { get; }

    /// <summary>The declared variable, where the whole chain of names is one.</summary>
    public string? Variable { get; set; }

    public CelValue? Constant { get; set; }
}

/// <summary>A call by name; operators are calls of names such as <c>_+_</c>.</summary>
internal sealed class CallExpr : Expr
{
    public CallExpr(int offset, string function, Expr? target, IReadOnlyList<Expr> arguments) : base(offset)
    {
        (Function, Target, Arguments) = (function, target, arguments);
        Depth = Below([target, .. arguments]);
    }

    public string Function { get; }

    public Expr? Target { get; }

    public IReadOnlyList<Expr> Arguments { get; }

    /// <summary>The overloads whose types fit, found by the checker.</summary>
    public IReadOnlyList<CelOverload> Candidates { get; set; } = [];

    /// <summary>The target turned out to be the first part of the function's name.</summary>
    public bool Qualified { get; set; }
}

internal sealed class ListExpr : Expr
{
    public ListExpr(int offset, IReadOnlyList<Expr> elements, IReadOnlyList<bool> optional) : base(offset)
    {
        (Elements, Optional) = (elements, optional);
        Depth = Below([null, .. elements]);
    }

    public IReadOnlyList<Expr> Elements { get; }

    public IReadOnlyList<bool> Optional { get; }
}

internal readonly record struct MapEntry(int Offset, Expr Key, Expr Value, bool Optional);

internal sealed class MapExpr : Expr
{
    public MapExpr(int offset, IReadOnlyList<MapEntry> entries) : base(offset)
    {
        Entries = entries;
        Depth = Below([null, .. entries.SelectMany(e => new[] { e.Key, e.Value })]);
    }

    public IReadOnlyList<MapEntry> Entries { get; }
}

internal readonly record struct FieldEntry(int Offset, string Field, Expr Value, bool Optional);

/// <summary>Name{field: value}.</summary>
internal sealed class ObjectExpr : Expr
{
    public ObjectExpr(int offset, string name, IReadOnlyList<FieldEntry> entries) : base(offset)
    {
        (Name, Entries) = (name, entries);
        Depth = Below([null, .. entries.Select(e => e.Value)]);
    }

    public string Name { get; }

    public IReadOnlyList<FieldEntry> Entries { get; }
}

/// <summary>
/// What macros become: begins with <see cref="Initial"/>, runs <see cref="Step"/> for every element of <see cref="Range"/> while
/// <see cref="Condition"/> holds, and ends with <see cref="Result"/>.
/// </summary>
internal sealed class FoldExpr : Expr
{
    public const string Accumulator = "@result";

    public FoldExpr(int offset, Expr range, string variable, string? second, string accumulator, Expr initial, Expr condition, Expr step, Expr result)
        : base(offset)
    {
        (Range, Variable, Second, AccumulatorName) = (range, variable, second, accumulator);
        (Initial, Condition, Step, Result) = (initial, condition, step, result);
        Depth = Below([range, initial, condition, step, result]);
    }

    public Expr Range { get; }

    public string Variable { get; }

    /// <summary>The second variable of a two-variable comprehension.</summary>
    public string? Second { get; }

    public string AccumulatorName { get; }

    public Expr Initial { get; }

    public Expr Condition { get; }

    public Expr Step { get; }

    public Expr Result { get; }

    /// <summary>The slots of accumulator, first and second variable.</summary>
    public (int Accumulator, int First, int Second) Slots { get; set; }
}
