using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Foundation;
using Cybernetes.Foundation.Metrics;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Tests.Authentication;

/// <summary>Tokens that stand in secrets of type service-account-token.</summary>
public sealed class SecretTokensTests
{
    private const string Issuer = "https://kubernetes.default.svc.cluster.local";
    private const string Secrets = "/api/v1/namespaces/default/secrets";
    private const string LastUsed = "kubernetes.io/legacy-token-last-used";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Token_Used_DayStandsAtItsSecretAndIsWrittenOnce(bool ofOldForm)
    {
        await using var bed = await Bed.StartAsync();
        var token = await bed.TokenAsync(ofOldForm);

        var user = await bed.AskAsync(token);
        Assert.Equal("system:serviceaccount:default:robot", user.User!.Name);
        Assert.Empty(user.Warnings);
        var first = await bed.Server.GetAsync(Secrets + "/robot-token");
        Assert.Equal(bed.Today, first.Json["metadata"]!["labels"]![LastUsed]!.GetValue<string>());
        await bed.AskAsync(token);
        Assert.Equal(first.At("metadata.resourceVersion"), (await bed.Server.GetAsync(Secrets + "/robot-token")).At("metadata.resourceVersion"));

        bed.Time.Advance(TimeSpan.FromDays(1));
        await bed.AskAsync(token);
        Assert.Equal(bed.Today, (await bed.Server.GetAsync(Secrets + "/robot-token")).Json["metadata"]!["labels"]![LastUsed]!.GetValue<string>());
        Assert.Contains("serviceaccount_legacy_manual_token_uses_total 3", bed.Metrics.Render());
    }

    [Fact]
    public async Task Token_OfASecretThatItsAccountNames_IsWarnedOf()
    {
        await using var bed = await Bed.StartAsync("""[{"name":"robot-token"}]""");
        var token = await bed.TokenAsync(ofOldForm: false);

        Assert.Equal(
            ["299 - \"Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.\""],
            (await bed.AskAsync(token)).Warnings);
        Assert.Contains("serviceaccount_legacy_auto_token_uses_total 1", bed.Metrics.Render());
    }

    [Fact]
    public async Task Token_MarkedInvalid_IsRefusedUntilTheMarkIsGone()
    {
        await using var bed = await Bed.StartAsync();
        var token = await bed.TokenAsync(ofOldForm: false);
        await bed.LabelAsync("\"2026-01-01\"");

        await Assert.ThrowsAsync<RequestFailure>(() => bed.AskAsync(token));
        Assert.Contains("serviceaccount_invalid_legacy_auto_token_uses_total 1", bed.Metrics.Render());
        Assert.Equal(bed.Today, (await bed.Server.GetAsync(Secrets + "/robot-token")).Json["metadata"]!["labels"]![LastUsed]!.GetValue<string>());
        await bed.LabelAsync("null");
        Assert.NotNull((await bed.AskAsync(token)).User);
    }

    [Theory]
    [InlineData("another", "robot-token")]
    [InlineData("", "gone")]
    public async Task OldToken_ThatItsSecretDoesNotHold_IsRefused(string held, string secret)
    {
        await using var bed = await Bed.StartAsync();
        var token = bed.OldToken(secret);
        await bed.HoldAsync(held.Length > 0 ? held : token);

        await Assert.ThrowsAsync<RequestFailure>(() => bed.AskAsync(token));
    }

    [Fact]
    public async Task Token_BoundToAnotherSecret_IsNotTracked()
    {
        await using var bed = await Bed.StartAsync();
        var token = await bed.RequestAsync();
        await bed.HoldAsync("another");

        Assert.NotNull((await bed.AskAsync(token)).User);
        Assert.Null((await bed.Server.GetAsync(Secrets + "/robot-token")).Json["metadata"]!["labels"]);
    }

