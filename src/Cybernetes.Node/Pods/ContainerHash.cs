using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>The hash that tells whether a running container still is what the spec asks for: of its name and image, as
/// upstream's.</summary>
internal static class ContainerHash
{
    public static string Of(Container container)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("image"u8, container.Image);
            writer.WriteString("name"u8, container.Name);
            writer.WriteEndObject();
        }

        // FNV-1a, 32 bits.
        var hash = 2166136261u;
        foreach (var value in buffer.WrittenSpan)
            hash = (hash ^ value) * 16777619u;
        return hash.ToString("x", System.Globalization.CultureInfo.InvariantCulture);
    }
}
