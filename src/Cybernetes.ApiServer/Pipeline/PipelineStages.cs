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

    public ValueTask<UserInfo> AuthenticateAsync(HttpContext http)
    {
        for (var i = 0; i < Authenticators.Count; i++)
        {
            var asked = Authenticators[i].AuthenticateAsync(http);
            if (!asked.IsCompletedSuccessfully)
                return AuthenticateAsync(http, asked, i + 1);
            if (asked.Result is { } user)
                return new(user);
        }
        return new(UserInfo.Anonymous);
    }

    private async ValueTask<UserInfo> AuthenticateAsync(HttpContext http, ValueTask<UserInfo?> asked, int next)
    {
        var user = await asked;
        while (user is null && next < Authenticators.Count)
            user = await Authenticators[next++].AuthenticateAsync(http);
        return user ?? UserInfo.Anonymous;
    }
}
