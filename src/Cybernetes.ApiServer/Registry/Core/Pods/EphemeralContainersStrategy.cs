using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary><c>pods/ephemeralcontainers</c>: the one way to add containers to a pod that runs (kubectl debug).</summary>
internal sealed class EphemeralContainersStrategy : WriteStrategy
{
    private static readonly FieldFilter s_filter = FieldFilter.Including("spec.ephemeralContainers");

    public override FieldFilter FilterOf(KindDefinition kind) => s_filter;

    public override void Prepare(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, WriteContext context) =>
        PodStrategy.PrepareForEphemeralUpdate((Pod)obj, (Pod)old!);

    public override void Check(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, FieldErrorList errors)
    {
        kind.Check(obj, errors);
        PodUpdateValidation.ValidateEphemeral((Pod)obj, (Pod)old!, errors);
    }
}
