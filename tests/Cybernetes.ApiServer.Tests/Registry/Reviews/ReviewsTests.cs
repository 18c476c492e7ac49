namespace Cybernetes.ApiServer.Tests.Registry.Reviews;

public sealed class ReviewsTests
{
    private const string Authorization = "/apis/authorization.k8s.io/v1";
    private const string Authentication = "/apis/authentication.k8s.io/v1";

    [Fact]
    public async Task SelfSubjectReview_Post_SaysWhoAsks()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Authentication + "/selfsubjectreviews", "{}");

        Assert.Equal(201, reply.Code);
        Assert.Equal("admin", reply.At("status.userInfo.username"));
        Assert.Equal("""["system:masters","system:authenticated"]""", reply.At("status.userInfo.groups"));
    }

    [Fact]
    public async Task SelfSubjectAccessReview_Post_IsAnswered()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Authorization + "/selfsubjectaccessreviews",
            """{"spec":{"resourceAttributes":{"verb":"list","resource":"pods"}}}""");

        Assert.Equal("true", reply.At("status.allowed"));
    }

    [Theory]
    [InlineData("someone", "true")]
    [InlineData("system:anonymous", "false")]
    public async Task SubjectAccessReview_OfOthers_IsAnswered(string user, string allowed)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Authorization + "/subjectaccessreviews",
            $$$"""{"spec":{"user":"{{{user}}}","resourceAttributes":{"verb":"list","resource":"pods"} } }""");

        Assert.Equal(allowed, reply.At("status.allowed"));
    }

    [Fact]
    public async Task SubjectAccessReview_OlderVersion_KnowsItsGroups()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", "/apis/authorization.k8s.io/v1beta1/subjectaccessreviews",
            """{"spec":{"group":["g"],"resourceAttributes":{"verb":"list","resource":"pods"}}}""");

        Assert.Equal(201, reply.Code);
        Assert.Equal("authorization.k8s.io/v1beta1", reply.At("apiVersion"));
        Assert.Equal("""["g"]""", reply.At("spec.group"));
        Assert.Contains("use authorization.k8s.io/v1 SubjectAccessReview", Assert.Single(reply.Warnings));
    }

    [Theory]
    [InlineData("selfsubjectaccessreviews", "{}", "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified")]
    [InlineData("subjectaccessreviews", """{"spec":{"resourceAttributes":{}}}""", "spec.user: Invalid value: \"\": at least one of user or group must be specified")]
    public async Task Reviews_Incomplete_Explain(string resource, string body, string expected)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", $"{Authorization}/{resource}", body);

        Assert.Equal(422, reply.Code);
        Assert.Contains(expected, reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LocalSubjectAccessReview_OtherNamespace_IsRefused()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Authorization + "/namespaces/default/localsubjectaccessreviews",
            """{"spec":{"user":"u","resourceAttributes":{"namespace":"other","verb":"get"}}}""");

        Assert.Equal(422, reply.Code);
        Assert.Contains("spec.resourceAttributes.namespace: Invalid value: \"other\": must match metadata.namespace", reply.Message);
    }

    [Fact]
    public async Task SelfSubjectRulesReview_Post_ListsTheRules()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Authorization + "/selfsubjectrulesreviews", """{"spec":{"namespace":"default"}}""");

        Assert.Equal("""[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}]""", reply.At("status.resourceRules"));
        Assert.Equal("false", reply.At("status.incomplete"));
    }

    [Fact]
    public async Task TokenReview_WrongToken_IsNotAuthenticated()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Authentication + "/tokenreviews", """{"spec":{"token":"nonsense"}}""");

        Assert.Equal(201, reply.Code);
        Assert.Equal("invalid bearer token", reply.At("status.error"));
        Assert.Equal(400, (await server.SendAsync("POST", Authentication + "/tokenreviews", "{}")).Code);
    }

    [Fact]
    public async Task Reviews_Read_IsNoMethod()
    {
        await using var server = await ServerFixture.StartAsync();

        Assert.Equal(405, (await server.GetAsync(Authorization + "/selfsubjectaccessreviews")).Code);
        var listing = (await server.GetAsync(Authorization)).Json["resources"]!.AsArray();
        Assert.All(listing, r => Assert.Equal("""["create"]""", r!["verbs"]!.ToJsonString()));
        Assert.All(listing, r => Assert.Null(r!["storageVersionHash"]));
    }

    [Fact]
    public async Task Bindings_Post_BindsThePod()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"metadata":{"name":"default"}}""");
        await server.SendAsync("POST", "/api/v1/namespaces/default/pods", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        var reply = await server.SendAsync("POST", "/api/v1/namespaces/default/bindings",
            """{"apiVersion":"v1","kind":"Binding","metadata":{"name":"p"},"target":{"kind":"Node","name":"n1"}}""");

        Assert.Equal(201, reply.Code);
        Assert.Equal("n1", (await server.GetAsync("/api/v1/namespaces/default/pods/p")).At("spec.nodeName"));
    }
}
