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
        while (context.NextField(ref reader))
            list.ReadField(ref reader, context);
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
        JsonWrite.ObjectList(writer, Items);
        writer.WriteEndObject();
    }

    public KubernetesList<T> DeepClone() =>
        new() { APIVersion = APIVersion, Kind = Kind, Metadata = Metadata.DeepClone(), Items = ObjectClone.ObjectList(Items) ?? [] };

    public bool SemanticEquals(KubernetesList<T>? other) =>
        other is not null && Metadata.SemanticEquals(other.Metadata) && ObjectEquality.ObjectList(Items, other.Items);

    private void ReadField(ref Utf8JsonReader reader, DecodeContext context)
    {
        if (reader.ValueTextEquals("items"u8))
        {
            context.EnterField(ref reader, "items", 0);
            Items = JsonRead.ObjectList<T>(ref reader, context, "[]" + T.Facts.Version + "." + T.Facts.Kind) ?? [];
        }
        else if (reader.ValueTextEquals("metadata"u8))
        {
            context.EnterField(ref reader, "metadata", 1);
            Metadata = ListMeta.ReadJson(ref reader, context);
        }
        else if (reader.ValueTextEquals("apiVersion"u8))
        {
            context.EnterField(ref reader, "apiVersion", 2);
            APIVersion = JsonRead.String(ref reader, context);
        }
        else if (reader.ValueTextEquals("kind"u8))
        {
            context.EnterField(ref reader, "kind", 3);
            Kind = JsonRead.String(ref reader, context);
        }
        else
            context.Unknown(ref reader);
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
