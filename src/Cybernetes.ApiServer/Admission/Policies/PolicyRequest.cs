using System.Buffers;
using System.Text.Json;
using Cybernetes.ApiServer.Authorization;
using Cybernetes.Expressions;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Admission.Policies;

/// <summary>A request as expressions see it; each variable is made when it is first named. Objects are those of the storage version.</summary>
internal sealed class PolicyRequest(AdmissionAttributes attributes, Namespace? ns, IAuthorizer authorizer) : ICelActivation
{
    private readonly Dictionary<string, CelValue> _made = new(StringComparer.Ordinal);

    public CelValue? Find(string variable)
    {
        if (_made.TryGetValue(variable, out var made))
            return made;
        CelValue? value = variable switch
        {
            "object" => Document(attributes.Object),
            "oldObject" => Document(attributes.OldObject),
            "request" => Request(),
            "namespaceObject" => NamespaceValue(),
            "authorizer" => new CelAuthorizer(Ask),
            "authorizer.requestResource" => new CelAuthorizer(Ask).ForResource(
                attributes.Kind.Group, attributes.Kind.Plural, attributes.Context.Subresource, attributes.Context.Namespace, attributes.Name),
            _ => null,
        };
        return value is null ? null : _made[variable] = value;
    }

    /// <summary>An object's JSON as a value.</summary>
    public static CelValue Document(IKubernetesObject? obj)
    {
        if (obj is null)
            return CelNull.Instance;
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
            obj.WriteJson(writer);
        return CelJson.From(JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = 1024 }).RootElement);
    }

    private CelMap Request()
    {
        var (kind, context) = (attributes.Kind, attributes.Context);
        var gvk = Map(("group", Text(kind.Group)), ("version", Text(kind.Version)), ("kind", Text(kind.Kind)));
        var gvr = Map(("group", Text(kind.Group)), ("version", Text(kind.Version)), ("resource", Text(kind.Plural)));
        var user = context.User;
        var extra = user.Extra.ToDictionary(e => (CelValue)new CelString(e.Key), e => (CelValue)Texts(e.Value));
        var about = Map(("username", Text(user.Name)), ("uid", Text(user.Uid)), ("groups", Texts(user.Groups)), ("extra", CelMap.Of(extra)));
        return Map(
            ("kind", gvk), ("resource", gvr), ("requestKind", gvk), ("requestResource", gvr),
            ("subResource", Text(context.Subresource)), ("requestSubResource", Text(context.Subresource)),
            ("name", Text(attributes.Name)), ("namespace", Text(context.Namespace)),
            ("operation", Text(PolicyMatching.NameOf(attributes.Operation))), ("userInfo", about), ("dryRun", CelBool.Of(context.DryRun)),
            ("options", CelNull.Instance));
    }

    /// <summary>The fields that upstream shows of a namespace.</summary>
    private CelValue NamespaceValue()
    {
        if (ns is null)
            return CelNull.Instance;
        var metadata = new Dictionary<CelValue, CelValue>
        {
            [new CelString("name")] = Text(ns.Metadata.Name),
            [new CelString("labels")] = Labels(ns.Metadata.Labels),
            [new CelString("annotations")] = Labels(ns.Metadata.Annotations),
            [new CelString("UID")] = Text(ns.Metadata.UID),
            [new CelString("generation")] = CelInt.Of(ns.Metadata.Generation),
            [new CelString("resourceVersion")] = Text(ns.Metadata.ResourceVersion),
            [new CelString("finalizers")] = Texts(ns.Metadata.Finalizers.OrEmpty()),
        };
        if (ns.Metadata.CreationTimestamp is { } created)
            metadata[new CelString("creationTimestamp")] = CelTimestamp.Of(created);
        if (ns.Metadata.DeletionTimestamp is { } deleted)
            metadata[new CelString("deletionTimestamp")] = CelTimestamp.Of(deleted);
        return Map(
            ("metadata", CelMap.Of(metadata)), ("spec", Map(("finalizers", Texts(ns.Spec.Finalizers.OrEmpty())))),
            ("status", Map(("phase", Text(ns.Status.Phase)))));
    }

    private CelAccessAnswer Ask(CelAccessQuestion question)
    {
        var user = question.ServiceAccount is { } account
            ? Authentication.UserInfo.Authenticated(
                $"system:serviceaccount:{account.Namespace}:{account.Name}",
                ["system:serviceaccounts", $"system:serviceaccounts:{account.Namespace}"])
            : attributes.Context.User;
        var asked = authorizer.AuthorizeAsync(
            new(user, question.Verb, question.Group, "*", question.Resource, question.Subresource, question.Namespace, question.Name,
                question.Path ?? "", question.Path is null), CancellationToken.None);
        // Expressions wait for nothing, and the authorizers of this server answer at once.
        return asked.IsCompletedSuccessfully
            ? new(asked.Result.Verdict == Verdict.Allow, asked.Result.Reason, null)
            : new(false, "", "the authorizer did not answer at once");
    }

    private static CelString Text(string? text) => string.IsNullOrEmpty(text) ? CelString.Empty : new(text);

    private static CelList Texts(IReadOnlyList<string> texts) => CelList.Of([.. texts.Select(t => new CelString(t))]);

    private static CelMap Labels(Dictionary<string, string>? labels) =>
        labels is null ? CelMap.Empty : CelMap.Of(labels.ToDictionary(l => (CelValue)new CelString(l.Key), l => (CelValue)new CelString(l.Value)));

    private static CelMap Map(params ReadOnlySpan<(string Key, CelValue Value)> entries)
    {
        var map = new Dictionary<CelValue, CelValue>(entries.Length);
        foreach (var (key, value) in entries)
            map[new CelString(key)] = value;
        return CelMap.Of(map);
    }
}
