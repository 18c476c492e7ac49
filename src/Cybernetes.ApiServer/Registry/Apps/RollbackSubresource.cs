using System.Globalization;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Extensions.V1beta1;
using Deployment = Cybernetes.Objects.Apps.V1.Deployment;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>
/// POST of deployments/rollback, by which old clients asked for an earlier revision: the wish is noted in an annotation of the deployment.
/// </summary>
/// <param name="group">Group of the body; the bodies of both groups are alike.</param>
internal sealed class RollbackSubresource(string group) : Subresource
{
    public override string Name => "rollback";

    public override string Group => group;

    public override string Version => "v1beta1";

    public override string Kind => "DeploymentRollback";

    public override KindVerbs Verbs => KindVerbs.Create;

    public override async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var options = WriteOptions.Read(request, "CreateOptions");
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        var findings = new List<string>();
        var json = BodyDecoder.ToJson(request.Http.Request.ContentType, await BodyReader.ReadAsync(request.Http), findings);
        var rollback = Read(json);
        Check(request, rollback);
        await services.Pipeline.WriteAsync(new()
        {
            Kind = request.Kind, Name = request.Info.Name, Context = context, HoldsForAnyState = true,
            Produce = current => new(Note((Deployment)request.Kind.Clone(current!.Object), rollback)),
        }, request.Aborted);
        foreach (var warning in findings.Concat(context.Warnings))
            request.Warn(warning);
        var media = MediaNegotiation.Negotiate(request.Http.Request.Headers.Accept, transforms: false);
        await Answers.WriteAsync(request, 201, media, Done(request.Info.Name));
    }

    private static DeploymentRollback Read(byte[] json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, JsonLimits.ReaderOptions);
            reader.Read();
            return DeploymentRollback.ReadJson(ref reader, new DecodeContext(collectStrict: false) { Source = json });
        }
        catch (Exception e) when (e is JsonException or ObjectDecodeException or FormatException)
        {
            throw Failure.BadRequest(e.Message);
        }
    }

    private static void Check(ApiRequest request, DeploymentRollback rollback)
    {
        var errors = new FieldErrorList();
        FieldRules.Annotations(rollback.UpdatedAnnotations, FieldPath.Of("updatedAnnotations"), errors);
        if (rollback.Name.Length == 0)
            errors.Required(FieldPath.Of("name"), "name is required");
        FieldChecks.NonNegative(rollback.RollbackTo.Revision, FieldPath.Of("rollback"), "version", errors);
        if (errors.Count > 0)
            throw Failure.Invalid("apps", "DeploymentRollback", rollback.Name, errors);
        if (rollback.Name != request.Info.Name)
            throw Failure.BadRequest("name in URL does not match name in DeploymentRollback object");
    }

    private static Deployment Note(Deployment deployment, DeploymentRollback rollback)
    {
        deployment.Metadata.ResourceVersion = "";
        var annotations = deployment.Metadata.Annotations ??= [];
        foreach (var (key, value) in rollback.UpdatedAnnotations.OrEmpty())
            annotations[key] = value;
        annotations[OlderApps.RollbackTo] = rollback.RollbackTo.Revision.ToString(CultureInfo.InvariantCulture);
        return deployment;
    }

    private static ReadOnlyMemory<byte> Done(string name)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
        {
            new Objects.Meta.V1.Status
            {
                APIVersion = "v1", Kind = "Status", StatusValue = "Success", Code = 200,
                Message = $"rollback request for deployment {JsonText.Quote(name)} succeeded",
            }.WriteJson(writer);
        }
        return buffer.WrittenMemory;
    }
}
