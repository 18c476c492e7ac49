using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>What validating and mutating webhooks have in common.</summary>
internal sealed record Webhook(
    string Name, WebhookClientConfig Client, List<RuleWithOperations>? Rules, string? FailurePolicy, string? MatchPolicy,
    LabelSelector? NamespaceSelector, LabelSelector? ObjectSelector, string? SideEffects, int? TimeoutSeconds,
    List<string>? ReviewVersions, List<MatchCondition>? Conditions, string? ReinvocationPolicy = null)
{
    public bool HasNoSideEffects => SideEffects is "None" or "NoneOnDryRun";

    // Versions of AdmissionReview that this server can send.
    public bool HasKnownVersion => ReviewVersions.OrEmpty().Any(v => v is "v1" or "v1beta1");
}

/// <summary>Defaults and checks of webhooks, in upstream's words and order.</summary>
internal static class Webhooks
{
    private static readonly FieldPath Root = FieldPath.Of("webhooks");
    private static readonly string[] s_allSideEffects = ["None", "NoneOnDryRun", "Some", "Unknown"];
    private static readonly string[] s_noSideEffects = ["None", "NoneOnDryRun"];

    /// <summary>Defaults that both versions and both kinds share.</summary>
    public static void Default(WebhookClientConfig client, List<RuleWithOperations>? rules)
    {
        if (client.Service is { } service)
            service.Port ??= 443;
        foreach (var rule in rules.OrEmpty())
            rule.Scope ??= "*";
    }

    /// <summary>Checks all webhooks of a configuration.</summary>
    /// <param name="webhooks">The new ones.</param>
    /// <param name="old">Those before; null on create. What they already were is not held against the new ones.</param>
    /// <param name="isBeta">Sent as v1beta1, which asked for less.</param>
    /// <param name="errors">Gets the errors.</param>
    public static void Validate(IReadOnlyList<Webhook> webhooks, IReadOnlyList<Webhook>? old, bool isBeta, FieldErrorList errors)
    {
        var sideEffects = isBeta || old?.All(w => w.HasNoSideEffects) == false ? s_allSideEffects : s_noSideEffects;
        var known = old?.All(w => w.HasKnownVersion || w.ReviewVersions is not { Count: > 0 }) != false;
        var unique = !isBeta && old?.Select(w => w.Name).Distinct().Count() is var count && (old is null || count == old.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < webhooks.Count; i++)
        {
            var (webhook, path) = (webhooks[i], Root.Index(i));
            One(webhook, sideEffects, path, errors);
            ReviewVersions(webhook, known, path.Child("admissionReviewVersions"), errors);
            if (unique && webhook.Name.Length > 0 && !names.Add(webhook.Name))
                errors.Duplicate(path.Child("name"), webhook.Name);
        }
    }

    private static void One(Webhook webhook, string[] sideEffects, FieldPath path, FieldErrorList errors)
    {
        FieldRules.FullyQualifiedName(webhook.Name, path.Child("name"), errors);
        for (var i = 0; i < (webhook.Rules?.Count ?? 0); i++)
        {
            var rule = webhook.Rules![i];
            RuleChecks.WithOperations(rule.Operations, RuleChecks.AsRule(rule), path.Child("rules").Index(i), errors);
        }
        RuleChecks.FailurePolicy(webhook.FailurePolicy, false, path, errors);
        RuleChecks.MatchPolicy(webhook.MatchPolicy, false, path, errors);
        if (webhook.SideEffects is null)
            errors.Required(path.Child("sideEffects"), $"must specify one of {string.Join(", ", sideEffects)}");
        else if (!sideEffects.Contains(webhook.SideEffects))
            errors.NotSupported(path.Child("sideEffects"), webhook.SideEffects, sideEffects);
        if (webhook.TimeoutSeconds is > 30 or < 1)
            errors.Invalid(path.Child("timeoutSeconds"), webhook.TimeoutSeconds, "the timeout value must be between 1 and 30 seconds");
        FieldChecks.Selector(webhook.NamespaceSelector, path.Child("namespaceSelector"), errors);
        FieldChecks.Selector(webhook.ObjectSelector, path.Child("objectSelector"), errors);
        if (webhook.ReinvocationPolicy is { } policy and not ("Never" or "IfNeeded"))
            errors.NotSupported(path.Child("reinvocationPolicy"), policy, "IfNeeded", "Never");
        WebhookClientChecks.Client(webhook.Client, path.Child("clientConfig"), errors);
        RuleChecks.MatchConditions(webhook.Conditions, false, path.Child("matchConditions"), errors);
    }

    private static void ReviewVersions(Webhook webhook, bool knownIsRequired, FieldPath path, FieldErrorList errors)
    {
        var versions = webhook.ReviewVersions.OrEmpty();
        if (versions.Count == 0)
        {
            errors.Required(path, "must specify one of v1, v1beta1");
            return;
        }
        for (var i = 0; i < versions.Count; i++)
        {
            if (versions.Take(i).Contains(versions[i]))
                errors.Invalid(path.Index(i), versions[i], "duplicate version");
            else
                errors.AddInvalid(path.Index(i), versions[i], Names.Dns1035Label(versions[i]));
        }
        if (knownIsRequired && !webhook.HasKnownVersion)
            errors.Invalid(path, versions, "must include at least one of v1, v1beta1");
    }
}
