using Cybernetes.Expressions.Evaluation;

namespace Cybernetes.Expressions;

/// <summary>A compiled expression. Immutable: any number of threads may evaluate it at once.</summary>
public sealed class CelProgram
{
    private readonly Node _root;
    private readonly int _slots;

    internal CelProgram(string text, CelType type, Node root, int slots)
    {
        (Text, Type) = (text, type);
        (_root, _slots) = (root, slots);
    }

    /// <summary>The expression as it was written.</summary>
    public string Text { get; }

    /// <summary>The type of the result, as far as it is known.</summary>
    public CelType Type { get; }

    /// <summary>Evaluates. The result is a <see cref="CelError"/> when evaluation fails or costs more than the budget has left.</summary>
    public CelValue Evaluate(ICelActivation activation, CelBudget budget)
    {
        var result = _root.Evaluate(new Frame(activation, budget, _slots));
        return budget.Exceeded ? CelError.CostExceeded : result;
    }
}
