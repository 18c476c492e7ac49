using System.Text.Json;
using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>Writes types as JSON schemas in the dialect of OpenAPI v2 or v3.</summary>
internal sealed class SchemaWriter(Utf8JsonWriter writer, bool isV3)
{
    public const string Quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
    public const string IntOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
    public const string Time = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
    public const string MicroTime = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime";
    public const string Duration = "io.k8s.apimachinery.pkg.apis.meta.v1.Duration";
    public const string Raw = "io.k8s.apimachinery.pkg.runtime.RawExtension";
    public const string Patch = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";

    private string Prefix => isV3 ? "#/components/schemas/" : "#/definitions/";

    /// <summary>All definitions of a model, by name, inside an object that the caller opened.</summary>
    public void WriteDefinitions(OpenApiModel model)
    {
        WriteScalars();
        foreach (var (name, type) in model.Types)
            WriteType(name, type, model);
        foreach (var list in model.Lists.Values)
            WriteList(list);
    }

    /// <summary>A reference to a definition, as the value of the property just written.</summary>
    public void WriteReference(string name)
    {
        writer.WriteStartObject();
        writer.WriteString("$ref", Prefix + name);
        writer.WriteEndObject();
    }

    /// <summary>The extension by which clients find the schema of a kind.</summary>
    public void WriteKinds(params IEnumerable<KindName> kinds)
    {
        writer.WriteStartArray("x-kubernetes-group-version-kind");
        foreach (var kind in kinds)
            WriteKind(kind);
        writer.WriteEndArray();
    }

    public void WriteKind(KindName kind)
    {
        writer.WriteStartObject();
        writer.WriteString("group", kind.Group);
        writer.WriteString("kind", kind.Kind);
        writer.WriteString("version", kind.Version);
        writer.WriteEndObject();
    }

