using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Watch;

/// <summary>What an index is of: a field of the kind, or a label.</summary>
/// <param name="Field">The field's number (<see cref="FieldTerm"/>); nothing where <paramref name="Label"/> is given.</param>
/// <param name="Label">The label's key; null for a field.</param>
internal readonly record struct SelectorTerm(int Field, string? Label)
{
    /// <summary>The terms of a filter that an index can answer, each with the values one of which must be there; the best first.</summary>
    public static List<(SelectorTerm Term, IReadOnlyList<string> Values)> Of(ObjectFilter filter)
    {
        var terms = new List<(SelectorTerm, IReadOnlyList<string>)>();
        if (filter.Labels.MatchesNothing)
            return terms;
        if (filter.PinnedName.Length > 0)
            terms.Add((new(ObjectFilter.NameField, null), [filter.PinnedName]));
        foreach (var (field, value, negated) in filter.Fields)
        {
            if (field >= 0 && !negated)
                terms.Add((new(field, null), [value]));
        }
        foreach (var requirement in filter.Labels.Requirements)
        {
            if (requirement.Operator is LabelOperator.Equals or LabelOperator.DoubleEquals or LabelOperator.In)
                terms.Add((new(0, requirement.Key), requirement.Values));
        }
        return terms;
    }

    /// <summary>The value of a live record; null when it has none, so that it is not in the index.</summary>
    public string? ValueOf(Record record, KindDefinition kind) =>
        Label is not null ? ObjectFacts.Of(record, kind).Label(Label)
        : Field == ObjectFilter.NameField ? ObjectNames.NameOf(record.Key).ToString()
        : ObjectFacts.Of(record, kind).Fields[Field];
}
