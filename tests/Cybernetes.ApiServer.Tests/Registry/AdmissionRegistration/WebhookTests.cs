using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.AdmissionRegistration;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Tests.Registry.AdmissionRegistration;

public sealed class WebhookTests
{
    private const string Good = """ "name":"a.example.com","clientConfig":{"service":{"name":"s","namespace":"n"}},"sideEffects":"None","admissionReviewVersions":["v1"] """;
    private static readonly ValidatingWebhookConfigurationKind Validating = new();
    private static readonly MutatingWebhookConfigurationKind Mutating = new();

    [Theory]
    [InlineData("{G}", "")]
    [InlineData("{}", "name: Required value|sideEffects: Required value: must specify one of None, NoneOnDryRun|clientConfig: Required value: exactly one of url or service is required|admissionReviewVersions: Required value: must specify one of v1, v1beta1")]
    [InlineData("""{G,"name":"short"}""", "name: Invalid value: \"short\": should be a domain with at least three segments separated by dots")]
    [InlineData("""{G,"sideEffects":"Some","failurePolicy":"Maybe","matchPolicy":"Near","timeoutSeconds":31}""", "failurePolicy: Unsupported value: \"Maybe\": supported values: \"Fail\", \"Ignore\"|matchPolicy: Unsupported value: \"Near\": supported values: \"Equivalent\", \"Exact\"|sideEffects: Unsupported value: \"Some\": supported values: \"None\", \"NoneOnDryRun\"|timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds")]
    [InlineData("""{G,"admissionReviewVersions":["v2","v2"]}""", "admissionReviewVersions[1]: Invalid value: \"v2\": duplicate version|admissionReviewVersions: Invalid value: [\"v2\",\"v2\"]: must include at least one of v1, v1beta1")]
    [InlineData("""{G,"clientConfig":{"url":"http://u@h/p?q#f"}}""", "clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]|clientConfig.url: Invalid value: \"u\": user information is not permitted in the URL|clientConfig.url: Invalid value: \"f\": fragments are not permitted in the URL|clientConfig.url: Invalid value: \"q\": query parameters are not permitted in the URL")]
    [InlineData("""{G,"clientConfig":{"service":{"name":"","namespace":"","port":65536,"path":"a//B"}}}""", "clientConfig.service.name: Required value: service name is required|clientConfig.service.namespace: Required value: service namespace is required|clientConfig.service.port: Invalid value: 65536: port is not valid: must be between 1 and 65535, inclusive|clientConfig.service.path: Invalid value: \"a//B\": must start with a '/'|clientConfig.service.path: Invalid value: \"a//B\": segment[0] may not be empty|clientConfig.service.path: Invalid value: \"a//B\": segment[1] may not be empty|clientConfig.service.path: Invalid value: \"a//B\": segment[2]: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")]
    [InlineData("""{G,"rules":[{"operations":["*","CREATE"],"apiGroups":["*","a"],"apiVersions":[""],"resources":["a/*","a/b","*/b"],"scope":"All"}]}""", "rules[0].operations: Invalid value: [\"*\",\"CREATE\"]: if '*' is present, must not specify other operations|rules[0].apiGroups: Invalid value: [\"*\",\"a\"]: if '*' is present, must not specify other API groups|rules[0].apiVersions[0]: Required value|rules[0].resources[1]: Invalid value: \"a/b\": if 'a/*' is present, must not specify a/b|rules[0].scope: Unsupported value: \"All\": supported values: \"*\", \"Cluster\", \"Namespaced\"")]
    [InlineData("""{G,"matchConditions":[{"name":"","expression":" "},{"name":"a","expression":"true"},{"name":"a","expression":"true"}]}""", "matchConditions[0].expression: Required value|matchConditions[0].name: Required value|matchConditions[2].name: Duplicate value: \"a\"")]
    public void Create_OfWebhook_Explains(string webhook, string expected)
    {
        var json = """{"apiVersion":"admissionregistration.k8s.io/v1","metadata":{"name":"c"},"webhooks":[""" + webhook.Replace("{G", "{" + Good, StringComparison.Ordinal) + "]}";
        var wanted = expected.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(e => "webhooks[0]." + e);
        Assert.Equal(wanted, KindBench.CreateErrors(Validating, json));
        Assert.Equal(wanted, KindBench.CreateErrors(Mutating, json));
    }

