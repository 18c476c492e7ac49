using System.Net;
using Cybernetes.ApiServer.Registry.Allocation;
using Cybernetes.ApiServer.Registry.Core.Services;
using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Core;

public sealed class ServiceTests
{
    private static readonly ServiceKind Kind = new(new ServiceAddresses(IPNetwork.Parse("10.96.0.0/12"), 30000, 32767, Chance.Seeded(1)));

    [Theory]
    [InlineData("""{}""", "spec.ports: Required value")]
    [InlineData("""{"ports":[{"port":0}]}""", "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive")]
    [InlineData("""{"ports":[{"port":80},{"port":81}]}""", "spec.ports[0].name: Required value")]
    [InlineData("""{"ports":[{"name":"a","port":80},{"name":"a","port":81}]}""", """spec.ports[1].name: Duplicate value: "a" """)]
    [InlineData("""{"ports":[{"name":"a","port":80},{"name":"b","port":80}]}""", """spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}""")]
    [InlineData("""{"ports":[{"port":80,"nodePort":30000}]}""", "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'")]
    [InlineData("""{"ports":[{"port":80,"targetPort":"Web_"}]}""", """spec.ports[0].targetPort: Invalid value: "Web_": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)""")]
    [InlineData("""{"type":"Mesh","ports":[{"port":80}]}""", """spec.type: Unsupported value: "Mesh": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort" """)]
    [InlineData("""{"type":"NodePort","clusterIP":"None","ports":[{"port":80}],"selector":{"a":"b"}}""", """spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services""")]
    [InlineData("""{"type":"ExternalName"}""", "spec.externalName: Required value")]
    [InlineData("""{"type":"ExternalName","externalName":"a.b","clusterIP":"10.96.0.9"}""", "spec.clusterIPs: Forbidden: may not be set for ExternalName services")]
    [InlineData("""{"sessionAffinity":"Cookie","ports":[{"port":80}]}""", """spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None" """)]
    [InlineData("""{"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":0}},"ports":[{"port":80}]}""", "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400")]
    [InlineData("""{"externalIPs":["127.0.0.1"],"ports":[{"port":80}]}""", """spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)""")]
    [InlineData("""{"externalTrafficPolicy":"Local","ports":[{"port":80}]}""", """spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services""")]
    [InlineData("""{"healthCheckNodePort":30001,"ports":[{"port":80}]}""", "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")]
    [InlineData("""{"internalTrafficPolicy":"Near","ports":[{"port":80}]}""", """spec.internalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local" """)]
    [InlineData("""{"loadBalancerSourceRanges":["10.0.0.0/8"],"ports":[{"port":80}]}""", "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'")]
    [InlineData("""{"loadBalancerClass":"a/b","ports":[{"port":80}]}""", "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'")]
    [InlineData("""{"ipFamilyPolicy":"RequireDualStack","ports":[{"port":80}]}""", """spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services""")]
    [InlineData("""{"ipFamilies":["IPv6"],"ports":[{"port":80}]}""", """spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster""")]
    [InlineData("""{"clusterIP":"10.0.0.300","ports":[{"port":80}]}""", """spec.clusterIPs[0]: Invalid value: "10.0.0.300": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)""")]
    [InlineData("""{"clusterIP":"10.96.0.9","clusterIPs":["10.96.0.8"],"ports":[{"port":80}]}""", """spec.clusterIPs: Invalid value: ["10.96.0.8"]: first value must match `clusterIP`""")]
    [InlineData("""{"trafficDistribution":"Far","ports":[{"port":80}]}""", """spec.trafficDistribution: Unsupported value: "Far": supported values: "PreferClose", "PreferSameNode", "PreferSameZone" """)]
    public void Create_Bad_Explains(string spec, string expected) =>
        Assert.Contains(expected.Trim(), KindBench.CreateErrors(Kind, Service(spec)));

    [Theory]
    [InlineData("""{"ports":[{"port":80}]}""")]
    [InlineData("""{"clusterIP":"None"}""")]
    [InlineData("""{"type":"NodePort","ports":[{"port":80,"nodePort":30000}]}""")]
    [InlineData("""{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":80}]}""")]
    [InlineData("""{"type":"ExternalName","externalName":"example.com."}""")]
    public void Create_Good_IsValid(string spec) => Assert.Empty(KindBench.CreateErrors(Kind, Service(spec)));

    [Fact]
    public void Defaults_OfService_AreUpstreams()
    {
        var actual = KindBench.Defaulted(Kind, """{"metadata":{"name":"s"},"spec":{"ports":[{"port":80}],"sessionAffinity":"ClientIP","type":"NodePort"}}""");
        Assert.True(KindBench.SameJson(
            """
            {"kind":"Service","apiVersion":"v1","metadata":{"name":"s"},"spec":{"ports":[{"protocol":"TCP","port":80,"targetPort":80}],"type":"NodePort","sessionAffinity":"ClientIP",
             "externalTrafficPolicy":"Cluster","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":10800}},"internalTrafficPolicy":"Cluster"},
             "status":{"loadBalancer":{}}}
            """, actual), actual);
    }

