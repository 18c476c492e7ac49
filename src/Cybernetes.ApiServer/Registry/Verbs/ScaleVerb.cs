using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V1;

namespace Cybernetes.ApiServer.Registry;

/// <summary>GET, PUT and PATCH of the scale subresource (<c>autoscaling/v1 Scale</c>).</summary>
internal static class ScaleVerb
{
    private static readonly StorageVersion<Scale> ScaleVersion = new();

    public static async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        switch (request.Info.Verb)
        {
            case "get":
                var record = await services.FindAsync(request.Kind, request.Info.Namespace, request.Info.Name, request.Aborted)
                    ?? throw Failure.NotFound(request.Kind.Resource, request.Info.Name);
                await AnswerAsync(request, record.Value);
                return;
            case "update":
                await UpdateAsync(request, services);
                return;
            case "patch":
                await PatchAsync(request, services);
                return;
            default:
                throw Failure.MethodNotAllowed();
        }
    }

    private static async Task UpdateAsync(ApiRequest request, RegistryServices services)
    {
        var options = WriteOptions.Read(request, "UpdateOptions");
        var findings = new List<string>();
        var json = BodyDecoder.ToJson(request.Http.Request.ContentType, await BodyReader.ReadAsync(request.Http), findings);
        var target = new ServedKind(request.Kind, ScaleVersion);
        var scale = (Scale)BodyDecoder.Decode(target, json, options.FieldValidation, findings);
        UpdateVerb.CheckName(request, scale);
        await WriteAsync(request, services, options, findings, _ => scale);
    }

    private static async Task PatchAsync(ApiRequest request, RegistryServices services)
    {
        var options = WriteOptions.Read(request, "PatchOptions");
        var findings = new List<string>();
        var patch = PatchDocument.Read(request, await BodyReader.ReadAsync(request.Http));
        var target = new ServedKind(request.Kind, ScaleVersion);
        await WriteAsync(request, services, options, findings, current =>
        {
            var before = JsonOf(ViewOf(request.Kind, current.Object));
            var after = patch.Apply(before, ScaleVersion, findings);
            return (Scale)BodyDecoder.Decode(target, after, options.FieldValidation, findings);
        });
    }

    private static async Task WriteAsync(
        ApiRequest request, RegistryServices services, WriteOptions options, List<string> findings, Func<CurrentState, Scale> produce)
    {
        var kind = request.Kind;
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        var outcome = await services.Pipeline.WriteAsync(new()
        {
            Kind = kind, Name = request.Info.Name, Context = context, HoldsForAnyState = request.Info.Verb == "patch",
            Produce = current =>
            {
                var scale = produce(current!);
                if (scale.Spec.Replicas < 0)
                {
                    var errors = new FieldErrorList();
                    errors.Add(FieldError.Invalid(FieldPath.Of("spec", "replicas"), scale.Spec.Replicas, FieldRules.NotNegative));
                    throw Failure.Invalid("autoscaling", "Scale", request.Info.Name, errors);
                }
                var obj = kind.Clone(current!.Object);
                obj.Metadata.ResourceVersion = scale.Metadata.ResourceVersion;
                if (scale.Metadata.UID.Length > 0)
                    obj.Metadata.UID = scale.Metadata.UID;
                kind.WriteScale(obj, scale.Spec.Replicas);
                return new(obj);
            },
        }, request.Aborted);
        findings.ForEach(context.Warn);
        foreach (var warning in context.Warnings)
            request.Warn(warning);
        await AnswerAsync(request, outcome.Stored);
    }

    private static Task AnswerAsync(ApiRequest request, ReadOnlyMemory<byte> stored)
    {
        var media = MediaNegotiation.Negotiate(request.Http.Request.Headers.Accept, transforms: false);
        return Answers.WriteAsync(request, 200, media, JsonOf(ViewOf(request.Kind, request.Kind.DecodeStored(stored))));
    }

    private static Scale ViewOf(KindDefinition kind, IKubernetesObject obj)
    {
        var view = kind.ReadScale(obj);
        var scale = new Scale
        {
            APIVersion = "autoscaling/v1", Kind = "Scale",
            Metadata =
            {
                Name = obj.Metadata.Name, Namespace = obj.Metadata.Namespace, UID = obj.Metadata.UID,
                ResourceVersion = obj.Metadata.ResourceVersion, CreationTimestamp = obj.Metadata.CreationTimestamp,
            },
        };
        scale.Spec.Replicas = view.SpecReplicas;
        scale.Status.Replicas = view.StatusReplicas;
        scale.Status.Selector = view.Selector;
        return scale;
    }

    private static byte[] JsonOf(Scale scale)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            scale.WriteJson(writer);
        return buffer.WrittenSpan.ToArray();
    }
}
