using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ServiceAccounts;

/// <summary>What is to be done about a token in a secret that nobody uses.</summary>
internal enum LegacyTokenStep
{
    Keep,

    /// <summary>Mark it as invalid: who still needs it is told so, and can take the mark off.</summary>
    Invalidate,
    Delete,
}

/// <summary>Which tokens in secrets are to be cleaned (KEP-2799). Pure.</summary>
internal static class LegacyTokenReconciler
{
    public const string LastUsed = "kubernetes.io/legacy-token-last-used";
    public const string InvalidSince = "kubernetes.io/legacy-token-invalid-since";
    public const string TokenType = "kubernetes.io/service-account-token";

    /// <summary>Whether the use of tokens has been noted for as long as they may be unused; the first day counts from its end.</summary>
    public static bool IsTrackedLongEnough(DateOnly since, TimeSpan period, DateTimeOffset now) =>
        now.UtcDateTime >= since.AddDays(1).ToDateTime(TimeOnly.MinValue) + period;

    /// <param name="secret">The secret.</param>
    /// <param name="account">The account it names; null where there is none.</param>
    /// <param name="isMounted">Whether a pod refers to the secret; asked last.</param>
    /// <param name="period">How long a token may be unused before it is invalid, and invalid before it is deleted.</param>
    public static LegacyTokenStep Decide(Secret secret, ServiceAccount? account, Func<bool> isMounted, TimeSpan period, DateTimeOffset now)
    {
        var oldest = now - period;
        if (secret.Type != TokenType || secret.Metadata.DeletionTimestamp is not null || secret.Metadata.CreationTimestamp >= oldest)
            return LegacyTokenStep.Keep;
        var oldestDay = DateOnly.FromDateTime(oldest.UtcDateTime);
        var labels = secret.Metadata.Labels.OrEmpty();
        // One that was never used since notes are taken has no label; a label that is no day says nothing.
        if (labels.TryGetValue(LastUsed, out var used) && (DayOf(used) is not { } lastUsed || lastUsed >= oldestDay))
            return LegacyTokenStep.Keep;
        if (!IsMadeFor(secret, account) || isMounted())
            return LegacyTokenStep.Keep;
        if (DayOf(labels.GetValueOrDefault(InvalidSince)) is not { } invalidSince)
            return LegacyTokenStep.Invalidate;
        return invalidSince >= oldestDay ? LegacyTokenStep.Keep : LegacyTokenStep.Delete;
    }

    /// <summary>A day as the labels have it; null for what is none.</summary>
    public static DateOnly? DayOf(string? text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    public static string TextOf(DateTimeOffset now) => now.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Only a secret that its account names was made by the cluster; one made by hand is its maker's business.</summary>
    private static bool IsMadeFor(Secret secret, ServiceAccount? account)
    {
        var uid = secret.Metadata.Annotations.OrEmpty().GetValueOrDefault("kubernetes.io/service-account.uid", "");
        return account is not null && (uid.Length == 0 || uid == account.Metadata.UID)
            && account.Secrets.OrEmpty().Any(s => s.Name == secret.Metadata.Name);
    }
}
