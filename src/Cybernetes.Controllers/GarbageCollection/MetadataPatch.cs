using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.GarbageCollection;

/// <summary>
/// Patches of an object's metadata, for any resource: merge patches, which custom resources take too, that fail with a conflict when the
/// object changed since it was read.
/// </summary>
internal static class MetadataPatch
{
    public static ObjectPatch WithoutFinalizer(ObjectMeta metadata, string finalizer) => Patch(metadata, writer =>
    {
        writer.WriteStartArray("finalizers");
        foreach (var kept in metadata.Finalizers.OrEmpty().Where(f => f != finalizer))
            writer.WriteStringValue(kept);
        writer.WriteEndArray();
    });

    public static ObjectPatch WithoutOwners(ObjectMeta metadata, IReadOnlySet<string> uids) =>
        WithOwners(metadata, [.. metadata.OwnerReferences.OrEmpty().Where(o => !uids.Contains(o.UID))]);

    /// <summary>No owner waits for this object any more.</summary>
    public static ObjectPatch Unblocking(ObjectMeta metadata)
    {
        var owners = metadata.OwnerReferences.OrEmpty().Select(o => o.DeepClone()).ToList();
        owners.ForEach(o => o.BlockOwnerDeletion = false);
        return WithOwners(metadata, owners);
    }

    private static ObjectPatch WithOwners(ObjectMeta metadata, IReadOnlyList<OwnerReference> owners) => Patch(metadata, writer =>
    {
        writer.WriteStartArray("ownerReferences");
        foreach (var owner in owners)
            owner.WriteJson(writer);
        writer.WriteEndArray();
    });

    private static ObjectPatch Patch(ObjectMeta metadata, Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uid", metadata.UID);
            writer.WriteString("resourceVersion", metadata.ResourceVersion);
            write(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return new ObjectPatch("application/merge-patch+json", stream.ToArray());
    }
}
