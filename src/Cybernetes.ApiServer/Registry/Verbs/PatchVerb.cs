using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>PATCH of an object or its status: the patch is applied to the newest state, again when something came between.</summary>
internal static class PatchVerb
{
    public static async Task HandleAsync(ApiRequest request, RegistryServices services, WriteStrategy strategy)
    {
        var isApply = PatchDocument.IsApply(request);
        var options = WriteOptions.Read(request, "PatchOptions", isApply);
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        var body = await BodyReader.ReadAsync(request.Http);
        using var applied = isApply ? ApplyDocument.Read(body, request.Target.Version, options.FieldValidation, context) : null;
        var write = applied is null ? PatchOf(request, options, context, strategy, body) : ApplyOf(request, options, context, strategy, applied);
        var outcome = await services.Pipeline.WriteAsync(write, request.Aborted);
        await ResourceVerbs.AnswerAsync(request, context, outcome);
    }

    private static ObjectWrite PatchOf(ApiRequest request, WriteOptions options, WriteContext context, WriteStrategy strategy, byte[] body)
    {
        var patch = PatchDocument.Read(request, body);
        return new()
        {
            Kind = request.Kind, Name = request.Info.Name, Context = context, Strategy = strategy, HoldsForAnyState = true,
            Version = request.Target.Version,
            Produce = current =>
            {
                var before = ObjectForms.Serve(request.Target, current!.Record.Value);
                var found = new List<string>();
                var after = patch.Apply(before, request.Target.Version, found);
                var obj = BodyDecoder.Decode(request.Target, after, options.FieldValidation, found);
                found.ForEach(context.Warn);
                UpdateVerb.CheckName(request, obj);
                return new(obj);
            },
        };
    }

    /// <summary>Server-side apply: what is not there is created.</summary>
    private static ObjectWrite ApplyOf(ApiRequest request, WriteOptions options, WriteContext context, WriteStrategy strategy, ApplyDocument patch)
    {
        var version = request.Target.Version;
        return new()
        {
            Kind = request.Kind, Name = request.Info.Name, Context = context, Strategy = strategy, HoldsForAnyState = true,
            MayCreate = strategy == WriteStrategy.Object,
            Produce = current =>
            {
                var live = current is null ? version.Empty : ObjectForms.Serve(request.Target, current.Record.Value);
                var write = FieldOwners.WriteOf(request.Kind, version, context, strategy.FilterOf(request.Kind));
                var applied = patch.Apply(write, live, current?.Object.Metadata.ManagedFields, current is not null, options.Force ?? false);
                var obj = BodyDecoder.Decode(request.Target, applied.Json.ToArray(), FieldValidation.Ignore, []);
                obj.Metadata.ManagedFields = applied.Managed;
                UpdateVerb.CheckName(request, obj);
                if (current is null && obj.Metadata.UID is { Length: > 0 } uid)
                    throw Failure.Conflict(request.Kind.Resource, request.Info.Name,
                        $"uid mismatch: the provided object specified uid {uid}, and no existing object was found");
                return new(obj);
            },
        };
    }
}
