using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>A kind of which nothing is stored: what is posted is answered.</summary>
internal interface IAnsweredKind
{
    /// <summary>Answers a POST.</summary>
    Task AnswerAsync(ApiRequest request, RegistryServices services);
}

/// <summary>A kind whose objects are questions: a POST is checked, answered and forgotten (reviews).</summary>
internal abstract class AnsweredKind<T> : KindDefinition<T>, IAnsweredKind where T : class, IKubernetesObject<T>
{
    public sealed override KindVerbs Verbs => KindVerbs.Create;

    public virtual async Task AnswerAsync(ApiRequest request, RegistryServices services)
    {
        if (Namespaced && request.Info.Namespace.Length == 0)
            throw Failure.MethodNotAllowed();
        var options = WriteOptions.Read(request, "CreateOptions");
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        var findings = new List<string>();
        var json = BodyDecoder.ToJson(request.Http.Request.ContentType, await BodyReader.ReadAsync(request.Http), findings);
        var asked = (T)BodyDecoder.Decode(request.Target, json, options.FieldValidation, findings);
        findings.ForEach(request.Warn);
        ApplyDefaults(asked);
        if (Namespaced && asked.Metadata.Namespace.Length == 0)
            asked.Metadata.Namespace = request.Info.Namespace;
        var errors = new FieldErrorList();
        Validate(asked, errors);
        if (errors.Count > 0)
            throw Failure.Invalid(Group, Kind, asked.Metadata.Name, errors);
        await FillInAsync(asked, request, services);
        foreach (var warning in context.Warnings)
            request.Warn(warning);
        await Answers.WriteObjectAsync(request, 201, StoredJson.Write(this, asked));
    }

    /// <summary>Writes the answer into what was asked.</summary>
    protected abstract ValueTask FillInAsync(T asked, ApiRequest request, RegistryServices services);
}
