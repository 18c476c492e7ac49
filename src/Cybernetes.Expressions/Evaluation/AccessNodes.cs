using System.Globalization;

namespace Cybernetes.Expressions.Evaluation;

/// <summary>Reaching into a value by field name or index.</summary>
internal static class Access
{
    /// <summary>The element; null where there is none; an error where the value has no elements.</summary>
    public static CelValue? Find(CelValue value, CelValue key)
    {
        switch (value)
        {
            case CelError:
                return value;
            case CelMap map:
                if (map.TryGet(key, out var found)) return found;
                return key is CelString or CelBool or CelNumber ? null : new CelError("unsupported key type: " + key.Type.Name);
            case CelList list:
                if (Index(key) is not { } index) return new CelError($"unsupported index type '{key.Type.Name}' in list");
                return index >= 0 && index < list.Count ? list[(int)index] : null;
            case CelOptional { HasValue: true } optional:
                return Find(optional.Value, key);
            case CelOptional:
                return null;
            default:
                return CelError.NoSuchOverload;
        }
    }

    public static CelError Missing(CelValue value, CelValue key) =>
        value is CelList
            ? new CelError(string.Create(CultureInfo.InvariantCulture, $"index out of bounds: {Index(key)}"))
            : CelError.NoSuchKey(key);

    private static long? Index(CelValue key) => key switch
    {
        CelInt n => n.Value,
        CelUint n => n.Value <= long.MaxValue ? (long)n.Value : -1,
        CelDouble n when n.Value == Math.Truncate(n.Value) && Math.Abs(n.Value) < 1e15 => (long)n.Value,
        _ => null,
    };
}

/// <summary>operand.field and operand[key]; into an optional, the answer is one too.</summary>
internal sealed class AccessNode(Node operand, Node key, bool optional) : Node
{
    public override bool IsAttribute => true;

    public override CelValue Evaluate(Frame frame)
    {
        frame.Budget.Charge(operand.IsAttribute ? 1 : 2);
        var value = operand.Evaluate(frame);
        if (value.IsError) return value;
        var at = key.Evaluate(frame);
        if (at.IsError) return at;
        var found = Access.Find(value, at);
        if (found is CelError) return found;
        if (optional || value is CelOptional) return found is null ? CelOptional.None : found as CelOptional ?? CelOptional.Of(found);
        return found ?? Access.Missing(value, at);
    }
}

/// <summary>has(operand.field).</summary>
internal sealed class PresenceNode(Node operand, CelString field) : Node
{
    public override CelValue Evaluate(Frame frame)
    {
        var value = operand.Evaluate(frame);
        if (value.IsError) return value;
        if (value is CelMap map) return CelBool.Of(map.Contains(field));
        var found = Access.Find(value, field);
        return found is CelError ? found : CelBool.Of(found is not null);
    }
}
