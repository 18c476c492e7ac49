using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.GarbageCollection;

/// <summary>The patch that takes one finalizer away, and fails with a conflict when the object changed since it was read.</summary>
internal static class FinalizerPatch
{
    public static ObjectPatch Without(ObjectMeta metadata, string finalizer)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uid", metadata.UID);
            writer.WriteString("resourceVersion", metadata.ResourceVersion);
            writer.WriteStartArray("finalizers");
            foreach (var kept in metadata.Finalizers.OrEmpty().Where(f => f != finalizer))
                writer.WriteStringValue(kept);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return new ObjectPatch("application/merge-patch+json", stream.ToArray());
    }
}
