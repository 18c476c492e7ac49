using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>PUT of <c>namespaces/finalize</c>: replaces the finalizers of the spec; with the last one the namespace goes.</summary>
internal sealed class NamespaceFinalizeSubresource : Subresource
{
    public override string Name => "finalize";

    public override string Kind => "Namespace";

    public override KindVerbs Verbs => KindVerbs.Update;

    public override async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var options = WriteOptions.Read(request, "UpdateOptions");
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        var findings = new List<string>();
        var json = BodyDecoder.ToJson(request.Http.Request.ContentType, await BodyReader.ReadAsync(request.Http), findings);
        var sent = (Namespace)BodyDecoder.Decode(request.Target, json, options.FieldValidation, findings);
        UpdateVerb.CheckName(request, sent);
        var outcome = await services.Pipeline.WriteAsync(new()
        {
            Kind = request.Kind, Name = request.Info.Name, Context = context, Strategy = WriteStrategy.Direct,
            Produce = current =>
            {
                var obj = ((Namespace)current!.Object).DeepClone();
                obj.Spec.Finalizers = sent.Spec.Finalizers is { Count: > 0 } ? [.. sent.Spec.Finalizers] : null;
                obj.Metadata.ResourceVersion = sent.Metadata.ResourceVersion;
                return new(obj);
            },
        }, request.Aborted);
        await ResourceVerbs.AnswerAsync(request, context, outcome);
    }
}
