using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Extenders;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Tests.Extenders;

public sealed class HttpExtenderTests
{
    private static readonly ExtenderConfiguration s_caching = new()
    {
        UrlPrefix = "http://extender.test/api/", FilterVerb = "filter", PrioritizeVerb = "rate", PreemptVerb = "preempt", BindVerb = "bind",
        NodeCacheCapable = true,
    };

    [Fact]
    public void Filter_NodeNames_AreThePossibleOnesAndTheOthersTellWhy()
    {
        var columns = Cluster.Columns(Cluster.Node("a"), Cluster.Node("b"), Cluster.Node("c"), Cluster.Node("d"));
        var asked = new Asked(("filter", """{"nodenames":["a"],"failedNodes":{"b":"too busy"},"failedAndUnresolvableNodes":{"c":"broken"}}"""));
        Assert.Equal("a", Decide(columns, s_caching, asked).NodeName);
        Assert.Equal(["a", "b", "c", "d"], asked.Body("filter").GetProperty("NodeNames").EnumerateArray().Select(n => n.GetString()).Order());
        Assert.Equal(JsonValueKind.Null, asked.Body("filter").GetProperty("Nodes").ValueKind);

        var none = new Asked(("filter", """{"NodeNames":[],"FailedNodes":{"a":"too busy","b":"too busy"},"FailedAndUnresolvableNodes":{"c":"broken","d":"broken"}}"""));
        var refused = Decide(columns, s_caching, none);
        Assert.StartsWith("0/4 nodes are available: 2 broken, 2 too busy.", refused.Diagnosis.Message(4), StringComparison.Ordinal);
    }

