using System.Text;
using Cybernetes.Node.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using static Cybernetes.Node.Tests.Pods.PodBuilder;

namespace Cybernetes.Node.Tests.Pods;

public sealed class VariableExpansionTests
{
    [Theory]
    [InlineData("$(A)", "1")]
    [InlineData("x$(A)y$(B)", "x1y2")]
    [InlineData("$$(A)", "$(A)")]
    [InlineData("$$$(A)", "$1")]
    [InlineData("$(UNKNOWN)", "$(UNKNOWN)")]
    [InlineData("$A", "$A")]
    [InlineData("$(A", "$(A")]
    [InlineData("a$", "a$")]
    [InlineData("", "")]
    public void Expand_Text_ReplacesWhatIsKnown(string text, string expected)
    {
        var values = new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" };

        Assert.Equal(expected, VariableExpansion.Expand(text, values.GetValueOrDefault));
    }
}

public sealed class ImageNameTests
{
    [Theory]
    [InlineData("nginx", "nginx:latest", "docker.io", "library/nginx")]
    [InlineData("nginx:1.25", "nginx:1.25", "docker.io", "library/nginx")]
    [InlineData("me/app", "me/app:latest", "docker.io", "me/app")]
    [InlineData("localhost:5000/a/b:x", "localhost:5000/a/b:x", "localhost:5000", "a/b")]
    [InlineData("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10", "registry.k8s.io", "pause")]
    public void Parse_Name_FindsItsParts(string text, string full, string registry, string repository)
    {
        Assert.Equal(new ImageName(full, registry, repository), ImageName.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Nginx")]
    [InlineData("a b")]
    [InlineData("nginx:")]
    [InlineData("-x")]
    [InlineData("a//b")]
    public void Parse_Nonsense_IsNull(string text) => Assert.Null(ImageName.Parse(text));

    [Fact]
    public void Parse_Digest_KeepsIt()
    {
        var text = "quay.io/a/b@sha256:" + new string('a', 64);

        Assert.Equal(text, ImageName.Parse(text)!.Full);
    }
}

public sealed class RegistryCredentialsTests
{
    [Fact]
    public void For_DockerHubEntry_MatchesShortName()
    {
        var auth = Convert.ToBase64String("me:secret"u8);
        var secret = Secret("""{"auths":{"https://index.docker.io/v1/":{"auth":"AUTH"}}}""".Replace("AUTH", auth,
            StringComparison.Ordinal));

        var login = Assert.Single(RegistryCredentials.For(ImageName.Parse("me/app")!, [secret]));

        Assert.Equal(("me", "secret"), (login.Username, login.Password));
    }

    [Fact]
    public void For_SeveralPlaces_TheMostSpecificIsFirst()
    {
        var secret = Secret("""
            {"auths":{"r.test:5000":{"username":"all","password":"x"},"r.test:5000/team":{"username":"team","password":"x"},
            "other.test":{"username":"other","password":"x"}}}
            """);

        var logins = RegistryCredentials.For(ImageName.Parse("r.test:5000/team/app:1")!, [secret]);

        Assert.Equal(["team", "all"], logins.Select(login => login.Username));
    }

    [Fact]
    public void For_BrokenSecret_HasNone() =>
        Assert.Empty(RegistryCredentials.For(ImageName.Parse("r.test/app")!, [Secret("{"), new Secret()]));

    private static Secret Secret(string json) =>
        new() { Data = new Dictionary<string, byte[]> { [".dockerconfigjson"] = Encoding.UTF8.GetBytes(json) } };
}

public sealed class ServiceEnvironmentTests
{
    [Fact]
    public void Of_Service_MakesHostPortAndLinks()
    {
        var service = Service("redis-primary", "10.0.0.11", new ServicePort { Name = "main", Port = 6379, Protocol = "TCP" });

        var variables = ServiceEnvironment.Of("default", serviceLinks: true, [service], [service]);

        Assert.Equal("10.0.0.11", variables["REDIS_PRIMARY_SERVICE_HOST"]);
        Assert.Equal("6379", variables["REDIS_PRIMARY_SERVICE_PORT"]);
        Assert.Equal("6379", variables["REDIS_PRIMARY_SERVICE_PORT_MAIN"]);
        Assert.Equal("tcp://10.0.0.11:6379", variables["REDIS_PRIMARY_PORT"]);
        Assert.Equal("tcp://10.0.0.11:6379", variables["REDIS_PRIMARY_PORT_6379_TCP"]);
        Assert.Equal("tcp", variables["REDIS_PRIMARY_PORT_6379_TCP_PROTO"]);
        Assert.Equal("6379", variables["REDIS_PRIMARY_PORT_6379_TCP_PORT"]);
        Assert.Equal("10.0.0.11", variables["REDIS_PRIMARY_PORT_6379_TCP_ADDR"]);
    }

    [Fact]
    public void Of_LinksOff_LeavesOnlyTheApiServer()
    {
        var master = Service("kubernetes", "10.0.0.1", new ServicePort { Port = 443 });
        var own = Service("web", "10.0.0.2", new ServicePort { Port = 80 });

        var variables = ServiceEnvironment.Of("shop", serviceLinks: false, [own], [master]);

        Assert.Contains("KUBERNETES_SERVICE_HOST", variables.Keys);
        Assert.DoesNotContain("WEB_SERVICE_HOST", variables.Keys);
    }

    [Fact]
    public void Of_HeadlessService_IsLeftOut() =>
        Assert.Empty(ServiceEnvironment.Of("shop", true, [Service("web", "None")], []));

    private static Service Service(string name, string ip, params ServicePort[] ports) => new()
    {
        Metadata = new ObjectMeta { Name = name },
        Spec = new ServiceSpec { ClusterIP = ip, Ports = [.. ports] },
    };
}

public sealed class PodDnsTests
{
    private static readonly DnsSettings Settings = new(
        ["10.96.0.10"], "cluster.local", ["# host", "nameserver 192.0.2.1", "search corp.test", "options timeout:1"]);

    [Theory]
    [InlineData("ClusterFirst", false, "10.96.0.10", "shop.svc.cluster.local svc.cluster.local cluster.local corp.test",
        "ndots:5")]
    [InlineData("ClusterFirst", true, "192.0.2.1", "corp.test", "timeout:1")]
    [InlineData("ClusterFirstWithHostNet", true, "10.96.0.10",
        "shop.svc.cluster.local svc.cluster.local cluster.local corp.test", "ndots:5")]
    [InlineData("Default", false, "192.0.2.1", "corp.test", "timeout:1")]
    [InlineData("None", false, "", "", "")]
    public void Make_Policy_ChoosesServers(string policy, bool hostNetwork, string servers, string searches, string options)
    {
        var pod = Pod();
        pod.Metadata.Namespace = "shop";
        (pod.Spec.DNSPolicy, pod.Spec.HostNetwork) = (policy, hostNetwork);

        var config = PodDns.Make(pod, Settings, out var fallsBack);

        Assert.False(fallsBack);
        Assert.Equal(servers, string.Join(' ', config.Servers));
        Assert.Equal(searches, string.Join(' ', config.Searches));
        Assert.Equal(options, string.Join(' ', config.Options));
    }

    [Fact]
    public void Make_OwnConfig_IsAddedAndOverridesOptions()
    {
        var pod = Pod();
        pod.Spec.DNSPolicy = "ClusterFirst";
        pod.Spec.DNSConfig = new PodDNSConfig
        {
            Nameservers = ["1.2.3.4"],
            Searches = ["my.test"],
            Options = [new PodDNSConfigOption { Name = "ndots", Value = "2" }, new PodDNSConfigOption { Name = "edns0" }],
        };

        var config = PodDns.Make(pod, Settings, out _);

        Assert.Equal(["10.96.0.10", "1.2.3.4"], config.Servers);
        Assert.Equal("my.test", config.Searches[^1]);
        Assert.Equal(["ndots:2", "edns0"], config.Options);
    }

    [Fact]
    public void Make_NoClusterDns_FallsBackToTheHosts()
    {
        var pod = Pod();
        pod.Spec.DNSPolicy = "ClusterFirst";

        var config = PodDns.Make(pod, Settings with { Servers = [] }, out var fallsBack);

        Assert.True(fallsBack);
        Assert.Equal(["192.0.2.1"], config.Servers);
    }
}

public sealed class HostsFileTests
{
    [Fact]
    public void Make_WithSubdomain_NamesThePodInFull()
    {
        var pod = Pod();
        (pod.Spec.Hostname, pod.Spec.Subdomain) = ("db-0", "db");
        pod.Spec.HostAliases = [new HostAlias { IP = "1.2.3.4", Hostnames = ["a.test", "b.test"] }];
        var (name, domain) = PodHostname.Of(pod, "cluster.local");

        var text = HostsFile.Make(pod, ["10.0.0.7"], name, domain, "");

        Assert.StartsWith("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n", text);
        Assert.Contains("10.0.0.7\tdb-0.db.default.svc.cluster.local\tdb-0\n", text);
        Assert.EndsWith("\n# Entries added by HostAliases.\n1.2.3.4\ta.test\tb.test\n", text);
    }

    [Fact]
    public void Of_LongName_IsCutForTheKernel()
    {
        var pod = Pod(new string('a', 62) + "-" + new string('b', 10));

        Assert.Equal(new string('a', 62), PodHostname.Of(pod, "cluster.local").Name);
    }
}

public sealed class DownwardFieldsTests
{
    [Theory]
    [InlineData("metadata.name", "web")]
    [InlineData("metadata.labels['app']", "shop")]
    [InlineData("metadata.labels['none']", "")]
    [InlineData("metadata.labels", "app=\"shop\"\nz=\"\\\"\"")]
    [InlineData("status.podIP", "10.0.0.7")]
    [InlineData("status.hostIPs", "192.0.2.2")]
    [InlineData("spec.nodeName", "node-1")]
    public void Field_Path_GivesItsValue(string path, string expected)
    {
        var pod = Pod();
        pod.Metadata.Labels = new Dictionary<string, string> { ["z"] = "\"", ["app"] = "shop" };

        Assert.Equal(expected, DownwardFields.Field(pod, path, ["10.0.0.7"], ["192.0.2.2"]));
    }

    [Theory]
    [InlineData("limits.cpu", "1", "2")]
    [InlineData("limits.cpu", "1m", "1500")]
    [InlineData("requests.memory", "1Mi", "64")]
    [InlineData("limits.memory", "0", "1073741824")]
    public void Resource_Divisor_RoundsUp(string resource, string divisor, string expected)
    {
        var container = Container("app");
        container.Resources.Limits = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse("1500m") };
        container.Resources.Requests = new Dictionary<string, Quantity> { ["memory"] = Quantity.Parse("64Mi") };
        var selector = new ResourceFieldSelector { Resource = resource, Divisor = Quantity.Parse(divisor) };
        var allocatable = new Dictionary<string, Quantity> { ["memory"] = Quantity.Parse("1Gi") };

        Assert.Equal(expected, DownwardFields.Resource(Pod("web", container), container, selector, allocatable));
    }
}

public sealed class PodQosTests
{
    [Theory]
    [InlineData(null, null, null, null, "BestEffort")]
    [InlineData("1", "1Gi", "1", "1Gi", "Guaranteed")]
    [InlineData(null, null, "1", "1Gi", "Guaranteed")]
    [InlineData("500m", "1Gi", "1", "1Gi", "Burstable")]
    [InlineData("1", null, null, null, "Burstable")]
    [InlineData(null, null, "1", null, "Burstable")]
    public void ClassOf_Requests_Decide(string? cpu, string? memory, string? cpuLimit, string? memoryLimit, string expected)
    {
        var container = Container("app");
        container.Resources.Requests = List(cpu, memory);
        container.Resources.Limits = List(cpuLimit, memoryLimit);

        Assert.Equal(expected, PodQos.ClassOf(Pod("web", container)));
    }

    private static Dictionary<string, Quantity> List(string? cpu, string? memory)
    {
        var list = new Dictionary<string, Quantity>();
        if (cpu is not null)
            list["cpu"] = Quantity.Parse(cpu);
        if (memory is not null)
            list["memory"] = Quantity.Parse(memory);
        return list;
    }
}
