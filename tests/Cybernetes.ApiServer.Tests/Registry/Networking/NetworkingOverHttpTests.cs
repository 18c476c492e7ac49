namespace Cybernetes.ApiServer.Tests.Registry.Networking;

/// <summary>Old manifests, and what the server itself writes.</summary>
public sealed class NetworkingOverHttpTests
{
    private const string OldIngress = """
        {"apiVersion":"extensions/v1beta1","kind":"Ingress","metadata":{"name":"web","annotations":{"kubernetes.io/ingress.class":"nginx"}},
         "spec":{"backend":{"serviceName":"fallback","servicePort":"http"},
                 "rules":[{"host":"a.io","http":{"paths":[{"path":"/","backend":{"serviceName":"web","servicePort":8080}}]}}]}}
        """;

    [Theory]
    [InlineData("extensions", "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress")]
    [InlineData("networking.k8s.io", "networking.k8s.io/v1beta1 Ingress is deprecated in v1.19+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress")]
    public async Task Ingress_OfTheOldForm_IsReadInBoth(string group, string warning)
    {
        await using var server = await ServerFixture.StartAsync();
        var path = $"/apis/{group}/v1beta1/namespaces/default/ingresses";
        var created = await server.SendAsync("POST", path, OldIngress.Replace("extensions/", group + "/", StringComparison.Ordinal));
        Assert.Equal(201, created.Code);
        Assert.Equal(
            [$"299 - \"{warning}\"", "299 - \"annotation \\\"kubernetes.io/ingress.class\\\" is deprecated, please use 'spec.ingressClassName' instead\""],
            created.Warnings);
        Assert.Equal("fallback http", $"{created.At("spec.backend.serviceName")} {created.At("spec.backend.servicePort")}");
        Assert.Equal("""{"path":"/","pathType":"ImplementationSpecific","backend":{"serviceName":"web","servicePort":8080}}""",
            created.At("spec.rules.0.http.paths.0"));

        var now = await server.GetAsync("/apis/networking.k8s.io/v1/namespaces/default/ingresses/web");
        Assert.Equal("networking.k8s.io/v1", now.At("apiVersion"));
        Assert.Equal("""{"service":{"name":"fallback","port":{"name":"http"}}}""", now.At("spec.defaultBackend"));
        Assert.Equal("""{"path":"/","pathType":"ImplementationSpecific","backend":{"service":{"name":"web","port":{"number":8080}}}}""",
            now.At("spec.rules.0.http.paths.0"));
        Assert.Equal("extensions/v1beta1", (await server.GetAsync("/apis/extensions/v1beta1/namespaces/default/ingresses/web")).At("apiVersion"));
    }

    [Fact]
    public async Task Policy_OfExtensions_IsServed()
    {
        await using var server = await ServerFixture.StartAsync();
        var created = await server.SendAsync("POST", "/apis/extensions/v1beta1/namespaces/default/networkpolicies",
            """{"apiVersion":"extensions/v1beta1","kind":"NetworkPolicy","metadata":{"name":"deny"},"spec":{"podSelector":{}}}""");
        Assert.Equal(201, created.Code);
        Assert.Equal("extensions/v1beta1", created.At("apiVersion"));
        Assert.Equal("[\"Ingress\"]", (await server.GetAsync("/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/deny")).At("spec.policyTypes"));
    }

    [Fact]
    public async Task Start_ServiceRange_IsThereAndReady()
    {
        await using var server = await ServerFixture.StartAsync();
        var range = await server.GetAsync("/apis/networking.k8s.io/v1/servicecidrs/kubernetes");
        Assert.Equal("[\"10.96.0.0/12\"]", range.At("spec.cidrs"));
        Assert.Equal("Ready True", $"{range.At("status.conditions.0.type")} {range.At("status.conditions.0.status")}");
        var table = await server.GetAsync("/apis/networking.k8s.io/v1/ipaddresses", "application/json;as=Table;v=v1;g=meta.k8s.io");
        Assert.StartsWith("[\"10.96.0.1\",\"services/default/kubernetes\",", table.Json["rows"]![0]!["cells"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(404, (await server.GetAsync("/apis/networking.k8s.io/v1beta1/ipaddresses")).Code);
    }
}
