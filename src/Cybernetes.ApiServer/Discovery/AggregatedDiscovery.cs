using System.Text.Json;
using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Discovery;

/// <summary>Writes an APIGroupDiscoveryList: all groups, versions, resources and subresources in one document (KEP-3352).</summary>
internal static class AggregatedDiscovery
{
    public static void Write(Utf8JsonWriter writer, string version, IEnumerable<DiscoveryGroup> groups)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "APIGroupDiscoveryList");
        writer.WriteString("apiVersion", "apidiscovery.k8s.io/" + version);
        writer.WriteStartObject("metadata");
        writer.WriteEndObject();
        writer.WriteStartArray("items");
        foreach (var group in groups)
            WriteGroup(writer, group);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteGroup(Utf8JsonWriter writer, DiscoveryGroup group)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("metadata");
        if (group.Name.Length > 0)
            writer.WriteString("name", group.Name);
        writer.WriteNull("creationTimestamp");
        writer.WriteEndObject();
        writer.WriteStartArray("versions");
        foreach (var version in group.Versions)
        {
            writer.WriteStartObject();
            writer.WriteString("version", version.Version);
            writer.WriteStartArray("resources");
            foreach (var served in version.Kinds)
                WriteResource(writer, served);
            writer.WriteEndArray();
            writer.WriteString("freshness", "Current");
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteResource(Utf8JsonWriter writer, ServedKind served)
    {
        var kind = served.Kind;
        writer.WriteStartObject();
        writer.WriteString("resource", kind.Plural);
        WriteResponseKind(writer, served.Version.Group, served.Version.Version, served.Version.Kind);
        writer.WriteString("scope", kind.Namespaced ? "Namespaced" : "Cluster");
        writer.WriteString("singularResource", kind.Singular);
        ResourceListing.WriteNames(writer, "verbs", kind.Verbs.Names());
        ResourceListing.WriteNames(writer, "shortNames", served.ShortNames);
        ResourceListing.WriteNames(writer, "categories", served.Categories);
        var subresources = DiscoveryVersion.SubresourcesOf(served);
        if (subresources.Count > 0)
        {
            writer.WriteStartArray("subresources");
            foreach (var subresource in subresources)
                WriteSubresource(writer, subresource);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    private static void WriteSubresource(Utf8JsonWriter writer, DiscoverySubresource subresource)
    {
        writer.WriteStartObject();
        writer.WriteString("subresource", subresource.Name);
        WriteResponseKind(writer, subresource.Group, subresource.Version, subresource.Kind);
        ResourceListing.WriteNames(writer, "verbs", subresource.Verbs.Names());
        writer.WriteEndObject();
    }

    private static void WriteResponseKind(Utf8JsonWriter writer, string group, string version, string kind)
    {
        writer.WriteStartObject("responseKind");
        writer.WriteString("group", group);
        writer.WriteString("version", version);
        writer.WriteString("kind", kind);
        writer.WriteEndObject();
    }
}
