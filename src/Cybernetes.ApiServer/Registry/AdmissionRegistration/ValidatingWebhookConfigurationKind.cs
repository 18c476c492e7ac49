using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>Webhooks that may refuse requests.</summary>
internal sealed class ValidatingWebhookConfigurationKind : WebhookConfigurationKind<ValidatingWebhookConfiguration>
{
    protected override void Default(ValidatingWebhookConfiguration obj)
    {
        foreach (var webhook in obj.Webhooks.OrEmpty())
        {
            webhook.FailurePolicy ??= "Fail";
            webhook.MatchPolicy ??= "Equivalent";
            webhook.NamespaceSelector ??= new();
            webhook.ObjectSelector ??= new();
            webhook.TimeoutSeconds ??= 10;
            Webhooks.Default(webhook.ClientConfig, webhook.Rules);
        }
    }

    protected override void DefaultBeta(ValidatingWebhookConfiguration obj)
    {
        foreach (var webhook in obj.Webhooks.OrEmpty())
        {
            webhook.FailurePolicy ??= "Ignore";
            webhook.MatchPolicy ??= "Exact";
            webhook.SideEffects ??= "Unknown";
            webhook.TimeoutSeconds ??= 30;
            webhook.AdmissionReviewVersions ??= ["v1beta1"];
        }
    }

    protected override bool HasSameWebhooks(ValidatingWebhookConfiguration obj, ValidatingWebhookConfiguration old) =>
        ObjectEquality.ObjectList(obj.Webhooks, old.Webhooks);

    protected override List<Webhook> Views(ValidatingWebhookConfiguration obj) =>
    [
        .. obj.Webhooks.OrEmpty().Select(w => new Webhook(
            w.Name, w.ClientConfig, w.Rules, w.FailurePolicy, w.MatchPolicy, w.NamespaceSelector, w.ObjectSelector, w.SideEffects,
            w.TimeoutSeconds, w.AdmissionReviewVersions, w.MatchConditions)),
    ];
}
