using Cybernetes.Expressions.Parsing;

namespace Cybernetes.Expressions.Evaluation;

/// <summary>Turns a checked tree into the nodes that evaluate it.</summary>
internal static class Planner
{
    public static Node Plan(Expr tree) => tree.Plan ??= tree switch
    {
        LiteralExpr literal => new ConstantNode(literal.Value),
        IdentExpr { Constant: { } type } => new ConstantNode(type),
        IdentExpr { Slot: { } slot } => new SlotNode(slot),
        IdentExpr ident => new VariableNode(ident.Name.TrimStart('.')),
        SelectExpr select => Select(select),
        CallExpr call => Call(call),
        ListExpr list => List(list),
        MapExpr map => new MapNode([.. map.Entries.Select(e => (Plan(e.Key), Plan(e.Value), e.Optional))], MapNode.MapCost),
        ObjectExpr made => new MapNode(
            [.. made.Entries.Select(e => ((Node)new ConstantNode(new CelString(e.Field)), Plan(e.Value), e.Optional))], MapNode.ObjectCost),
        FoldExpr fold => new FoldNode(
            Plan(fold.Range), Plan(fold.Initial), Plan(fold.Condition), Plan(fold.Step), Plan(fold.Result), fold.Second is not null, fold.Slots),
        _ => throw new InvalidOperationException("no such node"),
    };

    private static Node Select(SelectExpr select)
    {
        if (select.Constant is { } type) return new ConstantNode(type);
        if (select.Variable is { } name) return new VariableNode(name);
        var field = new CelString(select.Field);
        return select.TestOnly
            ? new PresenceNode(Plan(select.Operand), field)
            : new AccessNode(Plan(select.Operand), new ConstantNode(field), select.Optional);
    }

    private static Node Call(CallExpr call)
    {
        var arguments = call.Arguments;
        switch (call.Function)
        {
            case Operators.And: return new AndNode(Plan(arguments[0]), Plan(arguments[1]));
            case Operators.Or: return new OrNode(Plan(arguments[0]), Plan(arguments[1]));
            case Operators.Conditional: return new ConditionalNode(Plan(arguments[0]), Plan(arguments[1]), Plan(arguments[2]));
            case Operators.NotStrictlyFalse: return new NotStrictlyFalseNode(Plan(arguments[0]));
            case Operators.Index: return new AccessNode(Plan(arguments[0]), Plan(arguments[1]), optional: false);
            case Operators.OptionalIndex: return new AccessNode(Plan(arguments[0]), Plan(arguments[1]), optional: true);
            case "or" or "orValue" when call.Target is { } optional && arguments.Count == 1:
                return new OptionalOrNode(Plan(optional), Plan(arguments[0]), unwrap: call.Function == "orValue");
            default:
                Expr[] all = call.Target is null || call.Qualified ? [.. arguments] : [call.Target, .. arguments];
                return new CallNode(call.Candidates[0].Function, call.Candidates, [.. all.Select(Plan)]);
        }
    }

    private static Node List(ListExpr list)
    {
        Node[] elements = [.. list.Elements.Select(Plan)];
        // A list of constants is made once, and costs nothing.
        return elements.All(e => e is ConstantNode) && !list.Optional.Contains(true)
            ? new ConstantNode(CelList.Of([.. elements.Select(e => ((ConstantNode)e).Value)]))
            : new ListNode(elements, [.. list.Optional]);
    }
}

/// <summary>a.or(b) and a.orValue(b): b is looked at only where a is none.</summary>
internal sealed class OptionalOrNode(Node optional, Node otherwise, bool unwrap) : Node
{
    public override CelValue Evaluate(Frame frame)
    {
        frame.Budget.Charge(1);
        var value = optional.Evaluate(frame);
        if (value.IsError) return value;
        if (value is not CelOptional some) return CelError.NoSuchOverload;
        if (some.HasValue) return unwrap ? some.Value : some;
        return otherwise.Evaluate(frame);
    }
}
