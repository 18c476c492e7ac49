namespace Cybernetes.ApiServer.Authentication;

/// <summary>Who makes a request. Immutable; shared between requests of one connection.</summary>
/// <param name="Name">User name such as <c>system:node:n1</c>.</param>
/// <param name="Groups">Groups, <c>system:authenticated</c> or <c>system:unauthenticated</c> included.</param>
public sealed record UserInfo(string Name, IReadOnlyList<string> Groups)
{
    /// <summary>A stable id, empty when the authenticator knows none.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Further facts by the authenticator: key to values.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = NoExtra;

    private static readonly Dictionary<string, IReadOnlyList<string>> NoExtra = [];

    /// <summary>The name of everyone who shows no credentials.</summary>
    public const string AnonymousName = "system:anonymous";

    /// <summary>The group of everyone who showed good credentials.</summary>
    public const string AuthenticatedGroup = "system:authenticated";

    /// <summary>The user without credentials.</summary>
    public static readonly UserInfo Anonymous = new(AnonymousName, ["system:unauthenticated"]);

    /// <summary>A user that has been authenticated: the group of the authenticated is added.</summary>
    public static UserInfo Authenticated(string name, IEnumerable<string> groups) =>
        new(name, [.. groups.Where(g => g != AuthenticatedGroup), AuthenticatedGroup]);

    /// <summary>True when no credentials were shown.</summary>
    public bool IsAnonymous => Name == AnonymousName;
}
