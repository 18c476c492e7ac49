using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary><c>pods/resize</c>: the one way to change what the containers of a pod that exists ask for and may use (KEP-1287).</summary>
internal sealed class ResizeSubresource : Subresource
{
    private static readonly WriteStrategy s_strategy = new ResizeStrategy();

    public override string Name => "resize";

    public override string Kind => "Pod";

    public override KindVerbs Verbs => KindVerbs.Get | KindVerbs.Patch | KindVerbs.Update;

    public override Task HandleAsync(ApiRequest request, RegistryServices services) => request.Info.Verb switch
    {
        "get" => GetVerb.HandleAsync(request, services),
        "patch" => PatchVerb.HandleAsync(request, services, s_strategy),
        _ => UpdateVerb.HandleAsync(request, services, s_strategy),
    };

    private sealed class ResizeStrategy : WriteStrategy
    {
        public override void Prepare(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, WriteContext context) =>
            PodStrategy.PrepareForResize((Pod)obj, (Pod)old!);

        public override void Check(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, FieldErrorList errors)
        {
            kind.Check(obj, errors);
            PodResizeValidation.Validate((Pod)obj, (Pod)old!, errors);
        }
    }
}
