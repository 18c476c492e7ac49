using System.Net;
using Cybernetes.ApiServer.Registry.Allocation;
using Cybernetes.Objects.Core.V1;
using ServiceAddress = Cybernetes.Objects.Networking.V1.IPAddress;

namespace Cybernetes.ApiServer.Tests.Registry.Core;

public sealed class AddressRepairsTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("10.96.0.9", "default/a", true, "")]
    [InlineData("10.96.0.9", "", true, "Take ClusterIPNotAllocated Cluster IP [IPv4]: 10.96.0.9 is not allocated; repairing")]
    [InlineData("10.97.0.9", "", true,
        "Tell ClusterIPOutOfRange Cluster IP [IPv4]: 10.97.0.9 is not within any configured Service CIDR; please recreate service")]
    [InlineData("10.96.0.9", "default/gone", true,
        "Retake ClusterIPNotAllocated the ClusterIP [IPv4]: 10.96.0.9 for Service default/a has a wrong reference; repairing")]
    [InlineData("10.96.0.9", "default/twin", true,
        "Tell ClusterIPAlreadyAllocated Cluster IP [IPv4]:10.96.0.9 was assigned to multiple services; please recreate service")]
    [InlineData("10.96.0.9", "default/other", true, "")]
    [InlineData("10.96.0.9", "gateway", true,
        "Retake ClusterIPNotAllocated the ClusterIP [IPv4]: 10.96.0.9 for Service default/a has a wrong reference; repairing")]
    [InlineData("10.96.0.9", "default/a", false, "Retake")]
    [InlineData("None", "", true, "")]
    [InlineData("fd00::9", "", true, "Take ClusterIPNotAllocated Cluster IP [IPv6]: fd00::9 is not allocated; repairing")]
    public void Service_HeldAgainstItsAddress_IsRepaired(string clusterIp, string parent, bool labelled, string expected)
    {
        var service = Service("a", clusterIp);
        var there = parent.Length == 0 ? null : Address(clusterIp, parent, labelled);
        var repairs = new AddressRepairs(
            (ns, name) => (ns, name) switch
            {
                ("default", "a") => service,
                ("default", "twin") => Service("twin", clusterIp),
                ("default", "other") => Service("other", "10.96.0.77"),
                _ => null,
            },
            address => address == clusterIp ? there : null, [IPNetwork.Parse("10.96.0.0/16"), IPNetwork.Parse("fd00::/112")]);
        Assert.Equal(expected, string.Join(';', repairs.Of(service).Select(r => $"{r.Step} {r.Reason} {r.Message}".Trim())));
    }

    [Theory]
    [InlineData("default/a", 3600, true, "")]
    [InlineData("default/gone", 59, true, "")]
    [InlineData("default/gone", 61, true, "IPAddressNotAllocated IPAddress: 10.96.0.9 for Service default/gone appears to have leaked: cleaning up")]
    [InlineData("default/gone", 61, false, "")]
    [InlineData("default/b", 61, true, "IPAddressWrongReference IPAddress: 10.96.0.9 for Service default/b has a wrong reference; cleaning up")]
    public void Address_HeldAgainstItsService_IsRemoved(string parent, int ageSeconds, bool labelled, string expected)
    {
        var address = Address("10.96.0.9", parent, labelled);
        address.Metadata.CreationTimestamp = s_now.AddSeconds(-ageSeconds);
        var repairs = new AddressRepairs(
            (_, name) => name switch { "a" => Service("a", "10.96.0.9"), "b" => Service("b", "10.96.0.10"), _ => null }, _ => address, []);
        Assert.Equal(expected, repairs.Of(address, s_now) is { } repair ? $"{repair.Reason} {repair.Message}" : "");
    }

    [Fact]
    public void Ports_HeldAgainstTheirRecords_AreTakenToldAndReleasedAtTheThirdLook()
    {
        var repairs = new PortRepairs(30000, 30010);
        Service[] services = [Service("a", "10.96.0.1", 30001, 30002), Service("b", "10.96.0.2", 30002), Service("c", "10.96.0.3", 30099)];
        string Look(params int[] taken) => string.Join(';', repairs.Of(services, taken)
            .Select(r => $"{r.Service?.Metadata.Name} {r.Repair.Step} {r.Repair.Address} {r.Repair.Reason}".Trim()));

        const string told = "b Tell 30002 PortAlreadyAllocated;c Tell 30099 PortOutOfRange";
        Assert.Equal("a Take 30001 PortNotAllocated;" + told, Look(30002, 30007));
        Assert.Equal(told, Look(30001, 30002, 30007));
        Assert.Equal(told + ";Remove 30007", Look(30001, 30002, 30007));
    }

    [Fact]
    public void Port_OfAServiceThatCameMeanwhile_IsNobodysNoMore()
    {
        var repairs = new PortRepairs(30000, 30010);
        for (var look = 0; look < 8; look++)
            Assert.Empty(repairs.Of(look % 2 == 0 ? [] : [Service("a", "10.96.0.1", 30001)], [30001]));
    }

    [Theory]
    [InlineData("10.0.0.0/29", 6, "10.0.0.1", "10.0.0.6")]
    [InlineData("10.0.0.0/31", 0, "10.0.0.1", "10.0.0.0")]
    [InlineData("fd00::/120", 254, "fd00::1", "fd00::fe")]
    [InlineData("10.255.255.0/24", 254, "10.255.255.1", "10.255.255.254")]
    public void Range_OfAddresses_IsWithoutItsEnds(string network, long size, string first, string last)
    {
        var range = new AddressRange(IPNetwork.Parse(network));
        Assert.Equal((size, first), (range.Size, range.At(1).ToString()));
        Assert.Equal(size > 0, range.Allows(IPAddress.Parse(last)));
        Assert.False(range.Allows(range.At(size + 1)));
        Assert.False(range.Allows(range.At(0)));
        Assert.False(range.Allows(IPAddress.Parse("192.168.0.1")));
    }

    private static Service Service(string name, string clusterIp, params int[] nodePorts) => new()
    {
        Metadata = { Namespace = "default", Name = name, UID = name },
        Spec =
        {
            Type = nodePorts.Length > 0 ? "NodePort" : "ClusterIP", ClusterIP = clusterIp, ClusterIPs = [clusterIp],
            Ports = [.. nodePorts.Select(p => new ServicePort { Port = p, Protocol = "TCP", NodePort = p })],
        },
    };

    private static ServiceAddress Address(string address, string parent, bool labelled)
    {
        var made = new ServiceAddress { Metadata = { Name = address } };
        made.Spec.ParentRef = parent.Split('/') is [var ns, var name]
            ? new() { Resource = "services", Namespace = ns, Name = name }
            : new() { Group = "gateway.networking.k8s.io", Resource = "gateways", Name = parent };
        if (labelled)
        {
            made.Metadata.Labels = new()
            {
                ["ipaddress.kubernetes.io/ip-family"] = address.Contains(':') ? "IPv6" : "IPv4",
                ["ipaddress.kubernetes.io/managed-by"] = "ipallocator.k8s.io",
            };
        }
        return made;
    }
}