    [Fact]
    public void Filter_ExtenderWithoutCache_GetsAndGivesWholeNodes()
    {
        var columns = Cluster.Columns(Cluster.Node("a"), Cluster.Node("b"));
        var asked = new Asked(("filter", """{"nodes":{"items":[{"metadata":{"name":"b"}}]}}"""));
        Assert.Equal("b", Decide(columns, s_caching with { NodeCacheCapable = false, PrioritizeVerb = "" }, asked).NodeName);
        var sent = asked.Body("filter").GetProperty("Nodes").GetProperty("items").EnumerateArray().ToList();
        Assert.Equal("110", sent[0].GetProperty("status").GetProperty("allocatable").GetProperty("pods").GetString());
        Assert.Equal("p", asked.Body("filter").GetProperty("Pod").GetProperty("metadata").GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("""{"Error":"no idea"}""", "no idea")]
    [InlineData("""this is not JSON""", "")]
    [InlineData(null, "500")]
    public void Filter_Fails_RefusesThePodUnlessTheExtenderMayBeIgnored(string? answer, string expected)
    {
        var columns = Cluster.Columns(Cluster.Node("a"));
        var refused = Decide(columns, s_caching with { PrioritizeVerb = "" }, new Asked(("filter", answer)));
        Assert.Null(refused.NodeName);
        Assert.Contains("extender http://extender.test/api/: ", refused.Diagnosis.Message(1), StringComparison.Ordinal);
        Assert.Contains(expected, refused.Diagnosis.Message(1), StringComparison.Ordinal);
        Assert.Equal("a", Decide(columns, s_caching with { PrioritizeVerb = "", Ignorable = true }, new Asked(("filter", answer))).NodeName);
    }

    [Fact]
    public void Filter_ManagedResources_OnlyPodsThatAskForOneAreShown()
    {
        var node = Cluster.Node("a");
        node.Status.Allocatable!["example.com/gpu"] = Quantity.Parse("1");
        var columns = Cluster.Columns(node);
        var managing = s_caching with { ManagedResources = ["example.com/gpu"] };
        var asked = new Asked(("filter", """{"NodeNames":[]}"""));
        Assert.Equal("a", Decide(columns, managing, asked).NodeName);
        Assert.Empty(asked.Verbs);
        var pod = Cluster.Pod("p", with: p => p.Spec.Containers![0].Resources.Limits = new() { ["example.com/gpu"] = Quantity.Parse("1") });
        Assert.Null(Decide(columns, managing, asked, pod).NodeName);
    }

    [Fact]
    public void Decide_ResourceIgnoredByScheduler_IsLeftToTheExtender()
    {
        const string Yaml = """
            apiVersion: kubescheduler.config.k8s.io/v1
            kind: KubeSchedulerConfiguration
            extenders:
            - urlPrefix: http://127.0.0.1:1
              managedResources:
              - {name: example.com/gpu, ignoredByScheduler: true}
            """;
        var pod = Cluster.Pod("p", with: p => p.Spec.Containers![0].Resources.Requests!["example.com/gpu"] = Quantity.Parse("1"));
        var columns = Cluster.Columns(Cluster.Node("a"));
        Assert.Null(Cluster.Decide(columns, pod).NodeName);
        Assert.Equal("a", Cluster.Decide(columns, pod, profile: Cluster.Profile(configuration: Yaml)).NodeName);
    }

    [Fact]
    public void Prioritize_Scores_CountByTheWeight()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "64", memory: "64Gi"), Cluster.Node("b", cpu: "2", memory: "2Gi"));
        var asked = new Asked(("rate", """[{"Host":"a","Score":0},{"host":"b","score":10},{"Host":"unknown","Score":10}]"""));
        var rating = s_caching with { FilterVerb = "" };
        var pod = Cluster.Pod("p", "1", "1Gi");
        Assert.Equal("a", Decide(columns, rating with { Weight = 0 }, asked, pod).NodeName);
        Assert.Equal("b", Decide(columns, rating with { Weight = 5 }, asked, pod).NodeName);
        Assert.Equal("a", Decide(columns, rating with { Weight = 5 }, new Asked(("rate", null)), pod).NodeName);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Preempt_ExtenderNamesPlans_TheyAndTheirVictimsHold(bool nodeCacheCapable)
    {
        var asked = new Asked(("preempt", """{"NodeNameToMetaVictims":{"b":{"Pods":[{"UID":"on-b"},{"UID":"small-b"}],"NumPDBViolations":1}}}"""));
        var decision = Decide(Full(), s_caching with { FilterVerb = "", NodeCacheCapable = nodeCacheCapable }, asked, Mighty());
        Assert.Equal("b", decision.Preemption!.NodeName);
        Assert.Equal(["on-b", "small-b"], decision.Preemption.Victims.Select(v => v.Pod.Metadata.UID));
        Assert.Equal(1, decision.Preemption.BudgetViolations);
        var sent = asked.Body("preempt").GetProperty(nodeCacheCapable ? "NodeNameToMetaVictims" : "NodeNameToVictims").GetProperty("a").GetProperty("Pods")[0];
        Assert.Equal("on-a", (nodeCacheCapable ? sent.GetProperty("UID") : sent.GetProperty("metadata").GetProperty("uid")).GetString());
    }

    [Theory]
    [InlineData("""{"NodeNameToMetaVictims":{}}""", false)]
    [InlineData("""{"NodeNameToMetaVictims":{"a":{"Pods":[{"UID":"on-b"}]}}}""", false)]
    [InlineData(null, false)]
    [InlineData(null, true)]
    public void Preempt_NothingLeftOrNonsense_EvictsNobodyUnlessIgnorable(string? answer, bool ignorable)
    {
        var decision = Decide(Full(), s_caching with { FilterVerb = "", Ignorable = ignorable }, new Asked(("preempt", answer)), Mighty());
        Assert.Equal(ignorable, decision.Preemption is not null);
    }

    [Fact]
    public async Task Bind_InterestedExtender_BindsInsteadOfTheApi()
    {
        var asked = new Asked(("bind", "{}"));
        using var extender = new HttpExtender(s_caching, asked);
        Assert.True(await extender.BindAsync(Cluster.Pod("p"), "a", default));
        Assert.Equal("""{"PodName":"p","PodNamespace":"default","PodUID":"p","Node":"a"}""", asked.Body("bind").GetRawText());
        using var other = new HttpExtender(s_caching with { ManagedResources = ["example.com/gpu"] }, asked);
        Assert.False(await other.BindAsync(Cluster.Pod("p"), "a", default));
        using var refusing = new HttpExtender(s_caching, new Asked(("bind", """{"Error":"taken"}""")));
        Assert.Equal("taken", (await Assert.ThrowsAsync<HttpRequestException>(() => refusing.BindAsync(Cluster.Pod("p"), "a", default))).Message);
    }

    [Theory]
    [InlineData("extender.example", true)]
    [InlineData("other.example", false)]
    [InlineData("", false)] // the name in the URL then, which the certificate does not bear
    public async Task Call_TlsServerName_IsTheNameThatTheCertificateMustBear(string name, bool isTrusted)
    {
        using var server = new TlsExtender("extender.example");
        using var extender = new HttpExtender(s_caching with
        {
            UrlPrefix = $"https://127.0.0.1:{server.Port}/api",
            Authorities = [server.Certificate],
            TlsServerName = name,
        });
        var bound = extender.BindAsync(Cluster.Pod("p"), "a", TestContext.Current.CancellationToken);
        if (isTrusted)
            Assert.True(await bound);
        else
            await Assert.ThrowsAsync<HttpRequestException>(() => bound);
        Assert.Equal(isTrusted, (await server.Served).Contains("POST /api/bind", StringComparison.Ordinal));
    }

    private static Decision Decide(ClusterColumns columns, ExtenderConfiguration configuration, Asked asked, Objects.Core.V1.Pod? pod = null)
    {
        using var extender = new HttpExtender(configuration, asked);
        return Cluster.Decide(columns, pod ?? Cluster.Pod("p"), profile: Cluster.Profile() with { Extenders = [extender] });
    }

    private static ClusterColumns Full()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "1"), Cluster.Node("b", cpu: "1"));
        foreach (var node in new[] { "a", "b" })
        {
            Cluster.Place(columns, Cluster.Pod("on-" + node, "900m"), node);
            Cluster.Place(columns, Cluster.Pod("small-" + node, "1m"), node);
        }
        return columns;
    }

    private static Objects.Core.V1.Pod Mighty() => Cluster.Pod("p", "900m", with: p => p.Spec.Priority = 10);

    /// <summary>An extender behind TLS that answers one call with nothing.</summary>
    private sealed class TlsExtender : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public TlsExtender(string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(name);
            var request = new CertificateRequest("CN=extender", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(names.Build());
            var now = TimeProvider.System.GetUtcNow();
            Certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
            _listener.Start();
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
            Served = ServeAsync();
        }

        public X509Certificate2 Certificate { get; }

        public int Port { get; }

        /// <summary>What was asked; empty where the caller went away.</summary>
        public Task<string> Served { get; }

        public void Dispose()
        {
            _listener.Dispose();
            Certificate.Dispose();
        }

        private async Task<string> ServeAsync()
        {
            using var client = await _listener.AcceptTcpClientAsync();
            await using var stream = new SslStream(client.GetStream());
            var asked = new StringBuilder();
            try
            {
                await stream.AuthenticateAsServerAsync(Certificate);
                var buffer = new byte[4096];
                while (!asked.ToString().EndsWith('}') && await stream.ReadAsync(buffer) is > 0 and var read)
                    asked.Append(Encoding.UTF8.GetString(buffer, 0, read));
                if (asked.Length > 0)
                    await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"u8.ToArray());
            }
            catch (Exception failure) when (failure is IOException or AuthenticationException)
            {
                // It did not trust this one.
            }
            return asked.ToString();
        }
    }

    /// <summary>An extender's answers by verb; null is an error 500.</summary>
    private sealed class Asked(params (string Verb, string? Answer)[] answers) : HttpMessageHandler
    {
        private readonly Dictionary<string, JsonElement> _bodies = [];

        public IReadOnlyCollection<string> Verbs => _bodies.Keys;

        public JsonElement Body(string verb) => _bodies[verb];

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var verb = request.RequestUri!.AbsolutePath.Split('/')[^1];
            _bodies[verb] = JsonDocument.Parse(request.Content!.ReadAsStream(cancellationToken)).RootElement;
            return answers.FirstOrDefault(a => a.Verb == verb).Answer is { } answer
                ? new(HttpStatusCode.OK) { Content = new StringContent(answer, Encoding.UTF8, "application/json") }
                : new(HttpStatusCode.InternalServerError);
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Send(request, cancellationToken));
    }
}
