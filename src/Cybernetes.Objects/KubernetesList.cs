using System.Text.Json;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Objects;

/// <summary>A list of one kind: <c>PodList</c> and its like. The kind's name on the wire is the item's with <c>List</c> behind it.</summary>
public sealed class KubernetesList<T> : IWireObject<KubernetesList<T>> where T : class, IKubernetesObject<T>
{
    public string APIVersion { get; set; } = T.Facts.APIVersion;

    public string Kind { get; set; } = T.Facts.Kind + "List";

    public ListMeta Metadata { get; set; } = new();

    public List<T> Items { get; set; } = [];

    public static KubernetesList<T> ReadJson(ref Utf8JsonReader reader, DecodeContext context)
    {
        var list = new KubernetesList<T>();
        if (!context.StartObject(ref reader, T.Facts.Version + "." + T.Facts.Kind + "List"))
            return list;
        while (context.NextProperty(ref reader))
        {
            var name = context.PropertyName(ref reader);
            if (name.SequenceEqual("items"u8))
                list.Items = ReadItems(ref reader, context);
            else if (name.SequenceEqual("metadata"u8))
                list.Metadata = ReadMetadata(ref reader, context);
            else if (name.SequenceEqual("apiVersion"u8))
                list.APIVersion = ReadString(ref reader, context);
            else if (name.SequenceEqual("kind"u8))
                list.Kind = ReadString(ref reader, context);
            else
                context.UnknownField(ref reader);
        }
        context.EndObject();
        return list;
    }

    public void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("kind"u8, Kind);
        writer.WriteString("apiVersion"u8, APIVersion);
        writer.WritePropertyName("metadata"u8);
        Metadata.WriteJson(writer);
        writer.WritePropertyName("items"u8);
        Json.JsonWrite.ObjectList(writer, Items);
        writer.WriteEndObject();
    }

    public KubernetesList<T> DeepClone() =>
        new() { APIVersion = APIVersion, Kind = Kind, Metadata = Metadata.DeepClone(), Items = Json.ObjectClone.ObjectList(Items) ?? [] };

    public bool SemanticEquals(KubernetesList<T>? other) =>
        other is not null && Metadata.SemanticEquals(other.Metadata) && Json.ObjectEquality.ObjectList(Items, other.Items);

    private static List<T> ReadItems(ref Utf8JsonReader reader, DecodeContext context)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return [];
        context.Enter("items");
        var items = Json.JsonRead.ObjectList<T>(ref reader, context, "[]" + T.Facts.Version + "." + T.Facts.Kind);
        context.Exit();
        return items;
    }

    private static ListMeta ReadMetadata(ref Utf8JsonReader reader, DecodeContext context)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return new ListMeta();
        context.Enter("metadata");
        var metadata = ListMeta.ReadJson(ref reader, context);
        context.Exit();
        return metadata;
    }

    private static string ReadString(ref Utf8JsonReader reader, DecodeContext context)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? "" : Json.JsonRead.String(ref reader, context, "string");
    }
}

/// <summary>Lets absent lists and maps be walked like empty ones.</summary>
public static class AbsentCollections
{
    /// <summary>The list, or an empty one.</summary>
    public static IReadOnlyList<T> OrEmpty<T>(this List<T>? list) => list ?? (IReadOnlyList<T>)[];

    /// <summary>The map, or an empty one.</summary>
    public static IReadOnlyDictionary<string, T> OrEmpty<T>(this Dictionary<string, T>? map) =>
        map ?? (IReadOnlyDictionary<string, T>)System.Collections.ObjectModel.ReadOnlyDictionary<string, T>.Empty;
}
