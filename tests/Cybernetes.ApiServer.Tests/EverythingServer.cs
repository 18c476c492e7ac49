using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Tests;

/// <summary>A server that serves every kind in every version, whatever its stage.</summary>
internal static class EverythingServer
{
    public static Task<ServerFixture> StartAsync()
    {
        var gates = FeatureGates.TryParse("AllAlpha=true,AllBeta=true", out var all, out var error) ? all : throw new InvalidOperationException(error);
        var enablement = ApiEnablement.TryParse("api/all=true", out var every, out error) ? every : throw new InvalidOperationException(error);
        return ServerFixture.StartAsync(o => o with { FeatureGates = gates, Enablement = enablement });
    }
}
