using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.Core.V1;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Authentication;

/// <summary>
/// Bearer tokens of service accounts. A token counts only while its account, and the object it is bound to, exist with the same uid. It stands
/// last in the chain, so that any other bearer token is refused here.
/// </summary>
internal sealed class ServiceAccountTokenAuthenticator(RegistryServices services, ServiceAccountTokens tokens) : IAuthenticator
{
    private const string Scheme = "Bearer ";

    public async ValueTask<UserInfo?> AuthenticateAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? header[Scheme.Length..].Trim()
            : Pipeline.WebSocketUpgrade.BearerToken(context);
        if (token is null)
            return null;
        var claims = tokens.Read(token) ?? throw Failure.Unauthorized();
        var now = services.Time.GetUtcNow();
        if (now >= claims.ExpiresAt || now < claims.NotBefore || !claims.Audiences.Contains(tokens.Issuer)
            || !await IsAliveAsync(claims, context.RequestAborted))
            throw Failure.Unauthorized();
        return UserOf(claims);
    }

    private async ValueTask<bool> IsAliveAsync(TokenClaims claims, CancellationToken cancellation)
    {
        var account = await services.FindAsync<ServiceAccount>("", "serviceaccounts", claims.Namespace, claims.ServiceAccount, cancellation);
        if (account?.Metadata.UID != claims.ServiceAccountUid)
            return false;
        return claims.Bound switch
        {
            null => true,
            ("Pod", var name, var uid) => (await services.FindAsync<Pod>("", "pods", claims.Namespace, name, cancellation))?.Metadata.UID == uid,
            (_, var name, var uid) => (await services.FindAsync<Secret>("", "secrets", claims.Namespace, name, cancellation))?.Metadata.UID == uid,
        };
    }

    private static UserInfo UserOf(TokenClaims claims)
    {
        var extra = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
        {
            ["authentication.kubernetes.io/credential-id"] = ["JTI=" + claims.Id],
        };
        if (claims.Bound is ("Pod", var name, var uid))
        {
            extra["authentication.kubernetes.io/pod-name"] = [name];
            extra["authentication.kubernetes.io/pod-uid"] = [uid];
        }
        if (claims.Node is { } node)
        {
            extra["authentication.kubernetes.io/node-name"] = [node.Name];
            extra["authentication.kubernetes.io/node-uid"] = [node.Uid];
        }
        return UserInfo.Authenticated($"system:serviceaccount:{claims.Namespace}:{claims.ServiceAccount}",
            ["system:serviceaccounts", $"system:serviceaccounts:{claims.Namespace}"]) with
        { Uid = claims.ServiceAccountUid, Extra = extra };
    }
}
