using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry.Certificates;

/// <summary><c>certificatesigningrequests/approval</c>: the conditions Approved and Denied (kubectl certificate approve, deny).</summary>
internal sealed class ApprovalStrategy : WriteStrategy
{
    private static readonly FieldFilter s_filter = FieldFilter.Excluding("spec", "status.certificate");

    public override FieldFilter FilterOf(KindDefinition kind) => s_filter;

    public override void Prepare(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, WriteContext context)
    {
        var (now, before) = ((CertificateSigningRequest)obj, (CertificateSigningRequest)old!);
        now.Spec = before.Spec;
        now.Status.Certificate = before.Status.Certificate;
        CertificateSigningRequestKind.StampConditions(now, before, context.Now);
    }

    public override void Check(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, FieldErrorList errors) =>
        SigningRequestValidation.ValidateStatus(
            (CertificateSigningRequest)obj, (CertificateSigningRequest)old!, maySign: false, mayApprove: true, errors);
}
