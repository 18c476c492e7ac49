using System.Text.Json;
using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Discovery;

/// <summary>Writes the APIResourceList of one group and version.</summary>
internal static class ResourceListing
{
    public static void Write(Utf8JsonWriter writer, DiscoveryVersion version)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "APIResourceList");
        if (version.Group.Length > 0)
            writer.WriteString("apiVersion", "v1");
        writer.WriteString("groupVersion", version.APIVersion);
        writer.WriteStartArray("resources");
        foreach (var served in version.Kinds)
        {
            WriteResource(writer, served);
            foreach (var subresource in DiscoveryVersion.SubresourcesOf(served))
                WriteSubresource(writer, version, served.Kind, subresource);
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    internal static void WriteNames(Utf8JsonWriter writer, string property, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
            return;
        writer.WriteStartArray(property);
        foreach (var name in names)
            writer.WriteStringValue(name);
        writer.WriteEndArray();
    }

    private static void WriteResource(Utf8JsonWriter writer, ServedKind served)
    {
        var kind = served.Kind;
        writer.WriteStartObject();
        writer.WriteString("name", kind.Plural);
        writer.WriteString("singularName", kind.Singular);
        writer.WriteBoolean("namespaced", kind.Namespaced);
        writer.WriteString("kind", served.Version.Kind);
        WriteNames(writer, "verbs", kind.Verbs.Names());
        WriteNames(writer, "shortNames", served.ShortNames);
        WriteNames(writer, "categories", served.Categories);
        if (kind is not IAnsweredKind)
            writer.WriteString("storageVersionHash", StorageVersionHash.Of(kind));
        writer.WriteEndObject();
    }

    private static void WriteSubresource(Utf8JsonWriter writer, DiscoveryVersion version, KindDefinition kind, DiscoverySubresource subresource)
    {
        writer.WriteStartObject();
        writer.WriteString("name", kind.Plural + "/" + subresource.Name);
        writer.WriteString("singularName", "");
        writer.WriteBoolean("namespaced", kind.Namespaced);
        // A scale says whose it is even where that goes without saying, as upstream's does.
        if (subresource.Group != version.Group || subresource.Version != version.Version || subresource.Name == "scale")
        {
            if (subresource.Group.Length > 0)
                writer.WriteString("group", subresource.Group);
            writer.WriteString("version", subresource.Version);
        }
        writer.WriteString("kind", subresource.Kind);
        WriteNames(writer, "verbs", subresource.Verbs.Names());
        writer.WriteEndObject();
    }
}
