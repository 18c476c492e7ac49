using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary><c>pods/resize</c>: the one way to change what the containers of a pod that exists ask for and may use (KEP-1287).</summary>
internal sealed class ResizeStrategy : WriteStrategy
{
    // The resources of the pod as a whole are not among them, as upstream.
    private static readonly FieldFilter s_filter = FieldFilter.Including(
        "spec.containers.*.resources", "spec.containers.*.resizePolicy", "spec.initContainers.*.resources", "spec.initContainers.*.resizePolicy");

    public override FieldFilter FilterOf(KindDefinition kind) => s_filter;

    public override void Prepare(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, WriteContext context) =>
        PodStrategy.PrepareForResize((Pod)obj, (Pod)old!);

    public override void Check(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, FieldErrorList errors)
    {
        kind.Check(obj, errors);
        PodResizeValidation.Validate((Pod)obj, (Pod)old!, errors);
    }
}
