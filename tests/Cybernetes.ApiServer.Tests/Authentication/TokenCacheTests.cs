using System.Security.Cryptography;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Foundation;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Tests.Authentication;

public sealed class TokenCacheTests
{
    private const string Account = "/api/v1/namespaces/default/serviceaccounts/robot";

    [Fact]
    public async Task Token_UsedAgain_SameUserUntilItExpires()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var time = new VirtualTimeProvider();
        await using var server = await StartAsync(key, time);
        var (authenticator, token) = await TokenAsync(server, key);

        var first = await AskAsync(authenticator, token);
        Assert.Equal("system:serviceaccount:default:robot", first!.Name);
        Assert.Same(first, await AskAsync(authenticator, token));
        time.Advance(TimeSpan.FromSeconds(601));
        await Assert.ThrowsAsync<RequestFailure>(() => AskAsync(authenticator, token));
    }

    [Fact]
    public async Task Token_AccountDeletedAndMadeAgain_IsRefused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var server = await StartAsync(key, TimeProvider.System);
        var (authenticator, token) = await TokenAsync(server, key);
        Assert.NotNull(await AskAsync(authenticator, token));

        await server.SendAsync("DELETE", Account);
        await CreateAccountAsync(server);
        await Assert.ThrowsAsync<RequestFailure>(() => AskAsync(authenticator, token));
    }

    [Fact]
    public async Task Token_ChangedByOneCharacter_IsRefusedBesideTheGoodOne()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var server = await StartAsync(key, TimeProvider.System);
        var (authenticator, token) = await TokenAsync(server, key);
        Assert.NotNull(await AskAsync(authenticator, token));

        var at = token.IndexOf('.', StringComparison.Ordinal) + 5;
        var changed = token[..at] + (token[at] == 'A' ? 'B' : 'A') + token[(at + 1)..];
        await Assert.ThrowsAsync<RequestFailure>(() => AskAsync(authenticator, changed));
    }

    private static Task<ServerFixture> StartAsync(ECDsa key, TimeProvider time) =>
        ServerFixture.StartAsync(o => o with { ServiceAccountKey = key, Time = time });

    private static async Task CreateAccountAsync(ServerFixture server)
    {
        var made = await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts",
            """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"robot"}}""");
        Assert.Equal(201, made.Code);
    }

    private static async Task<(ServiceAccountTokenAuthenticator Authenticator, string Token)> TokenAsync(ServerFixture server, ECDsa key)
    {
        await CreateAccountAsync(server);
        var reply = await server.SendAsync("POST", Account + "/token",
            """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}}""");
        Assert.Equal(201, reply.Code);
        var tokens = new ServiceAccountTokens(key, "https://kubernetes.default.svc.cluster.local");
        return (new(server.Host.Services, tokens, new(server.Host.Services, new())), reply.At("status.token"));
    }

    private static async Task<UserInfo?> AskAsync(ServiceAccountTokenAuthenticator authenticator, string token)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Authorization = "Bearer " + token;
        return await authenticator.AuthenticateAsync(http);
    }
}
