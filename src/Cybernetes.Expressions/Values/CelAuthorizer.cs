namespace Cybernetes.Expressions;

/// <summary>What an expression asks the authorizer.</summary>
/// <param name="Verb">The verb.</param>
/// <param name="Path">A path outside the resources; null when it is about a resource.</param>
/// <param name="Group">The resource's API group.</param>
/// <param name="Resource">The resource in the plural.</param>
/// <param name="Subresource">Empty for the resource itself.</param>
/// <param name="Namespace">Empty for all or none.</param>
/// <param name="Name">Empty for any.</param>
/// <param name="ServiceAccount">Namespace and name of the service account asked for; null for the user of the request.</param>
public sealed record CelAccessQuestion(
    string Verb, string? Path, string Group, string Resource, string Subresource, string Namespace, string Name,
    (string Namespace, string Name)? ServiceAccount);

/// <summary>The authorizer's answer.</summary>
public sealed record CelAccessAnswer(bool Allowed, string Reason, string? Error);

/// <summary>The variable <c>authorizer</c>, and what its methods narrow it to.</summary>
public sealed class CelAuthorizer : CelValue
{
    private readonly Func<CelAccessQuestion, CelAccessAnswer> _ask;
    private readonly CelAccessQuestion _question;

    /// <param name="ask">Answers at once: evaluation waits for nothing.</param>
    public CelAuthorizer(Func<CelAccessQuestion, CelAccessAnswer> ask)
        : this(AuthorizerType, ask, new CelAccessQuestion("", null, "", "", "", "", "", null))
    {
    }

    private CelAuthorizer(CelType type, Func<CelAccessQuestion, CelAccessAnswer> ask, CelAccessQuestion question)
    {
        Type = type;
        (_ask, _question) = (ask, question);
    }

    /// <summary>The type of <c>authorizer</c>.</summary>
    public static CelType AuthorizerType { get; } = CelType.Opaque("kubernetes.authorization.Authorizer");

    /// <summary>The type of <c>authorizer.requestResource</c>.</summary>
    public static CelType ResourceCheckType { get; } = CelType.Opaque("kubernetes.authorization.ResourceCheck");

    public override CelType Type { get; }

    internal static CelType PathCheckType { get; } = CelType.Opaque("kubernetes.authorization.PathCheck");

    internal static CelType GroupCheckType { get; } = CelType.Opaque("kubernetes.authorization.GroupCheck");

    internal static CelType DecisionType { get; } = CelType.Opaque("kubernetes.authorization.Decision");

    /// <summary>The check of one resource: <c>authorizer.requestResource</c>.</summary>
    public CelAuthorizer ForResource(string group, string resource, string subresource, string @namespace, string name) =>
        Narrow(ResourceCheckType, q => q with { Group = group, Resource = resource, Subresource = subresource, Namespace = @namespace, Name = name });

    internal CelAuthorizer Narrow(CelType type, Func<CelAccessQuestion, CelAccessQuestion> change) => new(type, _ask, change(_question));

    internal CelDecision Check(string verb) => new(_ask(_question with { Verb = verb }));
}

/// <summary>An answer as a value.</summary>
internal sealed class CelDecision(CelAccessAnswer answer) : CelValue
{
    public CelAccessAnswer Answer { get; } = answer;

    public override CelType Type => CelAuthorizer.DecisionType;
}
