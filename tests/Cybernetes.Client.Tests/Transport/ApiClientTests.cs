using System.Net;
using System.Net.Http.Headers;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Client.Tests.Transport;

public sealed class ApiClientTests
{
    private const string PodJson =
        """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","resourceVersion":"5"}}""";

    private readonly VirtualTimeProvider _time = new();
    private readonly ScriptedApi _api = new();

    public static TheoryData<string, Func<ApiClient, Task>> Calls => new()
    {
        { "GET /api/v1/namespaces/ns/pods/a", client => client.For<Pod>().GetAsync("ns", "a") },
        { "GET /api/v1/nodes/a", client => client.For<Node>().GetAsync(null, "a") },
        { "GET /api/v1/pods?labelSelector=app%3Dweb%2Ctier%20in%20%28a%29&limit=3",
            client => client.For<Pod>().ListAsync(null, new ListQuery { LabelSelector = "app=web,tier in (a)", Limit = 3 }) },
        { "POST /api/v1/namespaces/ns/pods?dryRun=All&fieldManager=me", client => client.For<Pod>().CreateAsync(
            new Pod { Metadata = new ObjectMeta { Namespace = "ns" } }, new WriteOptions { DryRun = true,
                FieldManager = "me" }) },
        { "PUT /api/v1/namespaces/ns/pods/a", client => client.For<Pod>().UpdateAsync(Named()) },
        { "PUT /api/v1/namespaces/ns/pods/a/status", client => client.For<Pod>().UpdateStatusAsync(Named()) },
        { "PATCH /api/v1/namespaces/ns/pods/a/status",
            client => client.For<Pod>().PatchAsync("ns", "a", ObjectPatch.Merge("{}"), subresource: "status") },
        { "DELETE /api/v1/namespaces/ns/pods/a", client => client.For<Pod>().DeleteAsync("ns", "a") },
        { "DELETE /api/v1/namespaces/ns/pods?fieldSelector=spec.nodeName%3Dn",
            client => client.For<Pod>().DeleteCollectionAsync("ns", new ListQuery { FieldSelector = "spec.nodeName=n" }) },
        { "POST /api/v1/namespaces/ns/pods/a/binding", client => client.BindAsync(new Binding { Metadata = Named().Metadata }) },
        { "POST /api/v1/namespaces/ns/pods/a/eviction",
            client => client.EvictAsync(new Objects.Policy.V1.Eviction { Metadata = Named().Metadata }) },
        { "GET /apis/apps/v1/namespaces/ns/deployments/a/scale",
            client => client.GetScaleAsync<Objects.Apps.V1.Deployment>("ns", "a") },
        { "GET /api/v1/namespaces/ns/pods/a/log?container=c&follow=true&tailLines=0",
            client => client.OpenLogAsync("ns", "a", new PodLogQuery { Container = "c", Follow = true, TailLines = 0 }) },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Calls))]
    public async Task Call_Typed_AsksForThePath(string expected, Func<ApiClient, Task> call)
    {
        _api.Json(PodJson);
        await call(_api.Client(_time));
        Assert.Equal([expected], _api.Requests);
    }

    [Fact]
    public async Task Delete_WithOptions_SendsThemAsTheirKind()
    {
        _api.Json(PodJson);
        await _api.Client(_time).For<Pod>().DeleteAsync("ns", "a", new DeleteOptions { GracePeriodSeconds = 0 });
        Assert.Contains("\"kind\":\"DeleteOptions\"", _api.Bodies[0]);
        Assert.Contains("\"gracePeriodSeconds\":0", _api.Bodies[0]);
    }

    [Fact]
    public async Task Call_EmptyName_IsRefusedBeforeItBecomesAList() =>
        await Assert.ThrowsAsync<ArgumentException>(() => _api.Client(_time).For<Pod>().GetAsync("ns", ""));

    [Fact]
    public async Task Call_StatusAnswer_IsThrownWhole()
    {
        _api.Json(
            """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods \"a\" not found",
            "reason":"NotFound",
            "details":{"name":"a","kind":"pods"},"code":404}
            """,
            HttpStatusCode.NotFound);
        ApiStatusException failure = await Assert.ThrowsAsync<ApiStatusException>(
            () => _api.Client(_time).For<Pod>().GetAsync("ns", "a"));
        Assert.True(failure.IsNotFound);
        Assert.Equal("pods \"a\" not found", failure.Message);
        Assert.Equal("pods", failure.Status.Details!.Kind);
    }

    [Theory]
    [InlineData(401, "Unauthorized")]
    [InlineData(403, "Forbidden")]
    [InlineData(404, "NotFound")]
    [InlineData(409, "Conflict")]
    [InlineData(422, "Invalid")]
    [InlineData(503, "ServiceUnavailable")]
    public async Task Call_AnswerWithoutStatus_GetsTheReasonOfItsCode(int code, string reason)
    {
        _api.Json("<html>no</html>", (HttpStatusCode)code);
        ApiStatusException failure = await Assert.ThrowsAsync<ApiStatusException>(
            () => _api.Client(_time).For<Pod>().GetAsync("ns", "a"));
        Assert.Equal((code, reason), (failure.Code, failure.Reason));
    }

    [Fact]
    public async Task Find_Missing_IsNull()
    {
        _api.Json("", HttpStatusCode.NotFound);
        Assert.Null(await _api.Client(_time).For<Pod>().FindAsync("ns", "a"));
    }

    [Fact]
    public async Task Call_NoConnection_IsTriedAgainWithTheSameBody()
    {
        _api.Fail(HttpRequestError.ConnectionError).Fail(HttpRequestError.ConnectionError).Json(PodJson);
        await Within(_api.Client(_time).For<Pod>().CreateAsync(Named()));
        Assert.Equal(3, _api.Requests.Count);
        Assert.Equal(_api.Bodies[0], _api.Bodies[2]);
        Assert.NotEmpty(_api.Bodies[0]);
    }

    [Fact]
    public async Task Call_ConnectionLostOnTheWay_IsNotRepeated()
    {
        _api.Fail(HttpRequestError.ResponseEnded).Json(PodJson);
        await Assert.ThrowsAsync<HttpRequestException>(() => _api.Client(_time).For<Pod>().CreateAsync(Named()));
        Assert.Single(_api.Requests);
    }

    [Fact]
    public async Task Call_TooManyRequests_WaitsAsLongAsAsked()
    {
        _api.Then(_ => Busy(7)).Then(_ => Busy(3)).Json(PodJson);
        await Within(_api.Client(_time).For<Pod>().CreateAsync(Named()));
        Assert.Equal(3, _api.Requests.Count);
        Assert.True(_time.GetUtcNow() - VirtualTimeProvider.DefaultStart >= TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Call_TooManyRequestsWithoutRetryAfter_IsThrown()
    {
        _api.Json(
            """{"kind":"Status","apiVersion":"v1","reason":"TooManyRequests","code":429}""", HttpStatusCode.TooManyRequests);
        ApiStatusException failure = await Assert.ThrowsAsync<ApiStatusException>(
            () => _api.Client(_time).EvictAsync(new Objects.Policy.V1.Eviction { Metadata = Named().Metadata }));
        Assert.True(failure.IsTooManyRequests);
    }

    [Fact]
    public async Task Call_NoAnswer_TimesOut()
    {
        var client = new ApiClient(
            _api, new Uri("http://api.test"), ScriptedApi.OptionsFor(_time) with { CallTimeout = TimeSpan.FromSeconds(60) });
        await Assert.ThrowsAsync<TimeoutException>(() => Within(client.For<Pod>().GetAsync("ns", "a")));
        Assert.True(_time.GetUtcNow() - VirtualTimeProvider.DefaultStart >= TimeSpan.FromSeconds(60));
    }

    private async Task Within(Task call)
    {
        while (!call.IsCompleted)
            await _time.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        await call;
    }

    private static Pod Named() => new() { Metadata = new ObjectMeta { Name = "a", Namespace = "ns" } };

    private static HttpResponseMessage Busy(int seconds)
    {
        HttpResponseMessage response = ScriptedApi.Answer("", HttpStatusCode.TooManyRequests);
        response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds));
        return response;
    }
}
