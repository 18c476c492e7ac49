namespace Cybernetes.ApiServer.Tests.Admission;

/// <summary>ValidatingAdmissionPolicies, from their creation over HTTP to what they refuse.</summary>
public sealed class ValidatingPolicyTests
{
    private const string Policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
    private const string Bindings = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task Write_AgainstAValidation_RefusedInUpstreamsWords()
    {
        await using var server = await ServerFixture.StartAsync();
        await PolicyAsync(server, """ "validations":[{"expression":"!has(object.data) || !('bad' in object.data)","messageExpression":"'no bad in ' + object.metadata.name"}] """);
        Assert.Equal(201, (await MapAsync(server, "before", """{"bad":"1"}""")).Code);
        await BindAsync(server, """ "validationActions":["Deny"] """);

        Assert.Equal(201, (await MapAsync(server, "good", """{"fine":"1"}""")).Code);
        var refused = await MapAsync(server, "x", """{"bad":"1"}""");

        Assert.Equal(422, refused.Code);
        Assert.Equal("Invalid", refused.Reason);
        Assert.Equal("configmaps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no bad in x", refused.Message);
        Assert.Equal("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no bad in x", refused.At("details.causes.0.message"));
        Assert.Equal(422, (await server.SendAsync("PATCH", Maps + "/good", """{"data":{"bad":"2"}}""", "application/merge-patch+json")).Code);
        Assert.Equal(200, (await server.SendAsync("DELETE", Bindings + "/b")).Code);
        Assert.Equal(201, (await MapAsync(server, "x", """{"bad":"1"}""")).Code);
    }

