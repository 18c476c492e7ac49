namespace Cybernetes.Expressions.Evaluation;

internal sealed class ListNode(Node[] elements, bool[] optional) : Node
{
    private const int CreateCost = 10;

    public override CelValue Evaluate(Frame frame)
    {
        frame.Budget.Charge(CreateCost);
        var values = new List<CelValue>(elements.Length);
        for (var i = 0; i < elements.Length; i++)
        {
            var value = elements[i].Evaluate(frame);
            if (value.IsError) return value;
            if (!optional[i]) values.Add(value);
            else if (value is CelOptional some) values.AddRange(some.HasValue ? [some.Value] : []);
            else return CelError.NoSuchOverload;
        }
        return CelList.Of(values);
    }
}

internal sealed class MapNode((Node Key, Node Value, bool Optional)[] entries, int cost) : Node
{
    public const int MapCost = 30;
    public const int ObjectCost = 40;

    public override CelValue Evaluate(Frame frame)
    {
        frame.Budget.Charge(cost);
        var values = new Dictionary<CelValue, CelValue>(entries.Length);
        foreach (var entry in entries)
        {
            var key = entry.Key.Evaluate(frame);
            if (key.IsError) return key;
            if (key is not (CelString or CelBool or CelInt or CelUint)) return new CelError("unsupported key type: " + key.Type.Name);
            var value = entry.Value.Evaluate(frame);
            if (value.IsError) return value;
            if (entry.Optional)
            {
                if (value is not CelOptional some) return CelError.NoSuchOverload;
                if (!some.HasValue) continue;
                value = some.Value;
            }
            if (!values.TryAdd(key, value)) return new CelError("insert failed: key " + CelFormat.Plain(key) + " already exists");
        }
        return CelMap.Of(values);
    }
}

/// <summary>A comprehension.</summary>
internal sealed class FoldNode(Node range, Node initial, Node condition, Node step, Node result, bool pairs, (int Accumulator, int First, int Second) slots)
    : Node
{
    public override CelValue Evaluate(Frame frame)
    {
        var over = range.Evaluate(frame);
        if (over.IsError) return over;
        if (over is not (CelList or CelMap)) return new CelError($"got 'types.{GoName(over)}', expected iterable type");
        var accumulated = initial.Evaluate(frame);
        frame.Slots[slots.Accumulator] = accumulated;
        if (over is CelList list)
        {
            var count = list.Count;
            for (var i = 0; i < count; i++)
            {
                if (!Next(frame, pairs ? CelInt.Of(i) : list[i], pairs ? list[i] : CelNull.Instance)) break;
            }
        }
        else if (over is CelMap map)
        {
            foreach (var key in map.Keys)
            {
                CelValue? value = null;
                if (pairs && !map.TryGet(key, out value)) continue;
                if (!Next(frame, key, value ?? CelNull.Instance)) break;
            }
        }
        return frame.Budget.Exceeded ? CelError.CostExceeded : result.Evaluate(frame);
    }

    private bool Next(Frame frame, CelValue first, CelValue second)
    {
        frame.Slots[slots.First] = first;
        frame.Slots[slots.Second] = second;
        if (frame.Budget.Exceeded || condition.Evaluate(frame) is not CelBool { Value: true }) return false;
        frame.Slots[slots.Accumulator] = step.Evaluate(frame);
        return true;
    }

    private static string GoName(CelValue value) => value.Type.Kind.ToString();
}
