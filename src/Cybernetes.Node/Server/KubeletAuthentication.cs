using Cybernetes.Foundation.Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.Node.Server;

/// <summary>Who a request comes from: the client certificate (common name and organisations), or the bearer token.</summary>
internal static class KubeletAuthentication
{
    private static readonly object UserKey = new();

    /// <returns>Null when the request shows nothing that is believed.</returns>
    public static async ValueTask<KubeletUser?> FindUserAsync(
        HttpContext context, KubeletServerOptions options, TimeProvider time, CancellationToken cancellation)
    {
        // A connection's certificate does not change, so it is checked once.
        var items = context.Features.Get<IConnectionItemsFeature>()?.Items;
        if (items is not null && items.TryGetValue(UserKey, out var known))
            return (KubeletUser)known!;
        if (context.Connection.ClientCertificate is { } certificate
            && ClientCertificates.Verify(certificate, options.ClientAuthorities(), time.GetUtcNow()) is { } shown)
        {
            var user = new KubeletUser(shown.Name, shown.Organizations);
            items?[UserKey] = user;
            return user;
        }

        const string Bearer = "Bearer ";
        var authorization = context.Request.Headers.Authorization.ToString();
        return options.ReviewToken is { } review && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? await review(authorization[Bearer.Length..].Trim(), cancellation).ConfigureAwait(false)
            : null;
    }
}
