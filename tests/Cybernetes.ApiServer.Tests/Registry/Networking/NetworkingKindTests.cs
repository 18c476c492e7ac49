using Cybernetes.ApiServer.Registry.Networking;
using Cybernetes.Objects.Networking.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Networking;

public sealed class NetworkingKindTests
{
    private static readonly IngressKind Ingress = new();
    private static readonly IngressClassKind Class = new();
    private static readonly NetworkPolicyKind Policy = new();
    private static readonly IPAddressKind Address = new();
    private static readonly ServiceCIDRKind Range = new();

    [Theory]
    [InlineData(""" """, "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified")]
    [InlineData(""" "defaultBackend":{} """, "spec.defaultBackend: Invalid value: \"\": resource or service backend is required")]
    [InlineData(""" "defaultBackend":{"service":{"name":"1s","port":{"name":"a","number":1}}} """, "spec.defaultBackend.service.name: Invalid value: \"1s\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')|spec.defaultBackend: Invalid value: \"\": cannot set both port name & port number")]
    [InlineData(""" "defaultBackend":{"service":{"name":"s"}} """, "spec.defaultBackend: Required value: port name or number is required")]
    [InlineData(""" "defaultBackend":{"resource":{"kind":"","name":"a/b"}} """, "spec.defaultBackend.resource.kind: Required value|spec.defaultBackend.resource.name: Invalid value: \"a/b\": may not contain '/'")]
    [InlineData(""" "rules":[{"host":"1.2.3.4","http":{}}] """, "spec.rules[0].host: Invalid value: \"1.2.3.4\": must be a DNS name, not an IP address|spec.rules[0].http.paths: Required value")]
    [InlineData(""" "rules":[{"host":"a.*.b"}],"tls":[{"hosts":["*.ok.io"],"secretName":"S"}] """, "spec.rules[0].host: Invalid value: \"a.*.b\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')|spec.tls[0].secretName: Invalid value: \"S\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")]
    [InlineData(""" "rules":[{"http":{"paths":[{"path":"/a","backend":{"service":{"name":"s","port":{"number":80}}}}]}}] """, "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified")]
    [InlineData(""" "rules":[{"http":{"paths":[{"path":"a//b/..","pathType":"Prefix","backend":{"service":{"name":"s","port":{"number":80}}}}]}}] """, "spec.rules[0].http.paths[0].path: Invalid value: \"a//b/..\": must be an absolute path|spec.rules[0].http.paths[0].path: Invalid value: \"a//b/..\": must not contain '//'|spec.rules[0].http.paths[0].path: Invalid value: \"a//b/..\": cannot end with '/..'")]
    [InlineData(""" "rules":[{"http":{"paths":[{"path":"/a","pathType":"Near","backend":{"service":{"name":"s","port":{"number":80}}}}]}}] """, "spec.rules[0].http.paths[0].pathType: Unsupported value: \"Near\": supported values: \"Exact\", \"ImplementationSpecific\", \"Prefix\"")]
    public void CreateIngress_BadField_Explains(string spec, string expected) =>
        Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Ingress, Of(spec)));

    [Fact]
    public void CreateIngress_AnnotationAndClass_MustMatch() => Assert.Equal(
        ["annotations.kubernetes.io/ingress.class: Invalid value: \"a\": must match `ingressClassName` when both are specified"],
        KindBench.CreateErrors(Ingress,
            """{"metadata":{"name":"n","namespace":"default","annotations":{"kubernetes.io/ingress.class":"a"}},"spec":{"ingressClassName":"b","defaultBackend":{"service":{"name":"s","port":{"number":80}}}}}"""));

    [Fact]
    public void Row_OfIngress_IsUpstreams()
    {
        Assert.Equal("i | <none> | * |  | 80 | <unknown>", KindBench.Row(Ingress, """{"metadata":{"name":"i"}}"""));
        Assert.Equal("i | nginx | a,b,c + 2 more... | 1.1.1.1,h | 80, 443 | <unknown>", KindBench.Row(Ingress,
            """{"metadata":{"name":"i"},"spec":{"ingressClassName":"nginx","rules":[{"host":"a"},{"host":"b"},{"host":"c"},{"host":"d"},{"host":"e"}],"tls":[{}]},"status":{"loadBalancer":{"ingress":[{"hostname":"h"},{"ip":"1.1.1.1"}]}}}"""));
    }

    [Fact]
    public void StatusOfIngress_Addresses_AreChecked() => Assert.Equal(
        ["status.loadBalancer.ingress[0].ip: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)", "status.loadBalancer.ingress[1].hostname: Invalid value: \"1.1.1.1\": must be a DNS name, not an IP address"],
        KindBench.StatusErrors(Ingress, Of(""" "defaultBackend":{} """), """{"metadata":{"name":"n"},"status":{"loadBalancer":{"ingress":[{"ip":"x"},{"hostname":"1.1.1.1"}]}}}"""));

    [Theory]
    [InlineData(""" """, "spec.controller: Required value")]
    [InlineData(""" "controller":"nope" """, "spec.controller: Invalid value: \"nope\": must be a domain-prefixed path (such as \"acme.io/foo\")")]
    [InlineData(""" "controller":"a.io/b","parameters":{"kind":"K","name":"n","scope":"Namespace"} """, "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'")]
    [InlineData(""" "controller":"a.io/b","parameters":{"kind":"","name":"n","namespace":"x"} """, "spec.parameters.kind: Required value|spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'")]
    [InlineData(""" "controller":"a.io/b","parameters":{"kind":"K","name":"n","scope":"Moon"} """, "spec.parameters.scope: Unsupported value: \"Moon\": supported values: \"Cluster\", \"Namespace\"")]
    public void CreateClass_BadField_Explains(string spec, string expected) => Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Class, Of(spec)));

    [Fact]
    public void UpdateClass_Controller_IsImmutable() => Assert.Equal(
        ["spec.controller: Invalid value: \"a.io/c\": field is immutable"],
        KindBench.UpdateErrors(Class, Of(""" "controller":"a.io/b" """), Of(""" "controller":"a.io/c" """)));

    [Fact]
    public void Row_OfClass_NamesParameters() => Assert.Equal("n | a.io/b | K.g.io/p | <unknown>", KindBench.Row(Class,
        """{"metadata":{"name":"n"},"spec":{"controller":"a.io/b","parameters":{"apiGroup":"g.io","kind":"K","name":"p"}}}"""));

    [Theory]
    [InlineData(""" "ingress":[{"ports":[{"protocol":"ICMP","port":0},{"endPort":5},{"port":"http","endPort":5},{"port":9,"endPort":5}]}] """, "spec.ingress[0].ports[0].protocol: Unsupported value: \"ICMP\": supported values: \"TCP\", \"UDP\", \"SCTP\"|spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive|spec.ingress[0].ports[1].endPort: Invalid value: 5: may not be specified when `port` is not specified|spec.ingress[0].ports[2].endPort: Invalid value: 5: may not be specified when `port` is non-numeric|spec.ingress[0].ports[3].endPort: Invalid value: 5: must be greater than or equal to `port`")]
    [InlineData(""" "egress":[{"to":[{},{"ipBlock":{"cidr":""}},{"podSelector":{},"ipBlock":{"cidr":"10.0.0.0/8","except":["10.1.0.0/16","11.0.0.0/16","10.0.0.0/8"]}}]}] """, "spec.egress[0].to[0]: Required value: must specify a peer|spec.egress[0].to[1].ipBlock.cidr: Required value|spec.egress[0].to[2].ipBlock.except[1]: Invalid value: \"11.0.0.0/16\": must be a strict subset of `cidr`|spec.egress[0].to[2].ipBlock.except[2]: Invalid value: \"10.0.0.0/8\": must be a strict subset of `cidr`|spec.egress[0].to[2]: Forbidden: may not specify both ipBlock and another peer")]
    [InlineData(""" "policyTypes":["Ingress","Sideways"] """, "spec.policyTypes[1]: Unsupported value: \"Sideways\": supported values: \"Ingress\", \"Egress\"")]
    public void CreatePolicy_BadField_Explains(string spec, string expected) => Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Policy, Of(spec)));

    [Fact]
    public void Defaults_OfPolicy_NameItsDirections()
    {
        var policy = (NetworkPolicy)KindBench.Created(Policy, Of(""" "podSelector":{"matchLabels":{"a":"b"}},"egress":[{"ports":[{"port":53}]}] """));
        Assert.Equal(["Ingress", "Egress"], policy.Spec.PolicyTypes!);
        Assert.Equal("TCP", policy.Spec.Egress![0].Ports![0].Protocol);
        Assert.Equal("n | a=b | <unknown>", KindBench.Row(Policy, KindBench.Json(policy)));
    }

    [Fact]
    public void Address_NameAndParent_AreChecked()
    {
        Assert.Empty(Address.NameProblems("10.0.0.1"));
        Assert.Equal(["must be in canonical form (\"2001:db8::1\")"], Address.NameProblems("2001:0db8::1"));
        Assert.Equal(["spec.parentRef: Required value"], KindBench.CreateErrors(Address, """{"metadata":{"name":"10.0.0.1"}}"""));
        Assert.Equal(
            ["""spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"d","Name":"b"}: field is immutable"""],
            KindBench.UpdateErrors(Address, Of(""" "parentRef":{"resource":"services","namespace":"d","name":"a"} """), Of(""" "parentRef":{"resource":"services","namespace":"d","name":"b"} """)));
        Assert.Equal("n | services/d/a | <unknown>", KindBench.Row(Address, Of(""" "parentRef":{"resource":"services","namespace":"d","name":"a"} """)));
    }

    [Theory]
    [InlineData("[]", "spec.cidrs: Required value: at least one CIDR required")]
    [InlineData("""["10.0.0.1/8"]""", "spec.cidrs[0]: Invalid value: \"10.0.0.1/8\": must not have bits set beyond the prefix length")]
    [InlineData("""["10.0.0.0/8","11.0.0.0/8"]""", "spec.cidrs: Invalid value: [\"10.0.0.0/8\",\"11.0.0.0/8\"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64")]
    [InlineData("""["10.0.0.0/8","11.0.0.0/8","12.0.0.0/8"]""", "spec.cidrs: Invalid value: {\"CIDRs\":[\"10.0.0.0/8\",\"11.0.0.0/8\",\"12.0.0.0/8\"]}: may only hold up to 2 values")]
    public void CreateRange_BadCidrs_Explains(string cidrs, string expected) =>
        Assert.Equal([expected], KindBench.CreateErrors(Range, Of($$""" "cidrs":{{cidrs}} """)));

    [Theory]
    [InlineData("""["10.0.0.0/8","2001:db8::/64"]""", "")]
    [InlineData("""["11.0.0.0/8"]""", "spec.cidrs[0]: Invalid value: \"11.0.0.0/8\": field is immutable")]
    [InlineData("""[]""", "spec.cidrs: Invalid value: []: field is immutable")]
    public void Range_Updated_MayOnlyBecomeDualStack(string cidrs, string expected) => Assert.Equal(
        expected.Length == 0 ? [] : [expected],
        KindBench.UpdateErrors(Range, Of(""" "cidrs":["10.0.0.0/8"] """), Of($$""" "cidrs":{{cidrs}} """)));

    private static string Of(string spec) => $$"""{"metadata":{"name":"n","namespace":"default"},"spec":{ {{spec}} } }""";
}
