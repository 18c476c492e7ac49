using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Registry;

/// <summary>DELETE of an object or of a collection.</summary>
internal static class DeleteVerb
{
    // Deletions of a collection under way at once.
    private const int CollectionWorkers = 8;

    public static async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var options = await ReadOptionsAsync(request);
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun is { Count: > 0 }, "");
        var outcome = await ObjectDeletion.DeleteAsync(request.Kind, request.Info.Name, options, context, services, request.Aborted);
        foreach (var warning in context.Warnings)
            request.Warn(warning);
        var accepted = !outcome.Gone && options.OrphanDependents == false;
        if (outcome.Gone && !request.Kind.ReturnsDeletedObject)
            await Answers.WriteSuccessAsync(request, 200, request.Kind.Resource, outcome.Object.Metadata.Name, outcome.Object.Metadata.UID);
        else
            await Answers.WriteObjectAsync(request, accepted ? 202 : 200, outcome.Stored);
    }

    public static async Task HandleCollectionAsync(ApiRequest request, RegistryServices services)
    {
        var options = await ReadOptionsAsync(request);
        var list = ListOptions.Read(request, watch: false);
        var page = await ListVerb.ReadAsync(request.Kind, request.Kind.Namespaced ? request.Info.Namespace : "", list, services, request.Aborted);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = CollectionWorkers, CancellationToken = request.Aborted };
        await Parallel.ForEachAsync(page.Items, parallel, async (record, cancellation) =>
        {
            var name = ObjectNames.NameOf(record.Key).ToString();
            var context = new WriteContext
            {
                User = request.User, Now = request.Received, Identities = services.Identities,
                Namespace = ObjectNames.NamespaceOf(record.Key, request.Kind).ToString(),
                DryRun = options.DryRun is { Count: > 0 }, Gates = services.Gates, DefaultPropagation = request.Target.Version.DefaultPropagation,
            };
            try
            {
                await ObjectDeletion.DeleteAsync(request.Kind, name, options, context, services, cancellation);
            }
            catch (RequestFailure failure) when (failure.Code == 404)
            {
                services.Logger.LogDebug("{Name} was deleted by someone else", name);
            }
        });
        // Upstream answers with the list of what was there.
        await ListWriter.WriteAsync(request, page);
    }

    private static async ValueTask<DeleteOptions> ReadOptionsAsync(ApiRequest request)
    {
        var body = await BodyReader.ReadAsync(request.Http);
        var options = ObjectDeletion.FromQuery(request.Query);
        var errors = new FieldErrorList();
        var dryRun = WriteOptions.ReadDryRun(request, errors);
        if (errors.Count > 0)
            throw Failure.Invalid("meta.k8s.io", "DeleteOptions", "", errors);
        if (body.Length > 0)
        {
            var json = BodyDecoder.ToJson(request.Http.Request.ContentType, body, []);
            try
            {
                var reader = new Utf8JsonReader(json, JsonLimits.ReaderOptions);
                reader.Read();
                options = DeleteOptions.ReadJson(ref reader, new DecodeContext(collectStrict: false) { Source = json });
            }
            catch (Exception e) when (e is JsonException or ObjectDecodeException or FormatException)
            {
                throw Failure.BadRequest($"DeleteOptions in version \"v1\" cannot be handled as a DeleteOptions: {e.Message}");
            }
        }
        if (dryRun)
            options.DryRun = ["All"];
        ObjectDeletion.Check(options);
        if (options is { PropagationPolicy: null, OrphanDependents: null } && request.Kind.SilentDeletionWarning is { } warning)
            request.Warn(warning);
        return options;
    }
}
