using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>GET, PUT and PATCH of the scale subresource: <c>autoscaling/v1 Scale</c>, or what an older version of the kind has in its place.</summary>
internal static class ScaleVerb
{
    private static readonly StorageVersion<Scale> s_scale = new();

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
        var scale = (Scale)BodyDecoder.Decode(TargetOf(request), json, options.FieldValidation, findings);
        UpdateVerb.CheckName(request, scale);
        await WriteAsync(request, services, options, findings, (current, context) => new(scale, Keep(request, context, current, scale)));
    }

    private static async Task PatchAsync(ApiRequest request, RegistryServices services)
    {
        var isApply = PatchDocument.IsApply(request);
        var options = WriteOptions.Read(request, "PatchOptions", isApply);
        var findings = new List<string>();
        var body = await BodyReader.ReadAsync(request.Http);
        if (isApply)
        {
            await ApplyAsync(request, services, options, body);
            return;
        }
        var patch = PatchDocument.Read(request, body);
        await WriteAsync(request, services, options, findings, (current, context) =>
        {
            var after = patch.Apply(JsonOf(request, ViewOf(request.Kind, current.Object)), VersionOf(request), findings);
            var scale = (Scale)BodyDecoder.Decode(TargetOf(request), after, options.FieldValidation, findings);
            UpdateVerb.CheckName(request, scale);
            return new(scale, Keep(request, context, current, scale));
        });
    }

    private static async Task ApplyAsync(ApiRequest request, RegistryServices services, WriteOptions options, byte[] body)
    {
        var reading = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        using var patch = ApplyDocument.Read(body, VersionOf(request), options.FieldValidation, reading);
        await WriteAsync(request, services, options, reading.Warnings, (current, context) =>
        {
            var parent = current.Object.Metadata.ManagedFields;
            var before = ScaleFields.ToScale(parent, request.Kind.FieldVersions, VersionOf(request).APIVersion);
            var live = JsonOf(request, ViewOf(request.Kind, current.Object));
            var applied = patch.Apply(WriteOf(request, context), live, before, exists: true, options.Force ?? false);
            var scale = (Scale)BodyDecoder.Decode(TargetOf(request), applied.Json.ToArray(), FieldValidation.Ignore, []);
            UpdateVerb.CheckName(request, scale);
            return new(scale, ToParent(request, parent, before, applied.Managed));
        });
    }

    /// <summary>A wanted scale, and whose the object's fields are then.</summary>
    private readonly record struct Wanted(Scale Scale, List<ManagedFieldsEntry>? Managed);

    private static ServedKind TargetOf(ApiRequest request) => new(request.Kind, VersionOf(request));

    private static ServedVersion VersionOf(ApiRequest request) => request.Target.Version.Scale ?? s_scale;

    private static FieldWrite WriteOf(ApiRequest request, WriteContext context)
    {
        var version = VersionOf(request);
        return new(
            new ScaleVersions(version), version.APIVersion, context.FieldManager, context.Subresource, FieldFilter.Excluding("status"), context.Now);
    }

    private static List<ManagedFieldsEntry>? Keep(ApiRequest request, WriteContext context, CurrentState current, Scale scale)
    {
        var parent = current.Object.Metadata.ManagedFields;
        var before = ScaleFields.ToScale(parent, request.Kind.FieldVersions, VersionOf(request).APIVersion);
        var live = JsonOf(request, ViewOf(request.Kind, current.Object));
        return ToParent(request, parent, before, FieldManager.Update(WriteOf(request, context), live, JsonOf(request, scale), before, isCreate: false));
    }

    private static List<ManagedFieldsEntry>? ToParent(
        ApiRequest request, List<ManagedFieldsEntry>? parent, List<ManagedFieldsEntry>? before, List<ManagedFieldsEntry>? after) =>
        ScaleFields.ToParent(parent, before, after, request.Kind.FieldVersions, request.Target.Version.APIVersion);

    private static async Task WriteAsync(
        ApiRequest request, RegistryServices services, WriteOptions options, List<string> findings, Func<CurrentState, WriteContext, Wanted> produce)
    {
        var kind = request.Kind;
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        var outcome = await services.Pipeline.WriteAsync(new()
        {
            Kind = kind, Name = request.Info.Name, Context = context, HoldsForAnyState = request.Info.Verb == "patch",
            Produce = current =>
            {
                var (scale, managed) = produce(current!, context);
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
                obj.Metadata.ManagedFields = managed;
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
        return Answers.WriteAsync(request, 200, media, JsonOf(request, ViewOf(request.Kind, request.Kind.DecodeStored(stored))));
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

    private static byte[] JsonOf(ApiRequest request, Scale scale)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            VersionOf(request).Encode(scale, writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Within a request the scale has one version.</summary>
    private sealed class ScaleVersions(ServedVersion version) : IFieldVersions
    {
        public ApplySchema? SchemaOf(string apiVersion) => apiVersion == version.APIVersion ? version.ApplySchema : null;

        public ReadOnlyMemory<byte> Empty(string apiVersion) => version.Empty;

        public ReadOnlyMemory<byte> Convert(ReadOnlyMemory<byte> json, string from, string to) => json;
    }
}