    [Fact]
    public async Task Tracking_SinceADayThatCannotBe_IsPutRight()
    {
        var time = new VirtualTimeProvider();
        await using var server = await ServerFixture.StartAsync(o => o with { Time = time });
        const string path = "/api/v1/namespaces/kube-system/configmaps/kube-apiserver-legacy-service-account-token-tracking";
        var today = SecretTokens.TextOf(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        Assert.Equal(today, (await server.GetAsync(path)).At("data.since"));

        Assert.Equal(200, (await server.SendAsync("PATCH", path, """{"data":{"since":"9999-01-01"}}""", "application/merge-patch+json")).Code);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        while ((await server.GetAsync(path)).At("data.since") != today)
        {
            patience.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
            today = SecretTokens.TextOf(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        }
    }

    /// <summary>A server with an account, a secret and an authenticator.</summary>
    private sealed class Bed(ServerFixture server, ECDsa key, VirtualTimeProvider time) : IAsyncDisposable
    {
        private string _accountUid = "", _secretUid = "";

        public ServerFixture Server { get; } = server;

        public VirtualTimeProvider Time { get; } = time;

        public MetricRegistry Metrics { get; } = new();

        public string Today => SecretTokens.TextOf(DateOnly.FromDateTime(Time.GetUtcNow().UtcDateTime));

        private ServiceAccountTokenAuthenticator Authenticator =>
            field ??= new(Server.Host.Services, new ServiceAccountTokens(key, Issuer), new(Server.Host.Services, Metrics));

        public static async Task<Bed> StartAsync(string secrets = "[]")
        {
            var (key, time) = (ECDsa.Create(ECCurve.NamedCurves.nistP256), new VirtualTimeProvider());
            var bed = new Bed(await ServerFixture.StartAsync(o => o with { ServiceAccountKey = key, Time = time }), key, time);
            bed._accountUid = (await bed.Server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts",
                $$$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"robot"},"secrets":{{{secrets}}}}""")).At("metadata.uid");
            bed._secretUid = (await bed.Server.SendAsync("POST", Secrets, """
                {"apiVersion":"v1","kind":"Secret","metadata":{"name":"robot-token","annotations":{"kubernetes.io/service-account.name":"robot"}},
                "type":"kubernetes.io/service-account-token"}
                """)).At("metadata.uid");
            return bed;
        }

        /// <summary>A token that its secret holds.</summary>
        public async Task<string> TokenAsync(bool ofOldForm)
        {
            var token = ofOldForm ? OldToken("robot-token") : await RequestAsync();
            await HoldAsync(token);
            return token;
        }

        public async Task<string> RequestAsync()
        {
            var reply = await Server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts/robot/token", $$$$"""
                {"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":4294967296,
                "boundObjectRef":{"apiVersion":"v1","kind":"Secret","name":"robot-token","uid":"{{{{_secretUid}}}}"}}}
                """);
            Assert.Equal(201, reply.Code);
            return reply.At("status.token");
        }

        public string OldToken(string secret)
        {
            const string claim = "kubernetes.io/serviceaccount/";
            var head = Base64Url.EncodeToString("""{"alg":"ES256","kid":""}"""u8);
            var body = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""
                {"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:default:robot","{{claim}}namespace":"default",
                "{{claim}}secret.name":"{{secret}}","{{claim}}service-account.name":"robot","{{claim}}service-account.uid":"{{_accountUid}}"}
                """));
            var signature = key.SignData(Encoding.ASCII.GetBytes($"{head}.{body}"), HashAlgorithmName.SHA256);
            return $"{head}.{body}.{Base64Url.EncodeToString(signature)}";
        }

        public async Task HoldAsync(string token) => Assert.Equal(200, (await Server.SendAsync("PATCH", Secrets + "/robot-token",
            $$$"""{"data":{"token":"{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(token))}}}"}}""", "application/merge-patch+json")).Code);

        public async Task LabelAsync(string day) => Assert.Equal(200, (await Server.SendAsync("PATCH", Secrets + "/robot-token",
            $$$$"""{"metadata":{"labels":{"kubernetes.io/legacy-token-invalid-since":{{{{day}}}}}}}""", "application/merge-patch+json")).Code);

        public async Task<(UserInfo? User, List<string?> Warnings)> AskAsync(string token)
        {
            var http = new DefaultHttpContext();
            http.Request.Headers.Authorization = "Bearer " + token;
            return (await Authenticator.AuthenticateAsync(http), [.. http.Response.Headers["Warning"]]);
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            key.Dispose();
        }
    }
}
