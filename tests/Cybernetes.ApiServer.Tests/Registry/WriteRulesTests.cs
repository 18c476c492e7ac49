using Cybernetes.Foundation;

namespace Cybernetes.ApiServer.Tests.Registry;

public sealed class WriteRulesTests
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    /// <summary>Chance that never changes: every generated name is the same.</summary>
    private sealed class Always : IRandomSource
    {
        public int Next(int maxExclusive) => 0;

        public double NextDouble() => 0;

        public void Fill(Span<byte> destination) => destination.Clear();
    }

    [Fact]
    public async Task Create_NoFreeGeneratedName_AsksToTryAgain()
    {
        await using var server = await ServerFixture.StartAsync(o => o with { Identities = new IdentitySource(new Always()) });
        const string Body = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"x-"}}""";
        Assert.Equal(201, (await server.SendAsync("POST", Maps, Body)).Code);
        var reply = await server.SendAsync("POST", Maps, Body);

        Assert.Equal((409, "AlreadyExists"), (reply.Code, reply.Reason));
        Assert.Equal("configmaps \"x-bbbbb\" already exists, the server was not able to generate a unique name for the object", reply.Message);
        Assert.Equal("1", reply.At("details.retryAfterSeconds"));
    }

    [Fact]
    public async Task Create_OwnerNamedTwice_KeepsOneAndWarns()
    {
        await using var server = await ServerFixture.StartAsync();
        const string Owner = """{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u1"}""";
        var reply = await server.CreateConfigMapAsync("one", $",\"ownerReferences\":[{Owner},{Owner}]");

        Assert.Equal(201, reply.Code);
        Assert.Single(reply.Json["metadata"]!["ownerReferences"]!.AsArray());
        Assert.Contains("duplicate UID(s) observed: u1", Assert.Single(reply.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Update_OtherUid_IsAFailedPrecondition()
    {
        await using var server = await ServerFixture.StartAsync();
        var uid = (await server.CreateConfigMapAsync("one")).At("metadata.uid");
        var reply = await server.SendAsync("PUT", $"{Maps}/one", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","uid":"other"}}""");

        Assert.Equal(409, reply.Code);
        Assert.Equal("Operation cannot be fulfilled on configmaps \"one\": "
            + $"Precondition failed: UID in precondition: other, UID in object meta: {uid}", reply.Message);
    }

    [Theory]
    [InlineData("POST", "?dryRun=Some", "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: supported values: \"All\"")]
    [InlineData("POST", "?fieldValidation=No",
        "CreateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: \"No\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"")]
    [InlineData("PATCH", "/one?force=true", "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch")]
    [InlineData("DELETE", "/one?propagationPolicy=Sideways",
        "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"Sideways\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"")]
    public async Task Options_OfNoKnownValue_AreInvalid(string method, string query, string message)
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var reply = await server.SendAsync(method, Maps + query, method == "DELETE" ? null : "{}", method == "PATCH" ? "application/merge-patch+json" : "application/json");

        Assert.Equal((422, message), (reply.Code, reply.Message));
    }

    [Theory]
    [InlineData("POST", "", 201)]
    [InlineData("PUT", "/one", 200)]
    [InlineData("PATCH", "/one", 200)]
    [InlineData("DELETE", "/one", 200)]
    [InlineData("DELETE", "", 200)]
    public async Task DryRun_OfEveryVerb_LeavesEverythingAsItWas(string method, string path, int code)
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var before = await server.GetAsync(Maps);
        var name = method == "POST" ? "two" : "one";
        var body = method switch
        {
            "DELETE" => null,
            "PATCH" => """{"data":{"a":"9"}}""",
            _ => $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{"a":"9"}}""",
        };
        var reply = await server.SendAsync(method, $"{Maps}{path}?dryRun=All", body, method == "PATCH" ? "application/merge-patch+json" : "application/json");

        Assert.Equal(code, reply.Code);
        Assert.Equal(before.Json["items"]!.ToJsonString(), (await server.GetAsync(Maps)).Json["items"]!.ToJsonString());
    }

    [Fact]
    public async Task Patch_TooManyOperations_IsTooLarge()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var operations = string.Join(',', Enumerable.Repeat("""{"op":"test","path":"/kind","value":"ConfigMap"}""", 10_001));
        var reply = await server.SendAsync("PATCH", $"{Maps}/one", $"[{operations}]", "application/json-patch+json");

        Assert.Equal((413, "RequestEntityTooLarge"), (reply.Code, reply.Reason));
        Assert.Equal("Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001", reply.Message);
    }

    [Fact]
    public async Task Patch_OldRevision_IsAConflictAndNoRetry()
    {
        await using var server = await ServerFixture.StartAsync();
        var revision = (await server.CreateConfigMapAsync("one")).At("metadata.resourceVersion");
        await server.SendAsync("PATCH", $"{Maps}/one", """{"data":{"a":"2"}}""", "application/merge-patch+json");
        var reply = await server.SendAsync(
            "PATCH", $"{Maps}/one", $$$"""{"metadata":{"resourceVersion":"{{{revision}}}"},"data":{"a":"3"}}""", "application/merge-patch+json");

        Assert.Equal((409, "Conflict"), (reply.Code, reply.Reason));
    }
}
