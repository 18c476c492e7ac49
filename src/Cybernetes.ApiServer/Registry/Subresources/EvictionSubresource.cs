using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.ApiServer.Registry.Subresources;

/// <summary>
/// POST of pods/eviction: a deletion that respects disruption budgets. While the kind PodDisruptionBudget is not served there are none to
/// respect.
/// </summary>
internal sealed class EvictionSubresource : Subresource
{
    private static readonly StorageVersion<Eviction> EvictionVersion = new();

    public override string Name => "eviction";

    public override string Group => "policy";

    public override string Kind => "Eviction";

    public override KindVerbs Verbs => KindVerbs.Create;

    public override async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var options = WriteOptions.Read(request, "CreateOptions");
        var findings = new List<string>();
        var json = BodyDecoder.ToJson(request.Http.Request.ContentType, await BodyReader.ReadAsync(request.Http), findings);
        var eviction = (Eviction)BodyDecoder.Decode(new(request.Kind, EvictionVersion), json, options.FieldValidation, findings);
        if (eviction.Metadata.Name.Length > 0 && eviction.Metadata.Name != request.Info.Name)
            throw Failure.BadRequest("name in URL does not match name in Eviction object");
        var deletion = eviction.DeleteOptions ?? new DeleteOptions();
        ObjectDeletion.Check(deletion);
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun || deletion.DryRun is { Count: > 0 }, options.FieldManager);
        await ObjectDeletion.DeleteAsync(request.Kind, request.Info.Name, deletion, context, services, request.Aborted);
        foreach (var warning in findings.Concat(context.Warnings))
            request.Warn(warning);
        await Answers.WriteSuccessAsync(request, 201, request.Kind.Resource, "", "");
    }
}
