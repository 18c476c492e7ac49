using System.Text;
using System.Text.Json;

namespace Cybernetes.Network.PodNetwork;

/// <summary>The CNI configuration list of a node: the bridge plugin with host-local addresses, and host ports. Pure.</summary>
internal static class CniConfiguration
{
    public const string FileName = "10-cybernetes.conflist";

    public static string For(string podCidr, PodNetworkOptions options)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("cniVersion", "0.4.0");
            writer.WriteString("name", "cybernetes");
            writer.WriteStartArray("plugins");
            WriteBridge(writer, podCidr, options);
            WritePortMap(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void WriteBridge(Utf8JsonWriter writer, string podCidr, PodNetworkOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "bridge");
        writer.WriteString("bridge", options.Bridge);
        writer.WriteBoolean("isGateway", true);
        writer.WriteBoolean("isDefaultGateway", true);
        // One rule for the whole node masquerades: the plugin would add a chain for each pod, and take its time over it.
        writer.WriteBoolean("ipMasq", false);
        writer.WriteBoolean("hairpinMode", true);
        writer.WriteBoolean("forceAddress", true);
        writer.WriteStartObject("ipam");
        writer.WriteString("type", "host-local");
        writer.WriteString("dataDir", options.AddressFolder);
        writer.WriteStartArray("ranges");
        writer.WriteStartArray();
        writer.WriteStartObject();
        writer.WriteString("subnet", podCidr);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WritePortMap(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "portmap");
        writer.WriteBoolean("snat", true);
        writer.WriteStartObject("capabilities");
        writer.WriteBoolean("portMappings", true);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
