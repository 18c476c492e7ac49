using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;

namespace Cybernetes.ApiServer.Registry;

/// <summary>PATCH of an object or its status: the patch is applied to the newest state, again when something came between.</summary>
internal static class PatchVerb
{
    public static async Task HandleAsync(ApiRequest request, RegistryServices services, WriteStrategy strategy)
    {
        var options = WriteOptions.Read(request, "PatchOptions", PatchDocument.IsApply(request));
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        var patch = PatchDocument.Read(request, await BodyReader.ReadAsync(request.Http));
        var outcome = await services.Pipeline.WriteAsync(new()
        {
            Kind = request.Kind, Name = request.Info.Name, Context = context, Strategy = strategy, HoldsForAnyState = true,
            Produce = current =>
            {
                var before = ObjectForms.Serve(request.Target, current!.Record.Value);
                var found = new List<string>();
                var after = patch.Apply(before, request.Target.Version, found);
                var obj = BodyDecoder.Decode(request.Target, after, options.FieldValidation, found);
                found.ForEach(context.Warn);
                if (obj.Metadata.Name != request.Info.Name)
                    UpdateVerb.CheckName(request, obj);
                return new(obj);
            },
        }, request.Aborted);
        await ResourceVerbs.AnswerAsync(request, context, outcome);
    }
}
