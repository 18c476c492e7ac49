using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Metrics;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>The replaceable stages of the pipeline.</summary>
internal sealed class PipelineStages
{
    /// <summary>Asked in order; the first that knows the user wins.</summary>
    public required IReadOnlyList<IAuthenticator> Authenticators { get; init; }

    /// <summary>Paths that are no resources, asked in order.</summary>
    public required IReadOnlyList<IPathHandler> Paths { get; init; }

    public required InFlightLimiter InFlight { get; init; }

    public required RequestMetrics Metrics { get; init; }

    public async ValueTask<UserInfo> AuthenticateAsync(HttpContext http)
    {
        foreach (var authenticator in Authenticators)
        {
            if (await authenticator.AuthenticateAsync(http) is { } user)
                return user;
        }
        return UserInfo.Anonymous;
    }
}
