using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>Group, version and kind as the documents name them.</summary>
internal readonly record struct KindName(string Group, string Version, string Kind);

/// <summary>One operation of a path.</summary>
/// <param name="Method">get, post, put, patch, delete.</param>
/// <param name="Action">What Kubernetes calls it: get, list, post, put, patch, delete, deletecollection, connect.</param>
/// <param name="Subject">The kind it is about.</param>
/// <param name="Body">Definition name of the body; empty without one.</param>
/// <param name="Answer">Definition name of the answer; empty when it is no object.</param>
/// <param name="Query">Names of the query parameters.</param>
internal sealed record OpenApiOperation(string Method, string Action, KindName Subject, string Body, string Answer, IReadOnlyList<string> Query);

/// <summary>A path and its operations.</summary>
internal sealed record OpenApiPath(string Path, bool HasNamespace, bool HasName, IReadOnlyList<OpenApiOperation> Operations);

/// <summary>A list kind: its items are all there is to it.</summary>
internal sealed record OpenApiList(string Name, TypeFacts Item, KindName Kind);

/// <summary>What the documents of some kinds are made of, whatever their format.</summary>
internal sealed class OpenApiModel
{
    private static readonly string[] s_write = ["dryRun", "fieldManager", "fieldValidation"];
    private static readonly string[] s_patch = ["dryRun", "fieldManager", "fieldValidation", "force"];
    private static readonly string[] s_delete = ["dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"];

    private static readonly string[] s_list =
    [
        "allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch", "sendInitialEvents",
        "timeoutSeconds", "watch",
    ];

    private readonly SortedDictionary<string, TypeFacts> _types = new(StringComparer.Ordinal);
    private readonly List<OpenApiPath> _paths = [];
    private readonly SortedDictionary<string, OpenApiList> _lists = new(StringComparer.Ordinal);

    public OpenApiModel(IEnumerable<ServedKind> kinds)
    {
        foreach (var served in kinds)
        {
            if (served.Version.Facts is { } facts)
                Add(served, facts);
        }
        foreach (var always in new[] { "DeleteOptions", "Status", "APIResourceList", "APIGroupList", "APIGroup", "APIVersions" })
            AddType(SchemaFacts.Type("meta/v1." + always));
    }

    /// <summary>The types reached from the kinds, by definition name.</summary>
    public IReadOnlyDictionary<string, TypeFacts> Types => _types;

    public IReadOnlyDictionary<string, OpenApiList> Lists => _lists;

    public IReadOnlyList<OpenApiPath> Paths => _paths;

    private void Add(ServedKind served, TypeFacts facts)
    {
        var kind = served.Kind;
        var subject = new KindName(served.Version.Group, served.Version.Version, served.Version.Kind);
        AddType(facts);
        var isListed = kind.Verbs.HasFlag(KindVerbs.List);
        var list = new OpenApiList(facts.OpenApiName + "List", facts, subject with { Kind = subject.Kind + "List" });
        if (isListed)
            _lists[list.Name] = list;
        var root = subject.Group.Length == 0 ? $"/api/{subject.Version}" : $"/apis/{subject.Group}/{subject.Version}";
        var collection = kind.Namespaced ? $"{root}/namespaces/{{namespace}}/{kind.Plural}" : $"{root}/{kind.Plural}";
        if (kind.Namespaced && isListed)
            _paths.Add(new($"{root}/{kind.Plural}", false, false, [Operation("get", "list", subject, "", list.Name, s_list)]));
        _paths.Add(new(collection, kind.Namespaced, false, CollectionOperations(kind, subject, facts.OpenApiName, list.Name)));
        if (isListed)
            _paths.Add(new(collection + "/{name}", kind.Namespaced, true, ObjectOperations(kind, subject, facts.OpenApiName)));
        if (kind.HasStatus)
            _paths.Add(new(collection + "/{name}/status", kind.Namespaced, true, ReadWrite(subject, facts.OpenApiName)));
        if (kind.HasScale)
            AddScale(collection, served);
        foreach (var subresource in served.Subresources)
            AddSubresource(collection, kind, subresource);
    }

    private void AddScale(string collection, ServedKind served)
    {
        var scale = served.Version.Scale?.Facts ?? SchemaFacts.Type("autoscaling/v1.Scale");
        AddType(scale);
        var subject = served.Version.Scale is { } older ? new KindName(older.Group, older.Version, older.Kind) : new("autoscaling", "v1", "Scale");
        _paths.Add(new(collection + "/{name}/scale", served.Kind.Namespaced, true, ReadWrite(subject, scale.OpenApiName)));
    }