    [Fact]
    public void Webhooks_OfTheSameName_AreDuplicates()
    {
        var json = """{"metadata":{"name":"c"},"webhooks":[{G},{G}]}""".Replace("{G", "{" + Good, StringComparison.Ordinal);
        Assert.Equal(["webhooks[1].name: Duplicate value: \"a.example.com\""], KindBench.CreateErrors(Validating, json));
    }

    [Fact]
    public void Defaults_OfV1AndV1beta1_AreTheirOwn()
    {
        const string Json = """{"metadata":{"name":"c"},"webhooks":[{"name":"a.example.com","clientConfig":{"service":{"name":"s","namespace":"n"}},"rules":[{"operations":["*"]}]}]}""";
        var stable = ((MutatingWebhookConfiguration)KindBench.Received(Mutating, "admissionregistration.k8s.io/v1", Json)).Webhooks![0];
        Assert.Equal(("Fail", "Equivalent", 10, "Never", null), (stable.FailurePolicy, stable.MatchPolicy, stable.TimeoutSeconds, stable.ReinvocationPolicy, stable.SideEffects));
        Assert.Equal(("*", 443), (stable.Rules![0].Scope, stable.ClientConfig.Service!.Port));
        var beta = ((MutatingWebhookConfiguration)KindBench.Received(Mutating, "admissionregistration.k8s.io/v1beta1", Json)).Webhooks![0];
        Assert.Equal(("Ignore", "Exact", 30, "Never", "Unknown"), (beta.FailurePolicy, beta.MatchPolicy, beta.TimeoutSeconds, beta.ReinvocationPolicy, beta.SideEffects));
        Assert.Equal(["v1beta1"], beta.AdmissionReviewVersions);
    }

    [Fact]
    public async Task Beta_WithoutSideEffects_IsAcceptedAsItWas()
    {
        await using var server = await ServerFixture.StartAsync();
        const string Path = "/apis/admissionregistration.k8s.io/v1beta1/validatingwebhookconfigurations";
        const string Json = """{"apiVersion":"admissionregistration.k8s.io/v1beta1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"c"},"webhooks":[{"name":"a.example.com","clientConfig":{"url":"https://h/p"}}]}""";
        var reply = await server.SendAsync("POST", Path, Json);
        Assert.True((int)reply.Status == 201, reply.Text);
        Assert.Contains("use admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration", string.Join(' ', reply.Warnings), StringComparison.Ordinal);
        var stable = await server.SendAsync("POST", Path.Replace("v1beta1", "v1", StringComparison.Ordinal), Json.Replace("v1beta1", "v1", StringComparison.Ordinal).Replace("\"c\"", "\"d\"", StringComparison.Ordinal));
        Assert.Equal(422, (int)stable.Status);
    }

    [Fact]
    public void Generation_WebhooksChange_CountsUp()
    {
        var json = """{"metadata":{"name":"c"},"webhooks":[{G}]}""".Replace("{G", "{" + Good, StringComparison.Ordinal);
        var old = KindBench.Created(Validating, json);
        Assert.Equal(1, old.Metadata.Generation);
        Assert.Equal(1, KindBench.Updated(Validating, old, json).Metadata.Generation);
        Assert.Equal(2, KindBench.Updated(Validating, old, json.Replace("\"None\"", "\"NoneOnDryRun\"", StringComparison.Ordinal)).Metadata.Generation);
        Assert.Equal("c | 1 | <unknown>", KindBench.Row(Validating, json));
    }
}
