namespace Cybernetes.Objects;

/// <summary>The complaints about one object, in the order found.</summary>
public sealed class FieldErrorList : List<FieldError>
{
    /// <summary>Adds an Invalid for each of the reasons.</summary>
    public void AddInvalid(FieldPath? field, object? value, IEnumerable<string> reasons)
    {
        foreach (string reason in reasons) Add(FieldError.Invalid(field, value, reason));
    }

    /// <summary>All complaints in one text as upstream aggregates them: repeated ones once, several in brackets.</summary>
    public string Aggregate()
    {
        List<string> texts = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (FieldError error in this)
        {
            string text = error.ToString();
            if (seen.Add(text)) texts.Add(text);
        }
        return texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
    }
}
