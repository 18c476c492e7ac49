using System.Net;
using System.Text;
using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Plugins.Binding;

namespace Cybernetes.Scheduler.Tests.Plugins;

public sealed class DefaultBinderTests
{
    private static readonly Uri s_server = new("https://server.test");
    private static readonly Pod s_pod = new() { Metadata = { Namespace = "default", Name = "web", UID = "u" } };

    /// <summary>What the server holds when the answer to a binding to node a does not come, and whether the pod counts as bound.</summary>
    [Theory]
    [InlineData("u", "a", true)]
    [InlineData("u", "", false)]
    [InlineData("u", "b", false)]
    [InlineData("other", "a", false)]
    public async Task Bind_AnswerLost_IsAsTheServerHasIt(string uid, string node, bool isBound)
    {
        using var client = new ApiClient(new Server(uid, node), s_server, new());
        var binding = new DefaultBinder(client).BindAsync(s_pod, "a", TestContext.Current.CancellationToken);

        if (isBound)
            Assert.True(await binding);
        else
            await Assert.ThrowsAsync<HttpRequestException>(() => binding);
    }

    private sealed class Server(string uid, string node) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method != HttpMethod.Get)
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "the answer was lost");
            var pod = $$$"""{"kind":"Pod","apiVersion":"v1","metadata":{"namespace":"default","name":"web","uid":"{{{uid}}}"},"spec":{"nodeName":"{{{node}}}"}}""";
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(pod, Encoding.UTF8, "application/json") });
        }
    }
}
