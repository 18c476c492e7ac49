using System.Net;
using System.Text;
using Cybernetes.Client.Discovery;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Autoscaling;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Autoscaling.V2;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Autoscalers against the real API server, and the metrics APIs as adapters answer.</summary>
public sealed class AutoscalerTests
{
    [Fact]
    public async Task Autoscaler_BelowMinimumThenWithoutMetrics_ScalesAndTells()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        var deployment = Make.Deployment(1);
        (deployment.Metadata.UID, deployment.Metadata.ResourceVersion, deployment.Metadata.Generation) = ("", "", 0);
        await cluster.Client.For<Deployment>().CreateAsync(deployment);
        var autoscalers = cluster.Client.For<HorizontalPodAutoscaler>();
        await autoscalers.CreateAsync(new HorizontalPodAutoscaler
        {
            Metadata = { Namespace = "default", Name = "web" },
            Spec =
            {
                ScaleTargetRef = { APIVersion = "apps/v1", Kind = "Deployment", Name = "web" }, MinReplicas = 2, MaxReplicas = 4,
                Metrics = [new() { Type = "Resource", Resource = new() { Name = "cpu", Target = { Type = "Utilization", AverageUtilization = 50 } } }],
            },
        });

        await cluster.UntilAsync<Deployment>("default", all => all is [{ Status.AvailableReplicas: 2 }]);
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e is
        {
            Reason: "SuccessfulRescale", Message: "New size: 2; reason: Current number of replicas below Spec.MinReplicas",
        }));
        var told = (await cluster.UntilAsync<HorizontalPodAutoscaler>("default", all => all[0].Status.DesiredReplicas == 2))[0];
        Assert.Contains(told.Status.Conditions!, c => c is { Type: "AbleToScale", Status: "True", Reason: "SucceededRescale" });

        // A change of its spec brings it here again at once.
        await autoscalers.PatchAsync("default", "web", ObjectPatch.Merge("""{"spec":{"maxReplicas":5}}"""));
        told = (await cluster.UntilAsync<HorizontalPodAutoscaler>("default", all => all[0].Status.Conditions.OrEmpty().Any(c => c.Type == "ScalingActive")))[0];
        var active = told.Status.Conditions!.Single(c => c.Type == "ScalingActive");
        Assert.Equal(("False", "FailedGetResourceMetric"), (active.Status, active.Reason));
        Assert.StartsWith("the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: ",
            active.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await cluster.Client.For<Deployment>().GetAsync("default", "web")).Spec.Replicas);
    }

    [Fact]
    public async Task Metrics_OfAllThreeKinds_AreReadAsAdaptersWriteThem()
    {
        using var server = new CannedServer(new()
        {
            ["/apis/metrics.k8s.io/v1beta1/namespaces/ns/pods?labelSelector=app%3Dweb"] =
                """
                {"kind":"PodMetricsList","items":[{"metadata":{"name":"a","namespace":"ns"},"timestamp":"2026-01-01T00:00:00Z","window":"30s",
                "containers":[{"name":"x","usage":{"cpu":"250m"}},{"name":"y","usage":{"cpu":"1"}}]},
                {"metadata":{"name":"b"},"containers":[{"name":"x","usage":{"cpu":"1n"}},{"name":"y","usage":{"memory":"1"}}]}]}
                """,
            ["/apis/custom.metrics.k8s.io/v1beta1/namespaces/ns/pods/*/qps?labelSelector=app%3Dweb&metricLabelSelector=verb%3DGET"] =
                """{"items":[{"describedObject":{"kind":"Pod","name":"a"},"metricName":"qps","timestamp":"2026-01-01T00:00:00Z","windowSeconds":10,"value":"1500m"}]}""",
            ["/apis/custom.metrics.k8s.io/v1beta2/namespaces/ns/ingresses.networking.k8s.io/main/hits"] =
                """{"items":[{"describedObject":{"name":"main"},"metric":{"name":"hits"},"value":"2k"}]}""",
            ["/apis/external.metrics.k8s.io/v1beta1/namespaces/ns/queue?labelSelector=verb%3DGET"] =
                """{"items":[{"metricName":"queue","value":"3"},{"metricName":"queue","value":"4500m"}]}""",
        });
        using var client = new ApiClient(server, new Uri("https://metrics.test"));
        var metrics = new MetricsClient(client);
        var (selector, verb) = (LabelMatcher.Parse("app=web"), new MetricIdentifier { Name = "qps", Selector = new() { MatchLabels = new() { ["verb"] = "GET" } } });
        var none = CancellationToken.None;

        var cpu = await metrics.ResourceAsync("ns", selector, "cpu", null, none);
        Assert.Equal([("a", 1250L, TimeSpan.FromSeconds(30))], cpu.Select(s => (s.Pod, s.Milli, s.Window)));
        Assert.Equal(250, (await metrics.ResourceAsync("ns", selector, "cpu", "x", none))[0].Milli);
        Assert.Equal([("a", 1500L)], (await metrics.PodsAsync("ns", selector, verb, none)).Select(s => (s.Pod, s.Milli)));
        var ingresses = new ServedResource("networking.k8s.io", "v1", "ingresses", "Ingress", true, []);
        Assert.Equal(2_000_000, await metrics.ObjectAsync("ns", ingresses, "main", new() { Name = "hits" }, none));
        Assert.Equal(7500, await metrics.ExternalAsync("ns", new() { Name = "queue", Selector = verb.Selector }, none));
        var absent = await Assert.ThrowsAsync<MetricUnavailableException>(() => metrics.ResourceAsync("other", selector, "cpu", null, none));
        Assert.Equal("unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)", absent.Message);
    }

    private sealed class CannedServer(Dictionary<string, string> answers) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var found = answers.TryGetValue(request.RequestUri!.PathAndQuery, out var body);
            return Task.FromResult(new HttpResponseMessage(found ? HttpStatusCode.OK : HttpStatusCode.NotFound)
            {
                Content = new StringContent(body ?? "", Encoding.UTF8, found ? "application/json" : "text/plain"),
            });
        }
    }
}
