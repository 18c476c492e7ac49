namespace Cybernetes.Expressions.Evaluation;

/// <summary>One step of a program. Immutable: everything that changes lies in the frame. Errors are values.</summary>
internal abstract class Node
{
    /// <summary>Whether this is a variable or reaches into one: then the next reach costs nothing beyond itself.</summary>
    public virtual bool IsAttribute => false;

    public abstract CelValue Evaluate(Frame frame);
}

/// <summary>What one evaluation works with.</summary>
internal sealed class Frame(ICelActivation activation, CelBudget budget, int slots)
{
    public ICelActivation Activation { get; } = activation;

    public CelBudget Budget { get; } = budget;

    /// <summary>The variables of comprehensions.</summary>
    public CelValue[] Slots { get; } = slots == 0 ? [] : new CelValue[slots];
}

internal sealed class ConstantNode(CelValue value) : Node
{
    public CelValue Value => value;

    public override CelValue Evaluate(Frame frame) => value;
}

internal sealed class VariableNode(string name) : Node
{
    public override bool IsAttribute => true;

    public override CelValue Evaluate(Frame frame)
    {
        frame.Budget.Charge(1);
        return frame.Activation.Find(name) ?? new CelError($"no such attribute(s): {name}");
    }
}

internal sealed class SlotNode(int slot) : Node
{
    public override bool IsAttribute => true;

    public override CelValue Evaluate(Frame frame)
    {
        frame.Budget.Charge(1);
        return frame.Slots[slot];
    }
}

internal sealed class AndNode(Node left, Node right) : Node
{
    public override CelValue Evaluate(Frame frame)
    {
        var one = left.Evaluate(frame);
        if (one is CelBool { Value: false }) return one;
        var other = right.Evaluate(frame);
        // Which side is false does not matter, even when the other failed.
        if (other is CelBool { Value: false }) return frame.Budget.Exceeded ? CelError.CostExceeded : other;
        if (one is CelBool && other is CelBool) return CelBool.True;
        return one.IsError ? one : other.IsError ? other : CelError.NoSuchOverload;
    }
}

internal sealed class OrNode(Node left, Node right) : Node
{
    public override CelValue Evaluate(Frame frame)
    {
        var one = left.Evaluate(frame);
        if (one is CelBool { Value: true }) return one;
        var other = right.Evaluate(frame);
        if (other is CelBool { Value: true }) return frame.Budget.Exceeded ? CelError.CostExceeded : other;
        if (one is CelBool && other is CelBool) return CelBool.False;
        return one.IsError ? one : other.IsError ? other : CelError.NoSuchOverload;
    }
}

internal sealed class ConditionalNode(Node condition, Node then, Node otherwise) : Node
{
    public override bool IsAttribute => true;

    public override CelValue Evaluate(Frame frame) => condition.Evaluate(frame) switch
    {
        CelBool { Value: true } => then.Evaluate(frame),
        CelBool => otherwise.Evaluate(frame),
        CelError error => error,
        _ => CelError.NoSuchOverload,
    };
}

/// <summary>Whether a loop may go on: only a plain false says no.</summary>
internal sealed class NotStrictlyFalseNode(Node operand) : Node
{
    public override CelValue Evaluate(Frame frame)
    {
        frame.Budget.Charge(1);
        return CelBool.Of(operand.Evaluate(frame) is not CelBool { Value: false });
    }
}
