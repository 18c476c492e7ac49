using System.Collections.Concurrent;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Authentication;

/// <summary>
/// Bearer tokens of service accounts. A token counts only while its account, and the object it is bound to, exist with the same uid. It stands
/// last in the chain, so that any other bearer token is refused here.
/// </summary>
internal sealed class ServiceAccountTokenAuthenticator(
    RegistryServices services, ServiceAccountTokens tokens, SecretTokens secrets) : IAuthenticator
{
    private const string Scheme = "Bearer ";
    private const int MaxKept = 4096;

    // Tokens whose signature was found good, with what they say. Times, audience and the objects they live by are looked at each time.
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    private sealed record Known(TokenClaims Claims, UserInfo User);

    public ValueTask<UserInfo?> AuthenticateAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? header[Scheme.Length..].Trim()
            : Pipeline.WebSocketUpgrade.BearerToken(context);
        return token is null ? new((UserInfo?)null) : AuthenticateAsync(context, token, context.RequestAborted);
    }

    private async ValueTask<UserInfo?> AuthenticateAsync(HttpContext context, string token, CancellationToken cancellation)
    {
        var now = services.Time.GetUtcNow();
        if (!_known.TryGetValue(token, out var known))
            known = Read(token, now);
        var claims = known.Claims;
        if (now >= claims.ExpiresAt || now < claims.NotBefore || !await IsAliveAsync(context, claims, token, cancellation))
        {
            _known.TryRemove(token, out _);
            throw Failure.Unauthorized();
        }
        return known.User;
    }

    private Known Read(string token, DateTimeOffset now)
    {
        var claims = tokens.Read(token);
        if (claims is null || !claims.Audiences.Contains(tokens.Issuer))
            throw Failure.Unauthorized();
        var known = new Known(claims, UserOf(claims));
        if (_known.Count >= MaxKept)
            _known.Clear();
        if (now < claims.ExpiresAt)
            _known[token] = known;
        return known;
    }

    private async ValueTask<bool> IsAliveAsync(HttpContext context, TokenClaims claims, string token, CancellationToken cancellation)
    {
        if (!await IsAsync("serviceaccounts", claims.Namespace, claims.ServiceAccount, claims.ServiceAccountUid, cancellation))
            return false;
        return claims.Bound switch
        {
            null => true,
            ("Secret", _, _) => await secrets.AdmitAsync(context, claims, token, cancellation),
            (_, var name, var uid) => await IsAsync("pods", claims.Namespace, name, uid, cancellation),
        };
    }

    private async ValueTask<bool> IsAsync(string plural, string ns, string name, string uid, CancellationToken cancellation) =>
        services.Catalog.FindStored("", plural) is { } kind
        && await services.FindAsync(kind, ns, name, cancellation) is { } record && StoredJson.Uid(record.Value) == uid;

    private static UserInfo UserOf(TokenClaims claims)
    {
        var extra = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        if (claims.Id.Length > 0)
            extra["authentication.kubernetes.io/credential-id"] = ["JTI=" + claims.Id];
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