    [Theory]
    [InlineData(""" "validations":[{"expression":"object.data.a == '2'","message":"n is one","reason":"Forbidden"}] """, 403, "n is one")]
    [InlineData(""" "validations":[{"expression":" false "}] """, 422, "failed expression: false")]
    [InlineData(""" "validations":[{"expression":"object.spec.nothing"}] """, 400, "")]
    [InlineData(""" "validations":[{"expression":"object.spec.nothing == 1"}] """, 422, "expression 'object.spec.nothing == 1' resulted in error: no such key: spec")]
    [InlineData(""" "failurePolicy":"Ignore","validations":[{"expression":"object.spec.nothing == 1"}] """, 201, "")]
    [InlineData(""" "variables":[{"name":"v","expression":"object.nothing"}],"validations":[{"expression":"variables.v == 1"}] """, 422, "expression 'variables.v == 1' resulted in error: composited variable \"v\" fails to evaluate: no such key: nothing")]
    [InlineData(""" "variables":[{"name":"n","expression":"object.metadata.name"},{"name":"two","expression":"variables.n + variables.n"}],"validations":[{"expression":"variables.two == 'mm'"}] """, 201, "")]
    [InlineData(""" "matchConditions":[{"name":"c","expression":"request.operation == 'DELETE'"}],"validations":[{"expression":"false"}] """, 201, "")]
    [InlineData(""" "matchConditions":[{"name":"c","expression":"object.nothing == 1"}],"validations":[{"expression":"false"}] """, 422, "expression 'object.nothing == 1' resulted in error: no such key: nothing")]
    [InlineData(""" "validations":[{"expression":"namespaceObject.metadata.name == 'default' && oldObject == null && request.namespace == 'default'"}] """, 201, "")]
    [InlineData(""" "validations":[{"expression":"authorizer.requestResource.check('create').allowed()"}] """, 201, "")]
    public async Task Create_OfAConfigMap_AsThePolicySays(string spec, int code, string message)
    {
        await using var server = await ServerFixture.StartAsync();
        var policy = await server.SendAsync("POST", Policies, Policy(spec));
        if (code == 400)
        {
            Assert.Equal(422, policy.Code);
            Assert.Contains("must evaluate to bool but got dyn", policy.Message, StringComparison.Ordinal);
            return;
        }
        Assert.True(policy.Code == 201, policy.Text);
        await BindAsync(server, """ "validationActions":["Deny"] """);

        var reply = await server.CreateConfigMapAsync("m");

        Assert.Equal(code, reply.Code);
        if (message.Length > 0) Assert.EndsWith("denied request: " + message, reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_OfAWarningBinding_Warns()
    {
        await using var server = await ServerFixture.StartAsync();
        await PolicyAsync(server, """ "validations":[{"expression":"false","message":"never"}] """);
        await BindAsync(server, """ "validationActions":["Warn"] """);

        var reply = await server.CreateConfigMapAsync("m");

        Assert.Equal(201, reply.Code);
        Assert.Contains("Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': never", Assert.Single(reply.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "matchResources":{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"other"}}},"validationActions":["Deny"] """, 201)]
    [InlineData(""" "matchResources":{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"default"}}},"validationActions":["Deny"] """, 422)]
    [InlineData(""" "matchResources":{"objectSelector":{"matchLabels":{"a":"b"}}},"validationActions":["Deny"] """, 201)]
    [InlineData(""" "matchResources":{"excludeResourceRules":[{"operations":["*"],"apiGroups":[""],"apiVersions":["*"],"resources":["configmaps"]}]},"validationActions":["Deny"] """, 201)]
    [InlineData(""" "matchResources":{"resourceRules":[{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"],"resourceNames":["n"]}]},"validationActions":["Deny"] """, 201)]
    public async Task Create_OfAnObject_OnlyWhereTheBindingMatches(string binding, int code)
    {
        await using var server = await ServerFixture.StartAsync();
        await PolicyAsync(server, """ "validations":[{"expression":"false"}] """);
        await BindAsync(server, binding);

        Assert.Equal(code, (await server.CreateConfigMapAsync("m")).Code);
    }

    [Fact]
    public async Task Write_WithParameters_HeldAgainstThem()
    {
        await using var server = await ServerFixture.StartAsync();
        Assert.Equal(201, (await MapAsync(server, "limits", """{"most":"3"}""")).Code);
        await PolicyAsync(server, """
            "paramKind":{"apiVersion":"v1","kind":"ConfigMap"},
            "validations":[{"expression":"params == null || object.metadata.name.size() <= int(params.data.most)"}]
            """);
        await BindAsync(server, """ "validationActions":["Deny"],"paramRef":{"name":"limits","parameterNotFoundAction":"Deny"} """);

        Assert.Equal(201, (await server.CreateConfigMapAsync("abc")).Code);
        Assert.Equal(422, (await server.CreateConfigMapAsync("abcd")).Code);
        Assert.Equal(422, (await server.SendAsync("DELETE", Maps + "/limits")).Code);
        await BindAsync(server, """ "validationActions":["Deny"],"paramRef":{"name":"gone","parameterNotFoundAction":"Deny"} """, "z");
        Assert.EndsWith(
            "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
            (await server.CreateConfigMapAsync("x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policies_Themselves_NeverRefused()
    {
        await using var server = await ServerFixture.StartAsync();
        await PolicyAsync(server, """ "validations":[{"expression":"false"}] """, "\"*\"", "*");
        await BindAsync(server, """ "validationActions":["Deny"] """);

        Assert.Equal(422, (await server.CreateConfigMapAsync("m")).Code);
        Assert.Equal(200, (await server.SendAsync("DELETE", Bindings + "/b")).Code);
        Assert.Equal(201, (await server.CreateConfigMapAsync("m")).Code);
    }

    private static Task<Reply> MapAsync(ServerFixture server, string name, string data) => server.SendAsync(
        "POST", Maps, $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{{{data}}}}""");

    private static string Policy(string spec, string groups = "\"\"", string resources = "configmaps") => $$$"""
        {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","metadata":{"name":"p"},"spec":{
        "matchConstraints":{"resourceRules":[{"operations":["*"],"apiGroups":[{{{groups}}}],"apiVersions":["*"],"resources":["{{{resources}}}"]}]},{{{spec}}}}}
        """;

    private static async Task PolicyAsync(ServerFixture server, string spec, string groups = "\"\"", string resources = "configmaps")
    {
        var made = await server.SendAsync("POST", Policies, Policy(spec, groups, resources));
        Assert.True(made.Code == 201, made.Text);
    }

    private static async Task BindAsync(ServerFixture server, string spec, string name = "b")
    {
        var made = await server.SendAsync("POST", Bindings, $$$"""
            {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicyBinding","metadata":{"name":"{{{name}}}"},"spec":{"policyName":"p",{{{spec}}}}}
            """);
        Assert.True(made.Code == 201, made.Text);
    }
}
