using System.Globalization;
using System.Text;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Transport;
using Cybernetes.Foundation.Metrics;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Authentication;

/// <summary>
/// Tokens that live as long as a secret. Of those that stand in a secret of type service-account-token, the legacy ones, the use is counted and
/// noted at the secret, by the day, so that those nobody uses can be cleaned; one marked as invalid is refused (KEP-2799).
/// </summary>
internal sealed class SecretTokens(RegistryServices services, MetricRegistry metrics)
{
    private const string LastUsed = "kubernetes.io/legacy-token-last-used";
    private const string InvalidSince = "kubernetes.io/legacy-token-invalid-since";
    private const string DayFormat = "yyyy-MM-dd";

    private readonly Counter _generated = metrics.Counter(
        "serviceaccount_legacy_auto_token_uses_total", "Uses of tokens in secrets that were made for an account by the cluster.");

    private readonly Counter _manual = metrics.Counter(
        "serviceaccount_legacy_manual_token_uses_total", "Uses of tokens in secrets that someone made by hand.");

    private readonly Counter _invalid = metrics.Counter(
        "serviceaccount_invalid_legacy_auto_token_uses_total", "Uses of tokens in secrets that are marked as invalid.");

    /// <summary>Whether the token that the claims were read from still holds. The request's answer may get a warning.</summary>
    /// <param name="context">The request.</param>
    /// <param name="claims">They name the secret, and an account that is there.</param>
    /// <param name="token">The token itself.</param>
    /// <param name="cancellation">The client is gone.</param>
    public async ValueTask<bool> AdmitAsync(HttpContext context, TokenClaims claims, string token, CancellationToken cancellation)
    {
        var (_, name, uid) = claims.Bound!.Value;
        var secret = await services.FindAsync<Secret>("", "secrets", claims.Namespace, name, cancellation);
        if (secret is null || (uid.Length > 0 && secret.Metadata.UID != uid))
            return false;
        var isHeld = secret.Type == "kubernetes.io/service-account-token"
            && secret.Data.OrEmpty().TryGetValue("token", out var held) && held.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(token));
        if (!isHeld)
            return !claims.IsLegacy; // one of the TokenRequest API, bound to any secret
        if (secret.Metadata.DeletionTimestamp is not null)
            return false;
        await NoteUseAsync(secret, cancellation);
        if (secret.Metadata.Labels.OrEmpty().GetValueOrDefault(InvalidSince, "").Length > 0)
        {
            _invalid.Increment();
            services.Logger.LogInformation(
                "the token in secret {Namespace}/{Secret} for service account {Namespace}/{Account} has been marked invalid. Use tokens from the "
                + "TokenRequest API or manually created secret-based tokens, or remove the '{Label}' label from the secret to temporarily allow use of "
                + "this token", claims.Namespace, name, claims.Namespace, claims.ServiceAccount, InvalidSince);
            return false;
        }
        await CountAsync(context, claims, name, cancellation);
        return true;
    }

    /// <summary>A day as the labels have it; null for what is none.</summary>
    public static DateOnly? DayOf(string? text) =>
        DateOnly.TryParseExact(text, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    public static string TextOf(DateOnly day) => day.ToString(DayFormat, CultureInfo.InvariantCulture);

    /// <summary>A secret that its account names was made by the cluster, in releases that made one for each account.</summary>
    private async ValueTask CountAsync(HttpContext context, TokenClaims claims, string secret, CancellationToken cancellation)
    {
        var account = await services.FindAsync<ServiceAccount>("", "serviceaccounts", claims.Namespace, claims.ServiceAccount, cancellation);
        if (account?.Secrets.OrEmpty().Any(s => s.Name == secret) != true)
        {
            _manual.Increment();
            return;
        }
        _generated.Increment();
        const string advice = "Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.";
        context.Response.Headers.Append("Warning", $"299 - \"{advice}\"");
    }

    /// <summary>Writes the day to the secret, once a day; a server whose clock is a little ahead may have written tomorrow's.</summary>
    private async ValueTask NoteUseAsync(Secret secret, CancellationToken cancellation)
    {
        var today = DateOnly.FromDateTime(services.Time.GetUtcNow().UtcDateTime);
        var noted = DayOf(secret.Metadata.Labels.OrEmpty().GetValueOrDefault(LastUsed));
        if (noted == today || noted == today.AddDays(1))
            return;
        using var client = new HttpMessageInvoker(new InProcessHandler(services.Pipeline, UserInfo.Authenticated("system:apiserver", ["system:masters"])));
        using var request = new HttpRequestMessage(
            HttpMethod.Patch, new Uri($"https://in-process/api/v1/namespaces/{secret.Metadata.Namespace}/secrets/{secret.Metadata.Name}"))
        {
            Content = new StringContent(
                $$$$"""{"metadata":{"uid":"{{{{secret.Metadata.UID}}}}","labels":{"{{{{LastUsed}}}}":"{{{{TextOf(today)}}}}"}}}""",
                Encoding.UTF8, "application/merge-patch+json"),
        };
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-apiserver");
        using var response = await client.SendAsync(request, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            // The use is told again with the token's next one; whoever holds it is not refused for that.
            services.Logger.LogWarning(
                "Failed to label legacy service account token {Namespace}/{Secret} with last-used date: {Answer}",
                secret.Metadata.Namespace, secret.Metadata.Name, (int)response.StatusCode);
        }
    }
}
