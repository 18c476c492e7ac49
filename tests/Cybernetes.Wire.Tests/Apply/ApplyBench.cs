using System.Text;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire.Tests;

/// <summary>One object under several managers, without a server: documents and owners only.</summary>
internal sealed class ApplyBench(string group = "apps", string version = "v1", string kind = "Deployment") : IFieldVersions
{
    private readonly ApplySchema _schema = ApplySchema.OfKind(SchemaFacts.FindType(group, version, kind)!);
    private int _seconds;

    public string ApiVersion => group.Length == 0 ? version : $"{group}/{version}";

    public string Live { get; private set; } = "{}";

    public List<ManagedFieldsEntry>? Managed { get; set; }

    public bool Exists { get; private set; }

    public JsonMap Tree => JsonTree.ParseMap(Encoding.UTF8.GetBytes(Live));

    public ApplySchema? SchemaOf(string apiVersion) => apiVersion == ApiVersion ? _schema : null;

    public ReadOnlyMemory<byte> Empty(string apiVersion) => "{}"u8.ToArray();

    public ReadOnlyMemory<byte> Convert(ReadOnlyMemory<byte> json, string from, string to) => json;

    /// <summary>Applies fields below the type's own; conflicts are answered as text. Apostrophes may stand for quotes.</summary>
    public string Apply(string manager, string fields, bool force = false)
    {
        JsonMap body = new() { ["apiVersion"] = ApiVersion, ["kind"] = kind };
        foreach ((string key, JsonTree value) in JsonTree.ParseMap(Bytes("{" + fields.Replace('\'', '"') + "}"))) body[key] = value;
        JsonMap metadata = body.Map("metadata") ?? [];
        (metadata["name"], metadata["namespace"]) = ("x", "ns");
        body["metadata"] = metadata;
        try
        {
            using AppliedConfiguration configuration = AppliedConfiguration.Parse(body.ToUtf8());
            AppliedObject result = ServerSideApply.Apply(Write(manager), Bytes(Live), configuration, Managed, Exists, force);
            (Live, Managed, Exists) = (Clean(Encoding.UTF8.GetString(result.Json.Span)), result.Managed, true);
            return "";
        }
        catch (ApplyConflictException conflict)
        {
            return conflict.Message;
        }
        catch (PatchException problem)
        {
            return problem.Message;
        }
    }

    /// <summary>Replaces the object.</summary>
    public void Update(string manager, string json, string subresource = "")
    {
        Managed = FieldManager.Update(Write(manager, subresource), Bytes(Live), Bytes(json), Managed, !Exists);
        (Live, Exists) = (json, true);
    }

    /// <summary>A manager's fields as FieldsV1; empty when it has none.</summary>
    public string Of(string manager, string operation = "Apply") =>
        Managed?.Find(e => e.Manager == manager && e.Operation == operation)?.FieldsV1?.ToString() ?? "";

    public string Value(string path)
    {
        JsonTree? at = Tree;
        foreach (string step in path.Split('.'))
            at = at is JsonList list ? list.FirstOrDefault(i => ((JsonMap)i).String("name") == step) : (at as JsonMap)?.Get(step);
        return at?.ToString() ?? "";
    }

    private FieldWrite Write(string manager, string subresource = "") =>
        new(this, ApiVersion, manager, subresource, FieldFilter.None, DateTimeOffset.UnixEpoch.AddSeconds(++_seconds));

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    // Decoding drops nulls; here that is done by hand.
    internal static string Clean(string json)
    {
        JsonMap map = JsonTree.ParseMap(Bytes(json));
        Drop(map);
        return map.ToString();
    }

    private static void Drop(JsonTree tree)
    {
        if (tree is JsonMap map)
        {
            map.RemoveAll(entry => entry.Value.IsNull);
            foreach ((_, JsonTree child) in map) Drop(child);
        }
        else if (tree is JsonList list)
        {
            foreach (JsonTree child in list) Drop(child);
        }
    }
}
