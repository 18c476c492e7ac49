namespace Cybernetes.Objects;

/// <summary>An API group and version as <c>apiVersion</c> names them: <c>apps/v1</c>, or <c>v1</c> for the core group.</summary>
public readonly record struct ApiGroupVersion(string Group, string Version)
{
    /// <summary>Parses an apiVersion; null on success, else upstream's error text. "" is neither group nor version.</summary>
    public static string? TryParse(string text, out ApiGroupVersion value)
    {
        value = new ApiGroupVersion("", "");
        if (text.Length == 0 || text == "/") return null;
        int slash = text.IndexOf('/');
        if (slash != text.LastIndexOf('/')) return $"unexpected GroupVersion string: {text}";
        value = slash < 0 ? new ApiGroupVersion("", text) : new ApiGroupVersion(text[..slash], text[(slash + 1)..]);
        return null;
    }

    public override string ToString() => Group.Length == 0 ? Version : $"{Group}/{Version}";
}

/// <summary>A kind with its group and version. Prints as upstream's: <c>apps/v1, Kind=Deployment</c>.</summary>
public readonly record struct ApiGroupVersionKind(string Group, string Version, string Kind)
{
    public ApiGroupVersion GroupVersion => new(Group, Version);

    public override string ToString() => $"{Group}/{Version}, Kind={Kind}";
}

/// <summary>A resource's group and name. Prints as upstream's: <c>deployments.apps</c>, <c>pods</c>.</summary>
public readonly record struct ApiGroupResource(string Group, string Resource)
{
    public override string ToString() => Group.Length == 0 ? Resource : $"{Resource}.{Group}";
}
