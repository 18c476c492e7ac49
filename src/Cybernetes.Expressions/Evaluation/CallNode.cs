using Cybernetes.Expressions.Libraries;

namespace Cybernetes.Expressions.Evaluation;

/// <summary>A strict call: an argument that failed is the result.</summary>
internal sealed class CallNode(string function, IReadOnlyList<CelOverload> candidates, Node[] arguments) : Node
{
    public override CelValue Evaluate(Frame frame)
    {
        var values = new CelValue[arguments.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = arguments[i].Evaluate(frame);
            if (values[i].IsError) return values[i];
        }
        if (frame.Budget.Exceeded) return CelError.CostExceeded;
        foreach (var candidate in candidates)
        {
            if (!candidate.Fits(values)) continue;
            var result = candidate.Run(values);
            frame.Budget.Charge(candidate.Cost?.Invoke(values, result) ?? 1);
            return result;
        }
        frame.Budget.Charge(1);
        return Operator() ? CelError.NoSuchOverload : CelError.Overload(function, values);
    }

    private bool Operator() => !char.IsAsciiLetter(function[0]);
}