    private void WriteScalars()
    {
        WriteScalar(Quantity, "string", null);
        WriteScalar(Time, "string", "date-time");
        WriteScalar(MicroTime, "string", "date-time");
        WriteScalar(Duration, "string", null);
        WriteScalar(Raw, "object", null);
        WriteScalar(Patch, "object", null);
        writer.WriteStartObject(IntOrString);
        writer.WriteString("format", "int-or-string");
        if (isV3)
        {
            writer.WriteStartArray("oneOf");
            foreach (var type in new[] { "integer", "string" })
            {
                writer.WriteStartObject();
                writer.WriteString("type", type);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        else
            writer.WriteString("type", "string");
        writer.WriteEndObject();
    }

    private void WriteScalar(string name, string type, string? format)
    {
        writer.WriteStartObject(name);
        if (format is not null)
            writer.WriteString("format", format);
        writer.WriteString("type", type);
        writer.WriteEndObject();
    }

    private void WriteType(string name, TypeFacts type, OpenApiModel model)
    {
        var fields = SchemaFacts.FieldsOf(type);
        writer.WriteStartObject(name);
        WriteDescription(DescriptionWords.OfType(type.FullName));
        writer.WriteString("type", "object");
        var required = fields.Where(f => f.IsRequired && !f.OmitEmpty).Select(f => f.JsonName).Order(StringComparer.Ordinal).ToList();
        if (required.Count > 0)
        {
            writer.WriteStartArray("required");
            foreach (var field in required)
                writer.WriteStringValue(field);
            writer.WriteEndArray();
        }
        if (fields.Length > 0)
        {
            writer.WriteStartObject("properties");
            foreach (var field in fields.DistinctBy(f => f.JsonName).OrderBy(f => f.JsonName, StringComparer.Ordinal))
                WriteField(type, field);
            writer.WriteEndObject();
        }
        if (type.Group.Kinds.FirstOrDefault(k => k.Kind == type.Name) is { } kind && fields.Any(f => f.JsonName == "kind"))
            WriteKinds(KindsOf(kind, model));
        if (type.IsAtomic)
            writer.WriteString("x-kubernetes-map-type", "atomic");
        writer.WriteEndObject();
    }

    /// <summary>Options and Status are bodies of every group; their kind is told for each.</summary>
    private static IEnumerable<KindName> KindsOf(KindFacts kind, OpenApiModel model) => kind.Group == "meta.k8s.io"
        ? model.Lists.Values.Select(l => new KindName(l.Kind.Group, l.Kind.Version, kind.Kind)).Append(new("", "v1", kind.Kind)).Distinct()
            .OrderBy(k => k.Group, StringComparer.Ordinal).ThenBy(k => k.Version, StringComparer.Ordinal)
        : [new KindName(kind.Group, kind.Version, kind.Kind)];

    private void WriteList(OpenApiList list)
    {
        writer.WriteStartObject(list.Name);
        WriteDescription($"A list of objects of the kind {list.Item.Name}.");
        writer.WriteString("type", "object");
        writer.WriteStartArray("required");
        writer.WriteStringValue("items");
        writer.WriteEndArray();
        writer.WriteStartObject("properties");
        WriteText("apiVersion", "The version of the schema of this object.");
        writer.WriteStartObject("items");
        writer.WriteString("type", "array");
        writer.WritePropertyName("items");
        WriteReference(list.Item.OpenApiName);
        writer.WriteEndObject();
        WriteText("kind", "What this object is.");
        writer.WritePropertyName("metadata");
        WriteReference(SchemaFacts.Type("meta/v1.ListMeta").OpenApiName);
        writer.WriteEndObject();
        WriteKinds(list.Kind);
        writer.WriteEndObject();
    }

    private void WriteText(string name, string description)
    {
        writer.WriteStartObject(name);
        WriteDescription(description);
        writer.WriteString("type", "string");
        writer.WriteEndObject();
    }

    private void WriteField(TypeFacts owner, FieldFacts field)
    {
        writer.WriteStartObject(field.JsonName);
        var words = DescriptionWords.OfField(owner.FullName, field.JsonName);
        WriteDescription(words);
        WriteValue(field.Type, wraps: words.Length > 0);
        if (isV3 && field.Default is { } value && IsJson(value))
        {
            writer.WritePropertyName("default");
            writer.WriteRawValue(value);
        }
        if (field.Enum is { } listed && field.Type.Shape == TypeShape.String)
            WriteEnum(owner, listed);
        WriteListFacts(field);
        writer.WriteEndObject();
    }

    private void WriteListFacts(FieldFacts field)
    {
        if (field.ListMapKeys.Length > 0 && field.ListMapKeys[0].Length > 0)
        {
            writer.WriteStartArray("x-kubernetes-list-map-keys");
            foreach (var key in field.ListMapKeys)
                writer.WriteStringValue(key);
            writer.WriteEndArray();
        }
        WriteOptional("x-kubernetes-list-type", field.ListType);
        WriteOptional("x-kubernetes-map-type", field.MapType ?? field.StructType);
        WriteOptional("x-kubernetes-patch-merge-key", field.PatchMergeKey);
        WriteOptional("x-kubernetes-patch-strategy", field.PatchStrategy);
    }

    private void WriteOptional(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            writer.WriteString(name, value);
    }

    private void WriteEnum(TypeFacts owner, string listed)
    {
        var dot = listed.IndexOf('.');
        var group = dot < 0 ? owner.Group : SchemaFacts.Groups.First(g => g.Short == listed[..dot]);
        var facts = group.Enums.FirstOrDefault(e => e.Name == listed[(dot + 1)..]);
        if (facts is not { IsClosed: true })
            return;
        writer.WriteStartArray("enum");
        foreach (var value in facts.Values.Select(v => v.Value).Order(StringComparer.Ordinal))
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    /// <summary>The members that say what a value is, inside an object that is open.</summary>
    private void WriteValue(TypeReference type, bool wraps)
    {
        switch (type.Shape)
        {
            case TypeShape.List:
                writer.WriteString("type", "array");
                writer.WriteStartObject("items");
                WriteValue(type.Element!, wraps: false);
                writer.WriteEndObject();
                break;
            case TypeShape.Map:
                writer.WriteString("type", "object");
                writer.WriteStartObject("additionalProperties");
                WriteValue(type.Element!, wraps: false);
                writer.WriteEndObject();
                break;
            case TypeShape.String: WritePrimitive("string", null); break;
            case TypeShape.Boolean: WritePrimitive("boolean", null); break;
            case TypeShape.Int32: WritePrimitive("integer", "int32"); break;
            case TypeShape.Int64: WritePrimitive("integer", "int64"); break;
            case TypeShape.Double: WritePrimitive("number", "double"); break;
            case TypeShape.Bytes: WritePrimitive("string", "byte"); break;
            default: WriteNamed(NameOf(type), wraps); break;
        }
    }

    private void WritePrimitive(string type, string? format)
    {
        if (format is not null)
            writer.WriteString("format", format);
        writer.WriteString("type", type);
    }

    /// <summary>In v3 nothing may stand beside a reference, so what has a description wraps it.</summary>
    private void WriteNamed(string name, bool wraps)
    {
        if (!isV3 || !wraps)
        {
            writer.WriteString("$ref", Prefix + name);
            return;
        }
        writer.WriteStartArray("allOf");
        WriteReference(name);
        writer.WriteEndArray();
    }

    private static string NameOf(TypeReference type) => type.Shape switch
    {
        TypeShape.Quantity => Quantity,
        TypeShape.IntOrString => IntOrString,
        TypeShape.Time => Time,
        TypeShape.MicroTime => MicroTime,
        TypeShape.Duration => Duration,
        TypeShape.Raw => Raw,
        _ => SchemaFacts.Type(type.StructName!).OpenApiName,
    };

    private void WriteDescription(string words)
    {
        if (words.Length > 0)
            writer.WriteString("description", words);
    }

    private static bool IsJson(string value) =>
        value.Length > 0 && (value[0] is '"' or '{' or '[' or '-' || char.IsDigit(value[0]) || value is "true" or "false");
}
