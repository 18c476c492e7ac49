using Cybernetes.Controllers.ServiceAccounts;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.ServiceAccounts;

public sealed class LegacyTokenReconcilerTests
{
    // Ten days before this one is 2026-03-01.
    private static readonly DateTimeOffset s_now = new(2026, 3, 11, 9, 30, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_period = TimeSpan.FromDays(10);

    [Theory]
    [InlineData(null, null, "Invalidate")]
    [InlineData("2026-02-28", null, "Invalidate")]
    [InlineData("2026-03-01", null, "Keep")]
    [InlineData("2026-03-11", "2026-02-01", "Keep")]
    [InlineData("yesterday", null, "Keep")]
    [InlineData(null, "2026-03-01", "Keep")]
    [InlineData(null, "2026-02-28", "Delete")]
    [InlineData(null, "long ago", "Invalidate")]
    [InlineData("2026-02-01", "2026-02-15", "Delete")]
    public void Decide_ByItsDays_InvalidatesThenDeletes(string? used, string? invalid, string expected) =>
        Assert.Equal(expected, Decide(Token(used, invalid), Account("robot-token")));

    [Fact]
    public void Decide_OthersSecrets_AreKept()
    {
        Assert.Equal("Keep", Decide(Token(null, null), Account("another")));
        Assert.Equal("Keep", Decide(Token(null, null), null));
        Assert.Equal("Keep", Decide(Token(null, null), Account("robot-token").With(a => a.Metadata.UID = "another")));
        Assert.Equal("Keep", Decide(Token(null, null), Account("robot-token"), isMounted: true));
        Assert.Equal("Keep", Decide(Token(null, null).With(s => s.Type = "Opaque"), Account("robot-token")));
        Assert.Equal("Keep", Decide(Token(null, null).With(s => s.Metadata.CreationTimestamp = s_now - s_period), Account("robot-token")));
        Assert.Equal("Keep", Decide(Token(null, "2020-01-01").With(s => s.Metadata.DeletionTimestamp = s_now), Account("robot-token")));
    }

    [Theory]
    [InlineData("2026-02-28", true)]
    [InlineData("2026-03-01", false)]
    public void IsTrackedLongEnough_FromTheDayAfter_Counts(string since, bool expected) => Assert.Equal(
        expected, LegacyTokenReconciler.IsTrackedLongEnough(DateOnly.Parse(since, System.Globalization.CultureInfo.InvariantCulture), s_period, s_now));

    [Fact]
    public void PodSecrets_OfEveryPlace_AreFound()
    {
        var pod = new Pod
        {
            Spec =
            {
                ImagePullSecrets = [new() { Name = "pull" }],
                InitContainers = [new() { Name = "a", EnvFrom = [new() { SecretRef = new() { Name = "from" } }, new() { ConfigMapRef = new() { Name = "no" } }] }],
                Containers = [new() { Name = "b", Env = [new() { Name = "X", ValueFrom = new() { SecretKeyRef = new() { Name = "env" } } }, new() { Name = "Y" }] }],
                Volumes =
                [
                    new() { Name = "v", Secret = new() { SecretName = "volume" } }, new() { Name = "e", EmptyDir = new() },
                    new() { Name = "p", Projected = new() { Sources = [new() { Secret = new() { Name = "projected" } }, new() { ConfigMap = new() { Name = "no" } }] } },
                    new() { Name = "c", CSI = new() { Driver = "d", NodePublishSecretRef = new() { Name = "csi" } } },
                ],
            },
        };
        Assert.Equal(["pull", "from", "env", "volume", "projected", "csi"], PodSecrets.Of(pod));
    }

    private static string Decide(Secret secret, ServiceAccount? account, bool isMounted = false) =>
        LegacyTokenReconciler.Decide(secret, account, () => isMounted, s_period, s_now).ToString();

    private static ServiceAccount Account(string secret) => new()
    {
        Metadata = { Namespace = "default", Name = "robot", UID = "account" }, Secrets = [new() { Name = secret }],
    };

    private static Secret Token(string? used, string? invalid)
    {
        var secret = new Secret
        {
            Metadata =
            {
                Namespace = "default", Name = "robot-token", CreationTimestamp = s_now.AddDays(-100), Labels = [],
                Annotations = new() { ["kubernetes.io/service-account.name"] = "robot", ["kubernetes.io/service-account.uid"] = "account" },
            },
            Type = "kubernetes.io/service-account-token",
        };
        if (used is not null)
            secret.Metadata.Labels[LegacyTokenReconciler.LastUsed] = used;
        if (invalid is not null)
            secret.Metadata.Labels[LegacyTokenReconciler.InvalidSince] = invalid;
        return secret;
    }
}
