using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry.Subresources;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>POST to <c>bindings</c>: the older way to say where the pod of the binding's name runs.</summary>
internal sealed class BindingKind : AnsweredKind<Binding>
{
    // The facts know Binding as a body only.
    public override string Plural => "bindings";

    public override bool Namespaced => true;

    public override async Task AnswerAsync(ApiRequest request, RegistryServices services)
    {
        if (request.Info.Namespace.Length == 0)
            throw Failure.MethodNotAllowed();
        var options = WriteOptions.Read(request, "CreateOptions");
        var findings = new List<string>();
        var json = BodyDecoder.ToJson(request.Http.Request.ContentType, await BodyReader.ReadAsync(request.Http), findings);
        var binding = (Binding)BodyDecoder.Decode(request.Target, json, options.FieldValidation, findings);
        findings.ForEach(request.Warn);
        if (binding.Metadata.Namespace.Length > 0 && binding.Metadata.Namespace != request.Info.Namespace)
            throw Failure.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        BindingSubresource.Check(binding, binding.Metadata.Name);
        var pods = services.Catalog.FindStored("", "pods") ?? throw Failure.NoSuchRoute();
        var context = new WriteContext
        {
            User = request.User, Now = request.Received, Identities = services.Identities, DryRun = options.DryRun, FieldManager = options.FieldManager,
            Namespace = request.Info.Namespace, Subresource = "binding", Gates = services.Gates,
        };
        await BindingSubresource.BindAsync(binding, binding.Metadata.Name, pods, request, context, services);
    }

    protected override ValueTask FillInAsync(Binding asked, ApiRequest request, RegistryServices services) => ValueTask.CompletedTask;
}
