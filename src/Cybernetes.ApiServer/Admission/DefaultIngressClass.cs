using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.Networking.V1;

namespace Cybernetes.ApiServer.Admission;

/// <summary>Gives ingresses that name no class the default one; of several the youngest.</summary>
internal sealed class DefaultIngressClass(RegistryServices services) : IAdmissionPlugin
{
    private const string OldAnnotation = "kubernetes.io/ingress.class";
    private const string DefaultAnnotation = "ingressclass.kubernetes.io/is-default-class";

    public string Name => "DefaultIngressClass";

    public bool Handles(AdmissionAttributes attributes) => attributes is
    {
        Operation: AdmissionOperation.Create, IsMainResource: true, Object: Ingress { Spec.IngressClassName: null } ingress,
    } && ingress.Metadata.Annotations?.ContainsKey(OldAnnotation) != true;

    public async ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var classes = await services.ListAsync<IngressClass>("networking.k8s.io", "ingressclasses", "", cancellation);
        var chosen = classes.Where(c => c.Metadata.Annotations?.GetValueOrDefault(DefaultAnnotation) == "true")
            .OrderByDescending(c => c.Metadata.CreationTimestamp).ThenBy(c => c.Metadata.Name, StringComparer.Ordinal).FirstOrDefault();
        if (chosen is not null)
            ((Ingress)attributes.Object!).Spec.IngressClassName = chosen.Metadata.Name;
    }
}
