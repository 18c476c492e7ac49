using System.Net;
using System.Text;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Jobs;
using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.Jobs;

public sealed class FinalizerRemovalTests
{
    [Theory]
    [InlineData(HttpStatusCode.OK, true)]
    [InlineData(HttpStatusCode.NotFound, true)]
    [InlineData(HttpStatusCode.Conflict, false)] // a pod counted with the finalizer on it was counted again by the next leader
    [InlineData(HttpStatusCode.InternalServerError, false)]
    public async Task Remove_AnswerOfTheServer_TellsWhetherThePodMayBeCounted(HttpStatusCode code, bool isReleased)
    {
        using var client = new ApiClient(new Answering(code), new Uri("http://api.test"), new() { Time = new VirtualTimeProvider() });
        var pod = new Pod { Metadata = { Namespace = "n", Name = "p", UID = "u", Finalizers = [JobPods.Finalizer] } };
        var (released, failure) = await FinalizerRemoval.RemoveAsync(client, [pod], TestContext.Current.CancellationToken);
        Assert.Equal(isReleased, released.Contains("u"));
        Assert.Equal(isReleased, failure is null);
    }

    private sealed class Answering(HttpStatusCode code) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(code)
            {
                RequestMessage = request,
                Content = new StringContent(
                    code == HttpStatusCode.OK ? "{}" : $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"{{code}}","code":{{(int)code}}}""",
                    Encoding.UTF8, "application/json"),
            });
    }
}