    private void AddSubresource(string collection, KindDefinition kind, Subresource subresource)
    {
        var facts = SchemaFacts.FindType(subresource.Group, subresource.Version, subresource.Kind);
        var name = facts?.OpenApiName ?? "";
        var subject = new KindName(subresource.Group, subresource.Version, subresource.Kind);
        if (facts is not null)
            AddType(facts);
        var operations = new List<OpenApiOperation>();
        var action = subresource.IsStream ? "connect" : null;
        if (subresource.Verbs.HasFlag(KindVerbs.Get))
            operations.Add(Operation("get", action ?? "get", subject, "", subresource.IsStream ? "" : name, []));
        if (subresource.Verbs.HasFlag(KindVerbs.Create))
            operations.Add(Operation("post", action ?? "post", subject, subresource.IsStream ? "" : name, subresource.IsStream ? "" : name, s_write));
        if (subresource.Verbs.HasFlag(KindVerbs.Update))
            operations.Add(Operation("put", action ?? "put", subject, subresource.IsStream ? "" : name, subresource.IsStream ? "" : name, s_write));
        if (subresource.Verbs.HasFlag(KindVerbs.Patch))
            operations.Add(Operation("patch", action ?? "patch", subject, "", subresource.IsStream ? "" : name, s_patch));
        if (subresource is { IsStream: true } && subresource.Verbs.HasFlag(KindVerbs.Delete))
            operations.Add(Operation("delete", "connect", subject, "", "", []));
        _paths.Add(new($"{collection}/{{name}}/{subresource.Name}", kind.Namespaced, true, operations));
    }

    private static List<OpenApiOperation> CollectionOperations(KindDefinition kind, KindName subject, string type, string list)
    {
        var operations = new List<OpenApiOperation>();
        if (kind.Verbs.HasFlag(KindVerbs.List))
            operations.Add(Operation("get", "list", subject, "", list, s_list));
        if (kind.Verbs.HasFlag(KindVerbs.Create))
            operations.Add(Operation("post", "post", subject, type, type, s_write));
        if (kind.Verbs.HasFlag(KindVerbs.DeleteCollection))
            operations.Add(Operation(
                "delete", "deletecollection", subject, Meta("DeleteOptions"), Meta("Status"), [.. s_delete, "fieldSelector", "labelSelector"]));
        return operations;
    }

    private static List<OpenApiOperation> ObjectOperations(KindDefinition kind, KindName subject, string type)
    {
        var operations = new List<OpenApiOperation>();
        if (kind.Verbs.HasFlag(KindVerbs.Get))
            operations.Add(Operation("get", "get", subject, "", type, []));
        if (kind.Verbs.HasFlag(KindVerbs.Update))
            operations.Add(Operation("put", "put", subject, type, type, s_write));
        if (kind.Verbs.HasFlag(KindVerbs.Patch))
            operations.Add(Operation("patch", "patch", subject, "", type, s_patch));
        if (kind.Verbs.HasFlag(KindVerbs.Delete))
            operations.Add(Operation("delete", "delete", subject, Meta("DeleteOptions"), kind.ReturnsDeletedObject ? type : Meta("Status"), s_delete));
        return operations;
    }

    private static List<OpenApiOperation> ReadWrite(KindName subject, string type) =>
    [
        Operation("get", "get", subject, "", type, []), Operation("put", "put", subject, type, type, s_write),
        Operation("patch", "patch", subject, "", type, s_patch),
    ];

    private static OpenApiOperation Operation(
        string method, string action, KindName subject, string body, string answer, IReadOnlyList<string> query) =>
        new(method, action, subject, body, answer, query);

    private static string Meta(string type) => SchemaFacts.Type("meta/v1." + type).OpenApiName;

    /// <summary>Adds a type and all that its fields reach.</summary>
    private void AddType(TypeFacts type)
    {
        if (!_types.TryAdd(type.OpenApiName, type))
            return;
        foreach (var field in SchemaFacts.FieldsOf(type))
        {
            var leaf = field.Type;
            while (leaf.Element is not null)
                leaf = leaf.Element;
            if (leaf.Shape == TypeShape.Struct)
                AddType(SchemaFacts.Type(leaf.StructName!));
        }
    }
}