    [Fact]
    public void Create_HeadlessWithoutSelector_TakesBothFamilies()
    {
        var service = (Service)KindBench.Created(Kind, Service("""{"clusterIP":"None"}"""));
        Assert.Equal("RequireDualStack", service.Spec.IPFamilyPolicy);
        Assert.Equal(["IPv4", "IPv6"], service.Spec.IPFamilies!);
    }

    [Fact]
    public void Update_WithoutAddress_KeepsIt()
    {
        var old = Allocated("""{"type":"NodePort","clusterIP":"10.96.0.9","ports":[{"port":80,"nodePort":30007}]}""");
        var service = (Service)KindBench.Updated(Kind, old, Service("""{"type":"NodePort","ports":[{"port":80}]}"""));
        Assert.Equal("10.96.0.9", service.Spec.ClusterIP);
        Assert.Equal(["10.96.0.9"], service.Spec.ClusterIPs!);
        Assert.Equal(30007, service.Spec.Ports![0].NodePort);
    }

    [Fact]
    public void Update_FromNodePortToClusterIP_DropsNodePorts()
    {
        var old = Allocated("""{"type":"NodePort","clusterIP":"10.96.0.9","ports":[{"port":80,"nodePort":30007}]}""");
        var service = (Service)KindBench.Updated(
            Kind, old, Service("""{"type":"ClusterIP","externalTrafficPolicy":"Cluster","clusterIP":"10.96.0.9","ports":[{"port":80,"nodePort":30007}]}"""));
        Assert.Equal(0, service.Spec.Ports![0].NodePort);
        Assert.Equal("", service.Spec.ExternalTrafficPolicy);
    }

    [Fact]
    public void Update_ToExternalName_DropsAddresses()
    {
        var old = Allocated("""{"clusterIP":"10.96.0.9","ports":[{"port":80}]}""");
        var service = (Service)KindBench.Updated(
            Kind, old, Service("""{"type":"ExternalName","externalName":"a.b","clusterIP":"10.96.0.9","clusterIPs":["10.96.0.9"],"ports":[{"port":80}]}"""));
        Assert.Equal("", service.Spec.ClusterIP);
        Assert.Null(service.Spec.ClusterIPs);
    }

    [Theory]
    [InlineData("""{"clusterIP":"10.96.0.8","clusterIPs":["10.96.0.9"],"ports":[{"port":80}]}""", """spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set""")]
    [InlineData("""{"clusterIP":"None","clusterIPs":["None"],"ports":[{"port":80}]}""", """spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set""")]
    [InlineData("""{"clusterIP":"10.96.0.8","ports":[{"port":80}]}""", "spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset")]
    public void Update_Address_MayNotChange(string spec, string expected) => Assert.Contains(
        expected, KindBench.UpdateErrors(Kind, Service("""{"clusterIP":"10.96.0.9","ports":[{"port":80}]}"""), Service(spec)));

    [Theory]
    [InlineData("""{"type":"ClusterIP","clusterIPs":["10.96.0.1"],"ports":[{"port":443,"protocol":"TCP"}]}""", "{}", "s | ClusterIP | 10.96.0.1 | <none> | 443/TCP | <unknown> | <none>")]
    [InlineData("""{"type":"NodePort","clusterIPs":["10.96.0.1"],"ports":[{"port":80,"nodePort":30001,"protocol":"TCP"},{"port":53,"protocol":"UDP"}],"selector":{"b":"2","a":"1"}}""", "{}", "s | NodePort | 10.96.0.1 | <none> | 80:30001/TCP,53/UDP | <unknown> | a=1,b=2")]
    [InlineData("""{"type":"LoadBalancer","clusterIPs":["10.96.0.1"]}""", "{}", "s | LoadBalancer | 10.96.0.1 | <pending> | <none> | <unknown> | <none>")]
    [InlineData("""{"type":"LoadBalancer","clusterIPs":["10.96.0.1"],"externalIPs":["9.9.9.9"]}""", """{"loadBalancer":{"ingress":[{"ip":"8.8.8.8"},{"hostname":"lb"}]}}""", "s | LoadBalancer | 10.96.0.1 | 8.8.8.8,lb,9.9.9.9 | <none> | <unknown> | <none>")]
    [InlineData("""{"type":"ExternalName","externalName":"a.b"}""", "{}", "s | ExternalName | <none> | a.b | <none> | <unknown> | <none>")]
    public void Row_OfService_IsUpstreams(string spec, string status, string expected) =>
        Assert.Equal(expected, KindBench.Row(Kind, $$"""{"metadata":{"name":"s"},"spec":{{spec}},"status":{{status}}}"""));

    private static Service Allocated(string spec) => (Service)KindBench.Created(Kind, Service(spec));

    private static string Service(string spec) => $$"""{"metadata":{"name":"s","namespace":"default"},"spec":{{spec}}}""";
}
