using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>Webhooks that may refuse requests. Stored and validated; nothing calls them yet.</summary>
internal sealed class ValidatingWebhookConfigurationKind : KindDefinition<ValidatingWebhookConfiguration>
{
    private const string Beta = "admissionregistration.k8s.io/v1beta1";

    public override IReadOnlyList<string> Categories => ["api-extensions"];

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<ValidatingWebhookConfiguration>> Columns { get; } =
    [
        Column<ValidatingWebhookConfiguration>.Name,
        Column<ValidatingWebhookConfiguration>.Number("Webhooks", "How many webhooks there are.", c => c.Webhooks.OrEmpty().Count),
        Column<ValidatingWebhookConfiguration>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<ValidatingWebhookConfiguration>("v1beta1", DefaultBeta)
        {
            IsOlder = true,
            DeprecationWarning = Beta + " ValidatingWebhookConfiguration is deprecated in v1.16+, unavailable in v1.22+; "
                + "use admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
        },
    ];

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

    protected override void PrepareForCreate(ValidatingWebhookConfiguration obj, WriteContext context) => obj.Metadata.Generation = 1;

    protected override void PrepareForUpdate(ValidatingWebhookConfiguration obj, ValidatingWebhookConfiguration old, WriteContext context)
    {
        var (now, before) = (obj.Webhooks.OrEmpty(), old.Webhooks.OrEmpty());
        var isSame = now.Count == before.Count && now.Zip(before).All(p => p.First.SemanticEquals(p.Second));
        Generations.Count(obj.Metadata, old.Metadata, !isSame);
    }

    protected override void ValidateCreate(ValidatingWebhookConfiguration obj, FieldErrorList errors) =>
        Webhooks.Validate(Views(obj), null, obj.APIVersion == Beta, errors);

    protected override void ValidateUpdate(ValidatingWebhookConfiguration obj, ValidatingWebhookConfiguration old, FieldErrorList errors) =>
        Webhooks.Validate(Views(obj), Views(old), obj.APIVersion == Beta, errors);

    // The defaults of v1beta1, where they are others.
    private static void DefaultBeta(ValidatingWebhookConfiguration obj)
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

    private static List<Webhook> Views(ValidatingWebhookConfiguration obj) =>
    [
        .. obj.Webhooks.OrEmpty().Select(w => new Webhook(
            w.Name, w.ClientConfig, w.Rules, w.FailurePolicy, w.MatchPolicy, w.NamespaceSelector, w.ObjectSelector, w.SideEffects,
            w.TimeoutSeconds, w.AdmissionReviewVersions, w.MatchConditions)),
    ];
}
