using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;

namespace Cybernetes.ApiServer.Authorization;

/// <summary>What an authorizer says.</summary>
public enum Verdict
{
    /// <summary>No opinion: the next one is asked; when all have none, the request is denied.</summary>
    NoOpinion,

    /// <summary>Allowed.</summary>
    Allow,

    /// <summary>Denied, without asking the next one.</summary>
    Deny,
}

/// <summary>A verdict and, for a denial, why: the reason follows the answer's message.</summary>
public readonly record struct Decision(Verdict Verdict, string Reason = "");

/// <summary>Who wants to do what, as authorizers see it.</summary>
public sealed record AuthorizationAttributes(
    UserInfo User, string Verb, string Group, string Version, string Resource, string Subresource, string Namespace, string Name, string Path,
    bool IsResource)
{
    /// <summary>The attributes of a request.</summary>
    public static AuthorizationAttributes Of(UserInfo user, RequestInfo info) => new(
        user, info.Verb, info.Group, info.Version, info.Resource, info.Subresource, info.Namespace, info.Name, info.Path, info.IsResource);

    /// <summary>The 403 for these attributes, in upstream's words.</summary>
    public RequestFailure Forbidden(string reason)
    {
        var tail = reason.Length == 0 ? "" : $": {reason}";
        var who = $"User {JsonText.Quote(User.Name)} cannot {Verb}";
        if (!IsResource)
            return Failure.ForbiddenPath($"{who} path {JsonText.Quote(Path)}{tail}");
        var resource = Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";
        var scope = Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace {JsonText.Quote(Namespace)}";
        return Failure.Forbidden(
            new(Group, Resource), Name, $"{who} resource {JsonText.Quote(resource)} in API group {JsonText.Quote(Group)} {scope}{tail}");
    }
}

/// <summary>Decides whether a user may do something.</summary>
public interface IAuthorizer
{
    /// <summary>The verdict. It must not throw for a plain "no".</summary>
    ValueTask<Decision> AuthorizeAsync(AuthorizationAttributes attributes, CancellationToken cancellation);

    /// <summary>What a user may do in a namespace, for people to read; an authorizer that cannot say so names the reason.</summary>
    ValueTask<AccessRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellation) =>
        new(new AccessRules([], [], "the authorizer does not support user rule resolution"));
}

/// <summary>Rules of a user.</summary>
/// <param name="Resources">About resources.</param>
/// <param name="Paths">About other paths.</param>
/// <param name="Problem">Why the list is not whole; empty when it is.</param>
public sealed record AccessRules(IReadOnlyList<ResourceAccess> Resources, IReadOnlyList<PathAccess> Paths, string Problem = "");

/// <summary>These verbs on these resources of these groups; of these names only, unless there are none.</summary>
public sealed record ResourceAccess(
    IReadOnlyList<string> Verbs, IReadOnlyList<string> Groups, IReadOnlyList<string> Resources, IReadOnlyList<string> Names);

/// <summary>These verbs on these paths.</summary>
public sealed record PathAccess(IReadOnlyList<string> Verbs, IReadOnlyList<string> Paths);

/// <summary>Everyone who is authenticated may do anything (<c>--authorization-mode=AlwaysAllow</c>); without credentials, health and version.</summary>
internal sealed class AlwaysAllowAuthorizer : IAuthorizer
{
    public ValueTask<Decision> AuthorizeAsync(AuthorizationAttributes attributes, CancellationToken cancellation) =>
        new(new Decision(!attributes.User.IsAnonymous || IsPublic(attributes) ? Verdict.Allow : Verdict.NoOpinion));

    public ValueTask<AccessRules> RulesAsync(UserInfo user, string ns, CancellationToken cancellation) => new(user.IsAnonymous
        ? new AccessRules([], [new(["get"], ["/healthz", "/livez", "/readyz", "/version", "/version/"])])
        : new AccessRules([new(["*"], ["*"], ["*"], [])], [new(["*"], ["*"])]));

    private static bool IsPublic(AuthorizationAttributes attributes) =>
        !attributes.IsResource && attributes.Verb is "get" or "head"
        && (attributes.Path is "/healthz" or "/livez" or "/readyz" or "/version" or "/version/"
            || attributes.Path.StartsWith("/livez/", StringComparison.Ordinal)
            || attributes.Path.StartsWith("/readyz/", StringComparison.Ordinal)
            || attributes.Path.StartsWith("/healthz/", StringComparison.Ordinal));
}
