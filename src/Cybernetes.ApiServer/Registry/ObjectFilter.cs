using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Which objects a list or watch is about. Immutable.</summary>
internal sealed class ObjectFilter
{
    private const int NameField = -1;
    private const int NamespaceField = -2;
    private readonly string _namespace;
    private readonly string _name;
    private readonly LabelMatcher _labels;
    private readonly (int Field, string Value, bool Negated)[] _fields;

    /// <param name="kind">The kind, for its selectable fields.</param>
    /// <param name="ns">Only this namespace; empty for all.</param>
    /// <param name="name">Only this name; empty for all.</param>
    /// <param name="labels">Label selector.</param>
    /// <param name="fields">Field selector; a field that the kind does not have is a 400.</param>
    public ObjectFilter(KindDefinition kind, string ns, string name, LabelMatcher labels, FieldMatcher fields)
    {
        _namespace = ns;
        _name = name;
        _labels = labels;
        _fields = [.. fields.Requirements.Select(r => (IndexOf(kind, r.Field), r.Value, r.Negated))];
        IsEverything = name.Length == 0 && labels.IsEmpty && _fields.Length == 0;
        PinnedName = name.Length > 0 ? name : fields.ExactValue("metadata.name") ?? "";
    }

    /// <summary>True when nothing but the namespace restricts it.</summary>
    public bool IsEverything { get; }

    /// <summary>The one name that can match; empty when there may be several.</summary>
    public string PinnedName { get; }

    public bool Matches(ObjectFacts facts)
    {
        if (_namespace.Length > 0 && facts.Namespace != _namespace)
            return false;
        if (_name.Length > 0 && facts.Name != _name)
            return false;
        foreach (var (field, value, negated) in _fields)
        {
            var actual = field switch
            {
                NameField => facts.Name,
                NamespaceField => facts.Namespace,
                _ => facts.Fields[field],
            };
            if (string.Equals(actual, value, StringComparison.Ordinal) == negated)
                return false;
        }
        return _labels.Matches(facts.Labels);
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
