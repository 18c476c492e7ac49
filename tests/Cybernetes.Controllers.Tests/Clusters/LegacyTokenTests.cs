using System.Security.Cryptography;
using System.Text;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.ServiceAccounts;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Tokens in secrets: their use is noted by the API server, and those that nobody uses are cleaned.</summary>
public sealed class LegacyTokenTests
{
    [Fact]
    public async Task Tokens_UnusedForLong_AreInvalidThenDeleted()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var cluster = await TestCluster.StartAsync(new()
        {
            Time = new VirtualTimeProvider(),
            // Days pass here.
            ApiServer = server => server with { ServiceAccountKey = key, SystemObjectsPeriod = TimeSpan.FromDays(100) },
        });
        await cluster.Client.For<ServiceAccount>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "robot" }, Secrets = [new() { Name = "idle" }, new() { Name = "mounted" }],
        });
        foreach (var name in new[] { "idle", "mounted", "hand-made" })
            await cluster.Client.For<Secret>().CreateAsync(Token(name));
        await cluster.Client.For<Pod>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "user" },
            Spec = { Containers = [new() { Name = "main", Image = "web:1", EnvFrom = [new() { SecretRef = new() { Name = "mounted" } }] }] },
        });
        IReadOnlyList<Secret> secrets = [];
        await WhileRunningAsync(cluster, async () =>
            secrets = await cluster.UntilAsync<Secret>("default", all => all.Count == 3 && all.All(s => s.Data.OrEmpty().ContainsKey("token"))));

        var today = LegacyTokenReconciler.TextOf(cluster.Time.GetUtcNow());
        Assert.True((await ReviewAsync(cluster, secrets, "hand-made")).Status.Authenticated);
        var used = await cluster.Client.For<Secret>().GetAsync("default", "hand-made");
        Assert.Equal(today, used.Metadata.Labels.OrEmpty().GetValueOrDefault(LegacyTokenReconciler.LastUsed));

        // Days pass while nobody watches, which would cost a watch every few minutes; the cleaner looks when it begins.
        cluster.Time.Advance(TimeSpan.FromHours(26));
        await WhileRunningAsync(cluster, () =>
            cluster.UntilAsync<Secret>("default", all => Idle(all)?.ContainsKey(LegacyTokenReconciler.InvalidSince) == true));
        cluster.Time.Advance(TimeSpan.FromHours(26));
        await WhileRunningAsync(cluster, () => cluster.UntilGoneAsync<Secret>("default", "idle"));
        var left = (await cluster.Client.For<Secret>().ListAllAsync("default", null, default)).Items;
        Assert.Equal(["hand-made", "mounted"], left.Select(s => s.Metadata.Name).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(left, s => s.Metadata.Labels.OrEmpty().ContainsKey(LegacyTokenReconciler.InvalidSince));
        Assert.True((await ReviewAsync(cluster, secrets, "mounted")).Status.Authenticated);
        Assert.False((await ReviewAsync(cluster, secrets, "idle")).Status.Authenticated);
    }

    /// <summary>The controllers run as long as the wait takes.</summary>
    private static async Task WhileRunningAsync(TestCluster cluster, Func<Task> wait)
    {
        using var end = new CancellationTokenSource();
        var options = new ControllerManagerOptions
        {
            Controllers = ["serviceaccount-token-controller", "legacy-service-account-token-cleaner-controller"],
            LegacyServiceAccountTokenCleanUpPeriod = TimeSpan.FromHours(1),
        };
        var ended = new TaskCompletionSource();
        cluster.Run("kube-controller-manager", async (client, token) =>
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(token, end.Token);
            await new ControllerManager(client, options, NullLogger.Instance).RunAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended.SetResult();
        });
        await wait();
        await end.CancelAsync();
        await ended.Task;
    }

    private static Dictionary<string, string>? Idle(IReadOnlyList<Secret> all) => all.FirstOrDefault(s => s.Metadata.Name == "idle")?.Metadata.Labels;

    private static Task<TokenReview> ReviewAsync(TestCluster cluster, IReadOnlyList<Secret> secrets, string name) =>
        cluster.Client.For<TokenReview>().CreateAsync(new()
        {
            Spec = { Token = Encoding.UTF8.GetString(secrets.Single(s => s.Metadata.Name == name).Data!["token"]) },
        });

    private static Secret Token(string name) => new()
    {
        Metadata = { Namespace = "default", Name = name, Annotations = new() { ["kubernetes.io/service-account.name"] = "robot" } },
        Type = "kubernetes.io/service-account-token",
    };
}
