namespace Cybernetes.ApiServer.Tests.Registry;

public sealed class ServerSideApplyTests
{
    private const string Apply = "application/apply-patch+yaml";
    private const string Deployments = "/apis/apps/v1/namespaces/default/deployments";
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}], resources: {limits: {cpu: 1000m}}}]}
        """;

    private static string Map(string data, string extra = "") => $$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"{{extra}}},"data":{{data}}}""";

    private static Task<Reply> ApplyMapAsync(ServerFixture server, string manager, string data, string query = "", string extra = "") =>
        server.SendAsync("PATCH", $"{Maps}/one?fieldManager={manager}{query}", Map(data, extra), Apply);

    [Fact]
    public async Task Apply_Absent_CreatesFromYamlAndOwnsItsFields()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=me", Web, Apply);

        Assert.Equal(201, reply.Code);
        Assert.Equal("RollingUpdate", reply.At("spec.strategy.type"));
        Assert.Equal("me", reply.At("metadata.managedFields.0.manager"));
        Assert.Equal("Apply", reply.At("metadata.managedFields.0.operation"));
        Assert.Equal("apps/v1", reply.At("metadata.managedFields.0.apiVersion"));
        Assert.Equal("FieldsV1", reply.At("metadata.managedFields.0.fieldsType"));
        Assert.Matches("^20..-..-..T..:..:..Z$", reply.At("metadata.managedFields.0.time"));
        Assert.Equal(
            """{"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:containers":"""
            + """{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":"""
            + """{".":{},"f:containerPort":{}}},"f:resources":{"f:limits":{"f:cpu":{}}}}}}}}}""",
            System.Text.Json.JsonSerializer.Serialize(reply.Json["metadata"]!["managedFields"]![0]!["fieldsV1"], new System.Text.Json.JsonSerializerOptions
            {
                Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }));
    }

    [Fact]
    public async Task Apply_Again_ChangesNeitherRevisionNorTime()
    {
        await using var server = await ServerFixture.StartAsync();
        var first = await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=me", Web, Apply);
        var again = await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=me", Web, Apply);

        Assert.Equal(200, again.Code);
        Assert.Equal(first.Text, again.Text);
    }

    [Fact]
    public async Task Create_ByAgent_OwnsContainersAsGoWouldSay()
    {
        await using var server = await ServerFixture.StartAsync();
        server.Client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "kubectl/v1.36.0 (linux/amd64)");
        await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts",
            """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}""");
        var reply = await server.SendAsync("POST", "/api/v1/namespaces/default/pods",
            """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i:1"}]}}""");

        Assert.Equal("kubectl", reply.At("metadata.managedFields.0.manager"));
        Assert.Equal("Update", reply.At("metadata.managedFields.0.operation"));
        Assert.Equal(
            """{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"f:containers":{"k:{\u0022name\u0022:\u0022c\u0022}":{".":{},"f:image":"""
            + """{},"f:imagePullPolicy":{},"f:name":{},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":"""
            + """{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":"""
            + """{}}}""",
            reply.At("metadata.managedFields.0.fieldsV1"));
    }

    [Fact]
    public async Task Apply_OthersField_IsAConflictWithCauses()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=me", Web, Apply);
        await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=hand", """{"spec":{"replicas":5}}""", "application/merge-patch+json");
        var reply = await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=me", Web, Apply);

        Assert.Equal(409, reply.Code);
        Assert.Equal("Conflict", reply.Reason);
        Assert.Equal("Apply failed with 1 conflict: conflict with \"hand\" using apps/v1: .spec.replicas", reply.Message);
        Assert.Equal("""[{"reason":"FieldManagerConflict","message":"conflict with \u0022hand\u0022 using apps/v1","field":".spec.replicas"}]""", reply.At("details.causes"));
        var forced = await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=me&force=true", Web, Apply);
        Assert.Equal(200, forced.Code);
        Assert.Equal("2", forced.At("spec.replicas"));
        Assert.Single(forced.Json["metadata"]!["managedFields"]!.AsArray());
    }

    [Fact]
    public async Task Apply_GivenUpField_Goes()
    {
        await using var server = await ServerFixture.StartAsync();
        await ApplyMapAsync(server, "a", """{"x":"1","y":"2"}""");
        await ApplyMapAsync(server, "b", """{"y":"2"}""");
        var reply = await ApplyMapAsync(server, "a", "{}");

        Assert.Equal("""{"y":"2"}""", reply.At("data"));
    }

    [Theory]
    [InlineData("", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch", 422)]
    [InlineData("fieldManager=a%0Ab", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Invalid value: \"a\\nb\": invalid character U+000A (at position 1)", 422)]
    public async Task Apply_BadManager_IsInvalid(string query, string message, int code)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("PATCH", $"{Maps}/one?{query}", Map("{}"), Apply);

        Assert.Equal((code, message), (reply.Code, reply.Message));
    }

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","managedFields":[]}}""", 400, "metadata.managedFields must be nil")]
    [InlineData("""{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"one"}}""", 400,
        "Incorrect version specified in apply patch. Specified patch version: v2, expected: v1")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"spec":{}}""", 400,
        "failed to create typed patch object (/one; /v1, Kind=ConfigMap): .spec: field not declared in schema")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"two"}}""", 400,
        "the name of the object (two) does not match the name on the URL (one)")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","uid":"u"}}""", 409,
        "Operation cannot be fulfilled on configmaps \"one\": uid mismatch: the provided object specified uid u, and no existing object was found")]
    public async Task Apply_WrongBody_IsRefusedAsUpstream(string body, int code, string message)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("PATCH", $"{Maps}/one?fieldManager=a", body, Apply);

        Assert.Equal((code, message), (reply.Code, reply.Message));
    }

    [Fact]
    public async Task Apply_Cbor_IsUnsupported()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("PATCH", $"{Maps}/one?fieldManager=a", "x", "application/apply-patch+cbor");

        Assert.Equal(415, reply.Code);
        Assert.EndsWith("application/strategic-merge-patch+json, application/apply-patch+yaml", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_DuplicateKeys_FollowFieldValidation()
    {
        await using var server = await ServerFixture.StartAsync();
        const string Twice = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata:\n  a: '1'\n  a: '2'\n";
        var strict = await server.SendAsync("PATCH", $"{Maps}/one?fieldManager=a&fieldValidation=Strict", Twice, Apply);
        var warned = await server.SendAsync("PATCH", $"{Maps}/one?fieldManager=a", Twice, Apply);

        Assert.Equal(400, strict.Code);
        Assert.StartsWith("error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key \"a\" already set in map",
            strict.Message, StringComparison.Ordinal);
        Assert.Equal(201, warned.Code);
        Assert.Contains("already set in map", Assert.Single(warned.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_DryRun_KeepsNothing()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await ApplyMapAsync(server, "a", """{"x":"1"}""", "&dryRun=All");

        Assert.Equal(201, reply.Code);
        Assert.Equal("a", reply.At("metadata.managedFields.0.manager"));
        Assert.Equal(404, (await server.GetAsync($"{Maps}/one")).Code);
    }

    [Fact]
    public async Task Apply_OldRevision_IsAConflict()
    {
        await using var server = await ServerFixture.StartAsync();
        var first = await ApplyMapAsync(server, "a", """{"x":"1"}""");
        await ApplyMapAsync(server, "a", """{"x":"2"}""");
        var reply = await ApplyMapAsync(server, "a", """{"x":"3"}""", "", $",\"resourceVersion\":\"{first.At("metadata.resourceVersion")}\"");

        Assert.Equal(409, reply.Code);
        Assert.Contains("the object has been modified", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_AppliedBySubresource_IsItsOwnEntryAndNotTheSpecs()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=me", Web, Apply);
        var reply = await server.SendAsync("PATCH", $"{Deployments}/web/status?fieldManager=me",
            """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":9},"status":{"replicas":2}}""", Apply);

        Assert.Equal(200, reply.Code);
        Assert.Equal("2", reply.At("spec.replicas"));
        Assert.Equal("status", reply.At("metadata.managedFields.1.subresource"));
        Assert.Equal("""{"f:status":{"f:replicas":{}}}""", reply.At("metadata.managedFields.1.fieldsV1"));
        var main = await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=x", """{"status":{"replicas":7}}""", "application/merge-patch+json");
        Assert.Equal(reply.Text, main.Text);
    }

    [Fact]
    public async Task Scale_ByOthers_TakesTheReplicasFromTheirOwner()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=me", Web, Apply);
        var scaled = await server.SendAsync("PATCH", $"{Deployments}/web/scale?fieldManager=hpa", """{"spec":{"replicas":7}}""", "application/merge-patch+json");
        var read = await server.GetAsync($"{Deployments}/web");

        Assert.Equal("7", scaled.At("spec.replicas"));
        Assert.Equal("scale", read.At("metadata.managedFields.1.subresource"));
        Assert.Equal("""{"f:spec":{"f:replicas":{}}}""", read.At("metadata.managedFields.1.fieldsV1"));
        Assert.DoesNotContain("f:replicas", read.At("metadata.managedFields.0.fieldsV1"), StringComparison.Ordinal);
        var refused = await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=me", Web, Apply);
        Assert.Equal("Apply failed with 1 conflict: conflict with \"hpa\" with subresource \"scale\" using apps/v1: .spec.replicas", refused.Message);
    }

    [Fact]
    public async Task Scale_Applied_NeedsForceOverAnOwner()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.SendAsync("PATCH", $"{Deployments}/web?fieldManager=me", Web, Apply);
        const string Scale = """{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"web","namespace":"default"},"spec":{"replicas":7}}""";
        var refused = await server.SendAsync("PATCH", $"{Deployments}/web/scale?fieldManager=s", Scale, Apply);
        var forced = await server.SendAsync("PATCH", $"{Deployments}/web/scale?fieldManager=s&force=true", Scale, Apply);
        var read = await server.GetAsync($"{Deployments}/web");

        Assert.Equal("Apply failed with 1 conflict: conflict with \"me\": .spec.replicas", refused.Message);
        Assert.Equal("7", forced.At("spec.replicas"));
        Assert.Equal("Apply", read.At("metadata.managedFields.1.operation"));
        Assert.Equal("apps/v1", read.At("metadata.managedFields.1.apiVersion"));
    }

    [Theory]
    [InlineData("application/json-patch+json", """[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]""")]
    [InlineData("application/merge-patch+json", """{"metadata":{"managedFields":[{}]}}""")]
    public async Task ManagedFields_ResetByAnEmptyEntry_AreGone(string media, string patch)
    {
        await using var server = await ServerFixture.StartAsync();
        await ApplyMapAsync(server, "a", """{"x":"1"}""");
        var reply = await server.SendAsync("PATCH", $"{Maps}/one", patch, media);

        Assert.Equal(200, reply.Code);
        Assert.Null(reply.Json["metadata"]!["managedFields"]);
        var later = await server.SendAsync("PATCH", $"{Maps}/one", """{"data":{"x":"2"}}""", "application/merge-patch+json");
        Assert.Null(later.Json["metadata"]!["managedFields"]);
    }

    [Fact]
    public async Task Update_WithoutManagedFields_KeepsTheOwners()
    {
        await using var server = await ServerFixture.StartAsync();
        await ApplyMapAsync(server, "a", """{"x":"1","y":"2"}""");
        var reply = await server.SendAsync("PUT", $"{Maps}/one?fieldManager=b", Map("""{"x":"1","y":"3"}"""));

        Assert.Equal("""{"f:data":{"f:x":{}}}""", reply.At("metadata.managedFields.0.fieldsV1"));
        Assert.Equal("""{"f:data":{"f:y":{}}}""", reply.At("metadata.managedFields.1.fieldsV1"));
        Assert.Equal(reply.Text, (await server.SendAsync("PUT", $"{Maps}/one?fieldManager=c", Map("""{"x":"1","y":"3"}"""))).Text);
    }

    [Fact]
    public async Task Apply_InAnotherVersion_MovesTheSameFields()
    {
        await using var server = await ServerFixture.StartAsync();
        const string Event = "{\"metadata\":{\"name\":\"e\",\"namespace\":\"default\"},\"reason\":\"R\",\"type\":\"Normal\",";
        await server.SendAsync("PATCH", "/api/v1/namespaces/default/events/e?fieldManager=a",
            Event + "\"apiVersion\":\"v1\",\"kind\":\"Event\",\"involvedObject\":{\"namespace\":\"default\"},\"message\":\"m\",\"count\":3}", Apply);
        var reply = await server.SendAsync("PATCH", "/apis/events.k8s.io/v1/namespaces/default/events/e?fieldManager=a",
            Event + "\"apiVersion\":\"events.k8s.io/v1\",\"kind\":\"Event\",\"regarding\":{\"namespace\":\"default\"}}", Apply);

        Assert.Equal(200, reply.Code);
        Assert.Null(reply.Json["note"]);
        Assert.Null(reply.Json["deprecatedCount"]);
        Assert.Equal("events.k8s.io/v1", reply.At("metadata.managedFields.0.apiVersion"));
        Assert.Single(reply.Json["metadata"]!["managedFields"]!.AsArray());
    }
}
