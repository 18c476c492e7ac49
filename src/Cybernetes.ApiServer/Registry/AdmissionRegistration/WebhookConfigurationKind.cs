using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>What configurations of webhooks of both kinds have in common. Stored and validated; nothing calls the webhooks yet.</summary>
internal abstract class WebhookConfigurationKind<T> : KindDefinition<T>
    where T : class, IKubernetesObject<T>, new()
{
    private const string Beta = "admissionregistration.k8s.io/v1beta1";

    protected WebhookConfigurationKind()
    {
        var kind = T.Facts.Kind;
        Columns =
        [
            Column<T>.Name,
            Column<T>.Number("Webhooks", "How many webhooks there are.", c => Views(c).Count),
            Column<T>.Age,
        ];
        OtherVersions =
        [
            new RenamedVersion<T>("v1beta1", DefaultBeta)
            {
                IsOlder = true,
                DeprecationWarning = $"{Beta} {kind} is deprecated in v1.16+, unavailable in v1.22+; use admissionregistration.k8s.io/v1 {kind}",
            },
        ];
    }

    public override IReadOnlyList<string> Categories => ["api-extensions"];

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<T>> Columns { get; }

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; }

    /// <summary>Sets the defaults of v1beta1, where they are others.</summary>
    protected abstract void DefaultBeta(T obj);

    /// <summary>The configuration's webhooks, whatever their kind.</summary>
    protected abstract List<Webhook> Views(T obj);

    protected abstract bool HasSameWebhooks(T obj, T old);

    protected override void PrepareForCreate(T obj, WriteContext context) => obj.Metadata.Generation = 1;

    protected override void PrepareForUpdate(T obj, T old, WriteContext context) =>
        Generations.Count(obj.Metadata, old.Metadata, !HasSameWebhooks(obj, old));

    protected override void ValidateCreate(T obj, FieldErrorList errors) => Webhooks.Validate(Views(obj), null, obj.APIVersion == Beta, errors);

    protected override void ValidateUpdate(T obj, T old, FieldErrorList errors) =>
        Webhooks.Validate(Views(obj), Views(old), obj.APIVersion == Beta, errors);
}
