using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Authentication.V1;
using Microsoft.AspNetCore.Http;
using UserInfo = Cybernetes.ApiServer.Authentication.UserInfo;

namespace Cybernetes.ApiServer.Registry.Reviews;

/// <summary>Whose token is this?</summary>
internal sealed class TokenReviewKind(ServiceAccountTokens tokens) : AnsweredKind<TokenReview>
{
    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<TokenReview>("v1beta1")
        {
            IsOlder = true, DeprecationWarning = AccessReviews.Deprecation("authentication.k8s.io", "TokenReview"),
        },
    ];

    protected override void Validate(TokenReview obj, FieldErrorList errors)
    {
        if (obj.Spec.Token.Length == 0)
            throw Failure.BadRequest("token is required for TokenReview in authentication");
    }

    protected override async ValueTask FillInAsync(TokenReview asked, ApiRequest request, RegistryServices services)
    {
        // Authenticators read requests: this one carries nothing but the token.
        var http = new DefaultHttpContext { RequestAborted = request.Aborted };
        http.Request.Headers.Authorization = "Bearer " + asked.Spec.Token;
        string[] audiences = asked.Spec.Audiences is { Count: > 0 } given ? [.. given] : [tokens.Issuer];
        asked.Status = new();
        try
        {
            var user = await services.Pipeline.AuthenticateAsync(http);
            var accepted = audiences.Where(a => a == tokens.Issuer).ToList();
            if (user.IsAnonymous || accepted.Count == 0)
                return;
            asked.Status = new() { Authenticated = true, User = Identity.Of(user), Audiences = accepted };
        }
        catch (RequestFailure failure) when (failure.Code == 401)
        {
            asked.Status.Error = "invalid bearer token";
        }
    }
}

/// <summary>Who am I? (kubectl auth whoami)</summary>
internal sealed class SelfSubjectReviewKind : AnsweredKind<SelfSubjectReview>
{
    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        Alias("v1beta1", "1.27+, unavailable in v1.33+"), Alias("v1alpha1", "1.27+, unavailable in v1.33+"),
    ];

    protected override ValueTask FillInAsync(SelfSubjectReview asked, ApiRequest request, RegistryServices services)
    {
        asked.Metadata.CreationTimestamp = KubernetesTime.TruncateToSecond(request.Received);
        asked.Status = new() { UserInfo = Identity.Of(request.User) };
        return ValueTask.CompletedTask;
    }

    private static RenamedVersion<SelfSubjectReview> Alias(string version, string since) => new(version)
    {
        IsOlder = true,
        DeprecationWarning = $"authentication.k8s.io/{version} SelfSubjectReview is deprecated in v{since}; use authentication.k8s.io/v1 SelfSubjectReview",
    };
}

/// <summary>A user as the API shows it.</summary>
internal static class Identity
{
    public static Objects.Authentication.V1.UserInfo Of(UserInfo user) => new()
    {
        Username = user.Name,
        UID = user.Uid,
        Groups = [.. user.Groups],
        Extra = user.Extra.Count == 0 ? null : user.Extra.ToDictionary(e => e.Key, e => e.Value.ToList(), StringComparer.Ordinal),
    };
}
