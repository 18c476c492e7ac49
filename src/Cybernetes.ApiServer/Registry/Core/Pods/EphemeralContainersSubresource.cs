using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary><c>pods/ephemeralcontainers</c>: the one way to add containers to a pod that runs (kubectl debug).</summary>
internal sealed class EphemeralContainersSubresource : Subresource
{
    private static readonly WriteStrategy s_strategy = new EphemeralStrategy();

    public override string Name => "ephemeralcontainers";

    public override string Kind => "Pod";

    public override KindVerbs Verbs => KindVerbs.Get | KindVerbs.Patch | KindVerbs.Update;

    public override Task HandleAsync(ApiRequest request, RegistryServices services) => request.Info.Verb switch
    {
        "get" => GetVerb.HandleAsync(request, services),
        "patch" => PatchVerb.HandleAsync(request, services, s_strategy),
        _ => UpdateVerb.HandleAsync(request, services, s_strategy),
    };

    private sealed class EphemeralStrategy : WriteStrategy
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
}
