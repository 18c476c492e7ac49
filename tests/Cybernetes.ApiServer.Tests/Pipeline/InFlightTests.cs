namespace Cybernetes.ApiServer.Tests.Pipeline;

public sealed class InFlightTests
{
    private const string Path = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task Requests_OneAfterAnother_GiveTheirPlacesBack()
    {
        await using var server = await ServerFixture.StartAsync(o => o with { MaxRequestsInFlight = 1, MaxMutatingRequestsInFlight = 1 });
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await server.SendAsync("GET", "/api/v1/namespaces/default")).Code);
            Assert.Equal(404, (await server.SendAsync("GET", Path + "/none")).Code);
            Assert.Equal(400, (await server.SendAsync("POST", Path, "no object")).Code);
            Assert.Equal(404, (await server.SendAsync("GET", "/apis/none/v1/things")).Code);
        }
    }

    [Fact]
    public async Task Requests_NoPlaceLeft_TooManyAndWhenToComeAgain()
    {
        await using var server = await ServerFixture.StartAsync(o => o with { MaxRequestsInFlight = 1 });
        Assert.True(server.Host.InFlight.TryEnter(mutating: false));
        using var refused = await server.Client.GetAsync(Path + "/x");
        using var watch = await server.Client.GetAsync(Path + "?watch=1", HttpCompletionOption.ResponseHeadersRead);
        server.Host.InFlight.Leave(mutating: false);

        Assert.Equal(429, (int)refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
        Assert.Equal(200, (int)watch.StatusCode);
        Assert.Equal(404, (await server.SendAsync("GET", Path + "/x")).Code);
    }
}
