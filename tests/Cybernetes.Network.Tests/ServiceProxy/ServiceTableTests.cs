using Cybernetes.Network.ServiceProxy;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using CorePort = Cybernetes.Objects.Core.V1.ServicePort;
using EndpointPort = Cybernetes.Objects.Discovery.V1.EndpointPort;
using ServicePort = Cybernetes.Network.ServiceProxy.ServicePort;

namespace Cybernetes.Network.Tests.ServiceProxy;

public sealed class ServiceTableTests
{
    private static Service Web(Action<Service>? with = null)
    {
        var service = new Service { Metadata = { Namespace = "default", Name = "web" } };
        service.Spec.Type = "ClusterIP";
        service.Spec.ClusterIP = "10.96.0.10";
        service.Spec.Ports = [new CorePort { Name = "http", Port = 80, Protocol = "TCP", TargetPort = IntOrString.FromInt(8080) }];
        with?.Invoke(service);
        return service;
    }

    private static EndpointSlice Slice(params (string Address, string Node, bool? Ready, bool? Serving)[] endpoints) => new()
    {
        Metadata = { Namespace = "default", Name = "web-1", Labels = new() { ["kubernetes.io/service-name"] = "web" } },
        AddressType = "IPv4",
        Ports = [new EndpointPort { Name = "http", Port = 8080, Protocol = "TCP" }],
        Endpoints =
        [
            .. endpoints.Select(e => new Endpoint
            {
                Addresses = [e.Address], NodeName = e.Node, Conditions = new EndpointConditions { Ready = e.Ready, Serving = e.Serving },
            }),
        ],
    };

    [Fact]
    public void Build_ServiceWithSlice_JoinsByPortName()
    {
        var port = Assert.Single(ServiceTable.Build([Web()], [Slice(("10.1.0.1", "a", true, true), ("10.1.0.2", "b", false, false))], "a"));
        Assert.Equal("default/web:http", port.Name);
        Assert.Equal(new ServiceEndpoint("10.1.0.1", 8080, true, true, true), Assert.Single(port.Endpoints));
    }

    [Fact]
    public void Build_ServiceOfBothFamilies_IsServedByItsIPv4Address() => Assert.Equal("10.96.0.10", Assert.Single(ServiceTable.Build(
        [Web(s => (s.Spec.ClusterIP, s.Spec.ClusterIPs) = ("fd00::10", ["fd00::10", "10.96.0.10"]))], [], "a")).ClusterIP);

    [Fact]
    public void Build_ServiceOfIPv6Alone_IsNotServed() =>
        Assert.Empty(ServiceTable.Build([Web(s => (s.Spec.ClusterIP, s.Spec.ClusterIPs) = ("fd00::10", ["fd00::10"]))], [], "a"));

    [Theory]
    [InlineData("None", "ClusterIP")]
    [InlineData("", "ClusterIP")]
    [InlineData("", "ExternalName")]
    public void Build_HeadlessOrExternalName_IsNotServed(string clusterIP, string type) =>
        Assert.Empty(ServiceTable.Build([Web(s => (s.Spec.ClusterIP, s.Spec.Type) = (clusterIP, type))], [], "a"));

    [Fact]
    public void Build_ForeignProxyLabel_IsNotServed() =>
        Assert.Empty(ServiceTable.Build([Web(s => s.Metadata.Labels = new() { ["service.kubernetes.io/service-proxy-name"] = "other" })], [], "a"));

    [Fact]
    public void Build_NodePortOfClusterIPService_IsIgnored()
    {
        var port = Assert.Single(ServiceTable.Build([Web(s => s.Spec.Ports![0].NodePort = 30000)], [], "a"));
        Assert.Equal(0, port.NodePort);
    }

    [Fact]
    public void ClusterEndpoints_ReadyAndTerminating_OnlyReadyServe()
    {
        var port = Assert.Single(ServiceTable.Build([Web()], [Slice(("10.1.0.1", "a", true, true), ("10.1.0.2", "a", false, true))], "a"));
        Assert.Equal("10.1.0.1", Assert.Single(port.ClusterEndpoints).Address);
    }

    [Fact]
    public void Deletions_UdpEndpointGone_DropsItsFlows()
    {
        ServicePort Dns(params ServiceEndpoint[] endpoints) => new()
        {
            Namespace = "kube-system", Service = "dns", Port = "dns", Protocol = "udp", ClusterIP = "10.96.0.10", Number = 53, Endpoints = endpoints,
        };
        var old = new ServiceEndpoint("10.1.0.1", 53, true, true, true);
        Assert.Equal([["-D", "--orig-dst", "10.96.0.10", "--dst-nat", "10.1.0.1", "-p", "udp"]], StaleConnections.Deletions([Dns(old)], [Dns()]));
        Assert.Equal([["-D", "--orig-dst", "10.96.0.10", "-p", "udp", "--dport", "53"]], StaleConnections.Deletions([Dns()], [Dns(old)]));
        Assert.Empty(StaleConnections.Deletions([Dns(old)], [Dns(old)]));
    }
}
