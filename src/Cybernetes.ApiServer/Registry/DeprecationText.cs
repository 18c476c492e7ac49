using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The Warning of versions on their way out, from the facts: since when, until when, and what comes instead.</summary>
internal static class DeprecationText
{
    /// <summary>As upstream words it: <c>batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob</c>.</summary>
    public static string Of<T>() where T : class, IKubernetesObject<T>
    {
        var facts = T.Facts;
        var text = $"{facts.APIVersion} {facts.Kind} is deprecated in v{facts.Deprecated}+";
        if (facts.Removed is { } removed)
            text += $", unavailable in v{removed}+";
        return facts.Replacement?.Split(',') is [var group, var version, var kind]
            ? $"{text}; use {(group.Length == 0 ? version : $"{group}/{version}")} {kind}"
            : text;
    }
}
