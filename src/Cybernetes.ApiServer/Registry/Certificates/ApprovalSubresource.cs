using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1;

namespace Cybernetes.ApiServer.Registry.Certificates;

/// <summary><c>certificatesigningrequests/approval</c>: the conditions Approved and Denied (kubectl certificate approve, deny).</summary>
internal sealed class ApprovalSubresource : Subresource
{
    private static readonly WriteStrategy s_strategy = new ApprovalStrategy();

    public override string Name => "approval";

    public override string Group => "certificates.k8s.io";

    public override string Kind => "CertificateSigningRequest";

    public override KindVerbs Verbs => KindVerbs.Get | KindVerbs.Patch | KindVerbs.Update;

    public override Task HandleAsync(ApiRequest request, RegistryServices services) => request.Info.Verb switch
    {
        "get" => GetVerb.HandleAsync(request, services),
        "patch" => PatchVerb.HandleAsync(request, services, s_strategy),
        _ => UpdateVerb.HandleAsync(request, services, s_strategy),
    };

    private sealed class ApprovalStrategy : WriteStrategy
    {
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
}
