using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Which objects a list or watch is about. Immutable.</summary>
internal sealed class ObjectFilter
{
    /// <summary>The field <c>metadata.name</c> where others are numbers of <see cref="KindDefinition.SelectableFields"/>.</summary>
    public const int NameField = -1;

    /// <summary>The field <c>metadata.namespace</c>.</summary>
    public const int NamespaceField = -2;

    private readonly KindDefinition _kind;
    private readonly string _name;
    private readonly LabelMatcher _labels;
    private readonly FieldTerm[] _fields;
    private readonly bool _needsFacts;

    /// <param name="kind">The kind, for its selectable fields.</param>
    /// <param name="ns">Only this namespace; empty for all.</param>
    /// <param name="name">Only this name; empty for all.</param>
    /// <param name="labels">Label selector.</param>
    /// <param name="fields">Field selector; a field that the kind does not have is a 400.</param>
    public ObjectFilter(KindDefinition kind, string ns, string name, LabelMatcher labels, FieldMatcher fields)
    {
        _kind = kind;
        Namespace = ns;
        _name = name;
        _labels = labels;
        _fields = [.. fields.Requirements.Select(r => new FieldTerm(IndexOf(kind, r.Field), r.Value, r.Negated))];
        _needsFacts = !labels.IsEmpty || Array.Exists(_fields, f => f.Field >= 0);
        SelectorKey = $"{name}\n{labels}\n{fields}";
        IsEverything = name.Length == 0 && labels.IsEmpty && _fields.Length == 0;
        PinnedName = name.Length > 0 ? name : fields.ExactValue("metadata.name") ?? "";
        PinnedNamespace = ns.Length > 0 ? ns : kind.Namespaced ? fields.ExactValue("metadata.namespace") ?? "" : "";
    }

    /// <summary>Only this namespace; empty for all.</summary>
    public string Namespace { get; }

    /// <summary>True when nothing but the namespace restricts it.</summary>
    public bool IsEverything { get; }

    /// <summary>The selectors as text: equal for the pages of one list.</summary>
    public string SelectorKey { get; }

    /// <summary>The one name that can match; empty when there may be several.</summary>
    public string PinnedName { get; }

    /// <summary>The one namespace that can match, also by a field selector; empty when there may be several.</summary>
    public string PinnedNamespace { get; }

    /// <summary>Terms on fields; all must hold.</summary>
    public IReadOnlyList<FieldTerm> Fields => _fields;

    /// <summary>Terms on labels; all must hold.</summary>
    public LabelMatcher Labels => _labels;

    /// <summary>Whether a live record is one of those.</summary>
    public bool Matches(Record record)
    {
        if (Namespace.Length > 0 && !ObjectNames.NamespaceOf(record.Key, _kind).SequenceEqual(Namespace))
            return false;
        if (_name.Length > 0 && !ObjectNames.NameOf(record.Key).SequenceEqual(_name))
            return false;
        var facts = _needsFacts ? ObjectFacts.Of(record, _kind) : null;
        foreach (var (field, value, negated) in _fields)
        {
            var actual = field switch
            {
                NameField => ObjectNames.NameOf(record.Key),
                NamespaceField => ObjectNames.NamespaceOf(record.Key, _kind),
                _ => facts!.Fields[field],
            };
            if (actual.SequenceEqual(value) == negated)
                return false;
        }
        return facts is null || _labels.MatchesPairs(facts.Labels);
    }

    private static int IndexOf(KindDefinition kind, string field)
    {
        switch (field)
        {
            case "metadata.name": return NameField;
            case "metadata.namespace": return NamespaceField;
        }
        for (var i = 0; i < kind.SelectableFields.Count; i++)
        {
            if (kind.SelectableFields[i].Name == field)
                return i;
        }
        throw Failure.BadRequest(kind.SelectableFields.Count == 0
            ? $"{JsonText.Quote(field)} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            : $"field label not supported: {field}");
    }
}

/// <summary>One term of a field selector.</summary>
/// <param name="Field">Number of the field among the kind's selectable ones, or <see cref="ObjectFilter.NameField"/> and its like.</param>
/// <param name="Value">The value.</param>
/// <param name="Negated">Whether the field must have another one.</param>
internal readonly record struct FieldTerm(int Field, string Value, bool Negated);
