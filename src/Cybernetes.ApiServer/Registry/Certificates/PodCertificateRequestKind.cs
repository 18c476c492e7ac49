using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1beta1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Certificates;

/// <summary>Requests that nodes make for their pods' certificates (beta, gate PodCertificateRequest).</summary>
internal sealed class PodCertificateRequestKind : KindDefinition<PodCertificateRequest>
{
    private const int DefaultSeconds = 86400;
    private static readonly FieldPath s_spec = FieldPath.Of("spec");

    public override string FeatureGate => "PodCertificateRequest";

    public override bool HasStatus => true;

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } =
        [new("spec.signerName"), new("spec.podName"), new("spec.nodeName")];

    public override IReadOnlyList<Column<PodCertificateRequest>> Columns { get; } =
    [
        Column<PodCertificateRequest>.Name,
        Column<PodCertificateRequest>.Text("PodName", "The pod it is for.", r => r.Spec.PodName),
        Column<PodCertificateRequest>.Text("ServiceAccountName", "The pod's service account.", r => r.Spec.ServiceAccountName),
        Column<PodCertificateRequest>.Text("NodeName", "The pod's node.", r => r.Spec.NodeName),
        Column<PodCertificateRequest>.Text("SignerName", "Who is to sign.", r => r.Spec.SignerName),
        Column<PodCertificateRequest>.Text("State", "How far it is.", StateText),
        Column<PodCertificateRequest>.Age,
    ];

    protected override void Default(PodCertificateRequest obj) => obj.Spec.MaxExpirationSeconds ??= DefaultSeconds;

    protected override void PrepareForCreate(PodCertificateRequest obj, WriteContext context) => obj.Status = new();

    protected override void PrepareForUpdate(PodCertificateRequest obj, PodCertificateRequest old, WriteContext context) => obj.Status = old.Status;

    protected override void PrepareForStatusUpdate(PodCertificateRequest obj, PodCertificateRequest old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
        foreach (var type in (string[])["Issued", "Denied", "Failed"])
            Preserve(obj.Status.Conditions ?? [], old.Status.Conditions ?? [], type);
        foreach (var condition in obj.Status.Conditions.OrEmpty())
        {
            var before = old.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == condition.Type && c.Status == condition.Status);
            condition.LastTransitionTime ??= before?.LastTransitionTime ?? KubernetesTime.TruncateToSecond(context.Now);
        }
    }

    /// <summary>What was said stays as it was said: conditions of these kinds are not rewritten, as long as there are as many.</summary>
    private static void Preserve(List<Condition> now, List<Condition> old, string type)
    {
        var before = old.FindAll(c => c.Type == type);
        if (before.Count != now.Count(c => c.Type == type))
            return;
        var next = 0;
        for (var i = 0; i < now.Count; i++)
        {
            if (now[i].Type == type)
                now[i] = before[next++];
        }
    }

    protected override void ValidateCreate(PodCertificateRequest obj, FieldErrorList errors) => PodCertificateRequestValidation.ValidateSpec(obj.Spec, errors);

    protected override void ValidateUpdate(PodCertificateRequest obj, PodCertificateRequest old, FieldErrorList errors)
    {
        if (!obj.Spec.SemanticEquals(old.Spec))
            errors.Invalid(s_spec, obj.Spec, FieldChecks.Immutability);
    }

    protected override void ValidateStatusUpdate(PodCertificateRequest obj, PodCertificateRequest old, FieldErrorList errors) =>
        PodCertificateRequestValidation.ValidateStatus(obj, old, errors);

    private static string StateText(PodCertificateRequest request) =>
        request.Status.Conditions.OrEmpty().FirstOrDefault(PodCertificateRequestValidation.IsTerminal)?.Type ?? "Pending";
}
