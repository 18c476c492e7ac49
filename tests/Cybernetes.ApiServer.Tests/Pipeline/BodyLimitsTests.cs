using System.Text;

namespace Cybernetes.ApiServer.Tests.Pipeline;

public sealed class BodyLimitsTests
{
    private const string Collection = "/api/v1/namespaces/default/configmaps";

    [Theory]
    [InlineData("POST", Collection, "application/json")]
    [InlineData("PUT", Collection + "/one", "application/yaml")]
    [InlineData("PATCH", Collection + "/one", "application/merge-patch+json")]
    [InlineData("DELETE", Collection + "/one", "application/json")]
    public async Task Body_AboveTheLimit_IsRefusedWithIt(string method, string path, string media)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync(method, path, "{\"data\":{\"a\":\"" + new string('x', 3 * 1024 * 1024) + "\"}}", media);

        Assert.Equal((413, "RequestEntityTooLarge"), (reply.Code, reply.Reason));
        Assert.Equal("Request entity too large: limit is 3145728", reply.Message);
    }

    [Theory]
    [InlineData("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":", 10_000, "exceeded max depth")]
    [InlineData("{\"metadata\":", 100_000, "exceeded max depth")]
    public async Task Body_NestedTooDeep_IsABadRequest(string start, int depth, string message)
    {
        await using var server = await ServerFixture.StartAsync();
        var body = new StringBuilder(start).Insert(start.Length, "{\"a\":", depth).Append('1').Append('}', depth + 1);
        var reply = await server.SendAsync("POST", Collection, body.ToString());

        Assert.Equal(400, reply.Code);
        Assert.Contains(message, reply.Message);
    }
}
