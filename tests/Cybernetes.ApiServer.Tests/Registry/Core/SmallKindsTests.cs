using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Coordination;
using Cybernetes.ApiServer.Registry.Core;
using Cybernetes.ApiServer.Registry.Core.Services;
using Cybernetes.ApiServer.Registry.Discovery;
using Cybernetes.ApiServer.Registry.Events;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Core;

/// <summary>The kinds that need few words.</summary>
public sealed class SmallKindsTests
{
    private static readonly Dictionary<string, KindDefinition> Kinds = new(StringComparer.Ordinal)
    {
        ["ConfigMap"] = new ConfigMapKind(),
        ["Secret"] = new SecretKind(),
        ["Namespace"] = new NamespaceKind(),
        ["Node"] = new NodeKind(),
        ["Lease"] = new LeaseKind(),
        ["Endpoints"] = new EndpointsKind(),
        ["EndpointSlice"] = new EndpointSliceKind(),
        ["Event"] = new EventKind(),
    };

    [Theory]
    [InlineData("ConfigMap", """{"data":{"a/b":"x"}}""", """data[a/b]: Invalid value: "a/b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')""")]
    [InlineData("ConfigMap", """{"data":{"a":"x"},"binaryData":{"a":"eA=="}}""", """data[a]: Invalid value: "a": duplicate of key present in binaryData""")]
    [InlineData("Secret", """{"type":"kubernetes.io/tls","data":{"tls.crt":"eA=="}}""", "data[tls.key]: Required value")]
    [InlineData("Secret", """{"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"eA=="}}""", """data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character 'x' looking for beginning of value""")]
    [InlineData("Secret", """{"type":"kubernetes.io/basic-auth"}""", "data[username]: Required value|data[password]: Required value")]
    [InlineData("Secret", """{"type":"kubernetes.io/ssh-auth"}""", "data[ssh-privatekey]: Required value")]
    [InlineData("Secret", """{"type":"kubernetes.io/service-account-token"}""", "metadata.annotations[kubernetes.io/service-account.name]: Required value")]
    [InlineData("Namespace", """{"spec":{"finalizers":["mine"]}}""", """spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified""")]
    [InlineData("Node", """{"spec":{"taints":[{"key":"a","effect":"Often"}]}}""", """metadata.taints[0].effect: Unsupported value: "Often": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute" """)]
    [InlineData("Node", """{"spec":{"taints":[{"key":"a","effect":"NoSchedule"},{"key":"a","effect":"NoSchedule"}]}}""", """metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair""")]
    [InlineData("Node", """{"spec":{"podCIDR":"10.0.0.0"}}""", """spec.podCIDRs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)""")]
    [InlineData("Lease", """{"spec":{"leaseDurationSeconds":0}}""", "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0")]
    [InlineData("Lease", """{"spec":{"leaseTransitions":-1}}""", "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("Endpoints", """{"subsets":[{"ports":[{"port":80}]}]}""", "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`")]
    [InlineData("Endpoints", """{"subsets":[{"addresses":[{"ip":"169.254.0.1"}]}]}""", """subsets[0].addresses[0].ip: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)""")]
    [InlineData("EndpointSlice", """{"addressType":"MAC"}""", """addressType: Unsupported value: "MAC": supported values: "FQDN", "IPv4", "IPv6" """)]
    [InlineData("EndpointSlice", """{"addressType":"IPv4","endpoints":[{}]}""", "endpoints[0].addresses: Required value: must contain at least 1 address")]
    [InlineData("EndpointSlice", """{"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"]}],"ports":[{"port":1},{"port":2}]}""", """ports[1].name: Duplicate value: "" """)]
    [InlineData("Event", """{"involvedObject":{"namespace":"other"}}""", """involvedObject.namespace: Invalid value: "other": does not match event.namespace""")]
    [InlineData("Event", """{"eventTime":"2026-01-02T03:04:05.000000Z","reportingComponent":"a/b","reportingInstance":"i","reason":"R"}""", "action: Required value")]
    public void Create_Bad_Explains(string kind, string fields, string expected) => Assert.Equal(
        expected.Trim().Split('|'), KindBench.CreateErrors(Kinds[kind], fields.Insert(1, """ "metadata":{"name":"x","namespace":"default"},""")));

    [Theory]
    [InlineData("ConfigMap", """{"immutable":true,"data":{"a":"1"}}""", """{"immutable":true,"data":{"a":"2"}}""", "data: Forbidden: field is immutable when `immutable` is set")]
    [InlineData("ConfigMap", """{"immutable":true,"data":{"a":"1"}}""", """{"data":{"a":"1"}}""", "immutable: Forbidden: field is immutable when `immutable` is set")]
    [InlineData("Secret", """{"type":"a/b"}""", """{"type":"a/c"}""", """type: Invalid value: "a/c": field is immutable""")]
    [InlineData("Node", """{"spec":{"podCIDR":"10.0.0.0/24"}}""", """{"spec":{"podCIDR":"10.0.1.0/24"}}""", "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid")]
    [InlineData("Node", """{"spec":{"providerID":"a"}}""", """{"spec":{"providerID":"b"}}""", "spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid")]
    [InlineData("EndpointSlice", """{"addressType":"IPv4"}""", """{"addressType":"IPv6"}""", """addressType: Invalid value: "IPv6": field is immutable""")]
    public void Update_Forbidden_Explains(string kind, string before, string after, string expected) => Assert.Equal(
        [expected],
        KindBench.UpdateErrors(
            Kinds[kind], before.Insert(1, """ "metadata":{"name":"x","namespace":"default"},"""), after.Insert(1, """ "metadata":{"name":"x","namespace":"default"},""")));

    [Theory]
    [InlineData("ConfigMap", """{"data":{"a":"1"},"binaryData":{"b":"eA=="}}""", "x | 2 | 65s")]
    [InlineData("Secret", """{"type":"Opaque","data":{"a":"eA=="}}""", "x | Opaque | 1 | 65s")]
    [InlineData("Namespace", """{"status":{"phase":"Active"}}""", "x | Active | 65s")]
    [InlineData("Lease", """{"spec":{"holderIdentity":"me"}}""", "x | me | 65s")]
    [InlineData("Node", """{"status":{"nodeInfo":{"kubeletVersion":"v1.36.0"}}}""", "x | Unknown | <none> | 65s | v1.36.0 | <none> | <none> | <unknown> | <unknown> | <unknown>")]
    [InlineData("Node", """{"spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}],"addresses":[{"type":"InternalIP","address":"10.0.0.1"}],"nodeInfo":{"kubeletVersion":"v1.36.0","osImage":"Debian"}}}""", "x | Ready,SchedulingDisabled | <none> | 65s | v1.36.0 | 10.0.0.1 | <none> | Debian | <unknown> | <unknown>")]
    [InlineData("Endpoints", """{"subsets":[{"addresses":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}],"ports":[{"port":80},{"port":81}]}]}""", "x | 10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more... | 65s")]
    [InlineData("Endpoints", """{}""", "x | <none> | 65s")]
    [InlineData("EndpointSlice", """{"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"]}],"ports":[{"name":"","port":80}]}""", "x | IPv4 | 80 | 10.0.0.1 | 65s")]
    [InlineData("EndpointSlice", """{"addressType":"IPv4"}""", "x | IPv4 | <unset> | <unset> | 65s")]
    [InlineData("Event", """{"involvedObject":{"kind":"Pod","name":"p","fieldPath":"spec"},"reason":"R","message":" m ","type":"Normal","source":{"component":"c","host":"h"},"firstTimestamp":"2026-01-02T02:04:05Z","lastTimestamp":"2026-01-02T03:04:00Z","count":3}""", "5s | Normal | R | pod/p | spec | c, h | m | 60m | 3 | x")]
    public void Row_OfKind_IsUpstreams(string kind, string fields, string expected) => Assert.Equal(
        expected,
        KindBench.Row(Kinds[kind], fields == "{}"
            ? """{"metadata":{"name":"x","creationTimestamp":"2026-01-02T03:03:00Z"}}"""
            : fields.Insert(1, """ "metadata":{"name":"x","creationTimestamp":"2026-01-02T03:03:00Z"},""")));

    [Fact]
    public void Secret_StringData_BecomesData()
    {
        var secret = (Secret)KindBench.Created(Kinds["Secret"], """{"metadata":{"name":"s"},"stringData":{"a":"b"}}""");
        Assert.Equal("b"u8.ToArray(), secret.Data!["a"]);
        Assert.Null(secret.StringData);
        Assert.Equal("Opaque", secret.Type);
    }

    [Fact]
    public void Namespace_New_IsActiveAndLabelled()
    {
        var ns = (Namespace)KindBench.Created(Kinds["Namespace"], """{"metadata":{"name":"a"},"status":{"phase":"Terminating"}}""");
        Assert.Equal("Active", ns.Status.Phase);
        Assert.Equal(["kubernetes"], ns.Spec.Finalizers!);
        Assert.Equal("a", ns.Metadata.Labels!["kubernetes.io/metadata.name"]);
    }

    [Fact]
    public void Node_Capacity_IsAllocatableByDefault()
    {
        var node = (Node)KindBench.Decode(Kinds["Node"], KindBench.Defaulted(Kinds["Node"], """{"metadata":{"name":"n"},"status":{"capacity":{"cpu":"2"}}}"""));
        Assert.Equal("2", node.Status.Allocatable!["cpu"].ToString());
    }

    [Fact]
    public void EndpointSlice_OtherMetadata_IsNoNewGeneration()
    {
        var kind = Kinds["EndpointSlice"];
        var old = (EndpointSlice)KindBench.Created(kind, """{"metadata":{"name":"s"},"addressType":"IPv4"}""");
        Assert.Equal(1, KindBench.Updated(kind, old, """{"metadata":{"name":"s","annotations":{"a":"b"}},"addressType":"IPv4"}""").Metadata.Generation);
        Assert.Equal(2, KindBench.Updated(kind, old, """{"metadata":{"name":"s"},"addressType":"IPv4","ports":[{"port":1}]}""").Metadata.Generation);
    }
}
