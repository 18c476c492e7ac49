namespace Cybernetes.ApiServer.Tests.Registry;

public sealed class ObjectVerbsTests
{
    private const string Collection = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task Create_NewObject_AnswersItWithSystemFields()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.CreateConfigMapAsync("one");

        Assert.Equal(201, reply.Code);
        Assert.Equal("ConfigMap", reply.At("kind"));
        Assert.Equal("default", reply.At("metadata.namespace"));
        Assert.Equal(36, reply.At("metadata.uid").Length);
        Assert.Matches("^[0-9]+$", reply.At("metadata.resourceVersion"));
        Assert.Matches("^20..-..-..T..:..:..Z$", reply.At("metadata.creationTimestamp"));
        var read = await server.GetAsync($"{Collection}/one");
        Assert.Equal(reply.Text, read.Text);
    }

    [Fact]
    public async Task Create_Twice_IsAlreadyExists()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var reply = await server.CreateConfigMapAsync("one");

        Assert.Equal(409, reply.Code);
        Assert.Equal("AlreadyExists", reply.Reason);
        Assert.Equal("configmaps \"one\" already exists", reply.Message);
        Assert.Equal("configmaps", reply.At("details.kind"));
    }

    [Fact]
    public async Task Create_GenerateName_AddsASuffix()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Collection, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"x-"}}""");

        Assert.Equal(201, reply.Code);
        Assert.Matches("^x-[a-z0-9]{5}$", reply.At("metadata.name"));
    }

    [Fact]
    public async Task Create_InMissingNamespace_NamesTheNamespace()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.CreateConfigMapAsync("one", ns: "nowhere");

        Assert.Equal(404, reply.Code);
        Assert.Equal("namespaces \"nowhere\" not found", reply.Message);
    }

    [Fact]
    public async Task Create_BadNameAndLabel_ListsBothCauses()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.CreateConfigMapAsync("Bad_Name", ",\"labels\":{\"a b\":\"c\"}");

        Assert.Equal(422, reply.Code);
        Assert.Equal("Invalid", reply.Reason);
        Assert.StartsWith("ConfigMap \"Bad_Name\" is invalid: [metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain", reply.Message);
        Assert.Equal("metadata.labels", reply.At("details.causes.1.field"));
        Assert.Equal("FieldValueInvalid", reply.At("details.causes.1.reason"));
    }

    [Fact]
    public async Task Create_DryRun_KeepsNothing()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Collection + "?dryRun=All", """{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"dry"}}""");

        Assert.Equal(201, reply.Code);
        Assert.Equal(404, (await server.GetAsync($"{Collection}/dry")).Code);
    }

    [Theory]
    [InlineData("Strict", 400, 0)]
    [InlineData("Warn", 201, 1)]
    [InlineData("Ignore", 201, 0)]
    public async Task Create_UnknownField_FollowsFieldValidation(string validation, int code, int warnings)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", $"{Collection}?fieldValidation={validation}",
            """{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"odd"},"spec":{}}""");

        Assert.Equal(code, reply.Code);
        Assert.Equal(warnings, reply.Warnings.Count);
        if (code == 400)
            Assert.Equal("ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"spec\"", reply.Message);
    }

    [Theory]
    [InlineData("{", "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: ")]
    [InlineData("""{"kind":"ConfigMap","apiVersion":"v1","data":{"a":1}}""",
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string")]
    [InlineData("[]", "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: "
        + "json: cannot unmarshal array into Go value of type struct { APIVersion string ")]
    [InlineData("", "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: "
        + "unexpected end of JSON input (<empty>)")]
    [InlineData("{}x", "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'x'")]
    [InlineData("""{"kind":"ConfigMap","apiVersion":"v2"}""", "the API version in the data (v2) does not match the expected API version (v1)")]
    public async Task Create_MalformedBody_IsBadRequest(string body, string message)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Collection, body);

        Assert.Equal(400, reply.Code);
        Assert.StartsWith(message, reply.Message);
    }

    [Fact]
    public async Task Create_DeeplyNested_IsBadRequest()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Collection, string.Concat(Enumerable.Repeat("{\"a\":", 50_000)) + "1" + new string('}', 50_000));

        Assert.Equal(400, reply.Code);
        Assert.Contains("json parse error: exceeded max depth", reply.Message);
    }

    [Fact]
    public async Task Create_Yaml_IsRead()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Collection, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: \"yes\"\n",
            "application/yaml");

        Assert.Equal(201, reply.Code);
        Assert.Equal("yes", reply.At("data.a"));
    }

    [Fact]
    public async Task Create_HugeBody_IsTooLarge()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Collection, new string(' ', (3 * 1024 * 1024) + 1));

        Assert.Equal(413, reply.Code);
        Assert.Equal("Request entity too large: limit is 3145728", reply.Message);
    }

    [Fact]
    public async Task Create_UnknownContentType_IsUnsupported()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", Collection, "x", "text/plain");

        Assert.Equal(415, reply.Code);
        Assert.Equal("UnsupportedMediaType", reply.Reason);
    }

    [Fact]
    public async Task Update_StaleVersion_IsConflict()
    {
        await using var server = await ServerFixture.StartAsync();
        var first = await server.CreateConfigMapAsync("one");
        var changed = first.Text.Replace("\"a\":\"1\"", "\"a\":\"2\"");
        Assert.Equal(200, (await server.SendAsync("PUT", $"{Collection}/one", changed)).Code);
        var reply = await server.SendAsync("PUT", $"{Collection}/one", changed);

        Assert.Equal(409, reply.Code);
        Assert.Equal("Operation cannot be fulfilled on configmaps \"one\": the object has been modified; "
            + "please apply your changes to the latest version and try again", reply.Message);
    }

    [Fact]
    public async Task Update_Unchanged_KeepsResourceVersion()
    {
        await using var server = await ServerFixture.StartAsync();
        var first = await server.CreateConfigMapAsync("one");
        var reply = await server.SendAsync("PUT", $"{Collection}/one", first.Text);

        Assert.Equal(200, reply.Code);
        Assert.Equal(first.At("metadata.resourceVersion"), reply.At("metadata.resourceVersion"));
    }

    [Theory]
    [InlineData("application/merge-patch+json", """{"data":{"a":null,"b":"2"}}""")]
    [InlineData("application/strategic-merge-patch+json", """{"data":{"a":null,"b":"2"}}""")]
    [InlineData("application/json-patch+json", """[{"op":"remove","path":"/data/a"},{"op":"add","path":"/data/b","value":"2"}]""")]
    public async Task Patch_OfEachType_ChangesTheObject(string contentType, string patch)
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var reply = await server.SendAsync("PATCH", $"{Collection}/one", patch, contentType);

        Assert.Equal(200, reply.Code);
        Assert.Equal("""{"b":"2"}""", reply.At("data"));
    }

    [Fact]
    public async Task Patch_Concurrent_LosesNothing()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var replies = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => server.SendAsync(
            "PATCH", $"{Collection}/one", $$$"""{"data":{"k{{{i}}}":"v"}}""", "application/merge-patch+json")));

        Assert.All(replies, r => Assert.Equal(200, r.Code));
        Assert.Equal(13, (await server.GetAsync($"{Collection}/one")).Json["data"]!.AsObject().Count);
    }

    [Fact]
    public async Task Delete_PlainObject_AnswersStatusAndIsGone()
    {
        await using var server = await ServerFixture.StartAsync();
        var created = await server.CreateConfigMapAsync("one");
        var reply = await server.SendAsync("DELETE", $"{Collection}/one");

        Assert.Equal(200, reply.Code);
        Assert.Equal("Success", reply.At("status"));
        Assert.Equal(created.At("metadata.uid"), reply.At("details.uid"));
        Assert.Equal(404, (await server.GetAsync($"{Collection}/one")).Code);
    }

    [Fact]
    public async Task Delete_WithFinalizer_StaysUntilItIsTaken()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one", ",\"finalizers\":[\"example.com/hold\"]");
        var marked = await server.SendAsync("DELETE", $"{Collection}/one");
        Assert.NotEqual("", marked.At("metadata.deletionTimestamp"));
        var added = await server.SendAsync("PATCH", $"{Collection}/one", """{"metadata":{"finalizers":["example.com/hold","example.com/more"]}}""",
            "application/merge-patch+json");
        Assert.Equal(422, added.Code);
        Assert.Contains("no new finalizers can be added if the object is being deleted", added.Message);
        var freed = await server.SendAsync("PATCH", $"{Collection}/one", """{"metadata":{"finalizers":null}}""", "application/merge-patch+json");

        Assert.Equal(200, freed.Code);
        Assert.Equal(404, (await server.GetAsync($"{Collection}/one")).Code);
    }

    [Theory]
    [InlineData("Foreground", "foregroundDeletion")]
    [InlineData("Orphan", "orphan")]
    public async Task Delete_WithPropagation_SetsItsFinalizer(string policy, string finalizer)
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var reply = await server.SendAsync("DELETE", $"{Collection}/one",
            $$$"""{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"{{{policy}}}"}""");

        Assert.Equal(200, reply.Code);
        Assert.Equal($"[\"{finalizer}\"]", reply.At("metadata.finalizers"));
    }

    [Fact]
    public async Task Delete_WrongUid_IsConflict()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var reply = await server.SendAsync("DELETE", $"{Collection}/one", """{"preconditions":{"uid":"other"}}""");

        Assert.Equal(409, reply.Code);
        Assert.Contains("Precondition failed: UID in precondition: other", reply.Message);
    }

    [Fact]
    public async Task DeleteCollection_WithSelector_DeletesWhatMatches()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one", ",\"labels\":{\"x\":\"1\"}");
        await server.CreateConfigMapAsync("two", ",\"labels\":{\"x\":\"2\"}");
        var reply = await server.SendAsync("DELETE", $"{Collection}?labelSelector=x%3D1");

        Assert.Equal(200, reply.Code);
        Assert.Equal(404, (await server.GetAsync($"{Collection}/one")).Code);
        Assert.Equal(200, (await server.GetAsync($"{Collection}/two")).Code);
    }

    [Fact]
    public async Task Namespace_DeletedAndFinalized_Goes()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.SendAsync("POST", "/api/v1/namespaces", """{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"team"}}""");
        var marked = await server.SendAsync("DELETE", "/api/v1/namespaces/team");
        Assert.Equal("Terminating", marked.At("status.phase"));
        var refused = await server.CreateConfigMapAsync("late", ns: "team");
        Assert.Equal(403, refused.Code);
        Assert.Equal("NamespaceTerminating", refused.At("details.causes.0.reason"));
        marked.Json["spec"]!["finalizers"] = null;
        var finalized = await server.SendAsync("PUT", "/api/v1/namespaces/team/finalize", """{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"team"}}""");

        Assert.Equal(200, finalized.Code);
        Assert.Equal(404, (await server.GetAsync("/api/v1/namespaces/team")).Code);
    }

    [Fact]
    public async Task Namespace_Default_MayNotBeDeleted()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("DELETE", "/api/v1/namespaces/default");

        Assert.Equal(403, reply.Code);
        Assert.Equal("namespaces \"default\" is forbidden: this namespace may not be deleted", reply.Message);
    }

    [Fact]
    public async Task Get_UnknownResource_IsNotFoundStatus()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync("/api/v1/namespaces/default/gizmos");

        Assert.Equal(404, reply.Code);
        Assert.Equal("the server could not find the requested resource", reply.Message);
    }
}
