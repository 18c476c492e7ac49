using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.Ownership;

/// <summary>Which of the candidates an owner has, which orphans it takes, and which it lets go since its selector no longer matches.</summary>
internal sealed record ClaimResult<T>(List<T> Owned, List<T> Adopt, List<T> Release);

/// <summary>Controller references: deciding and changing them (API conventions, "Owner references").</summary>
internal static class Claims
{
    /// <summary>Sorts candidates of the owner's namespace. An owner that is being deleted adopts nothing.</summary>
    public static ClaimResult<T> Decide<T>(ObjectMeta owner, LabelMatcher selector, IEnumerable<T> candidates) where T : IKubernetesObject
    {
        var result = new ClaimResult<T>([], [], []);
        foreach (var candidate in candidates)
        {
            var matches = selector.Matches(candidate.Metadata.Labels);
            if (OwnerReferences.ControllerOf(candidate) is { } controller)
            {
                if (controller.UID != owner.UID)
                    continue;
                if (matches)
                    result.Owned.Add(candidate);
                else if (owner.DeletionTimestamp is null)
                    result.Release.Add(candidate);
            }
            else if (matches && owner.DeletionTimestamp is null && candidate.Metadata.DeletionTimestamp is null)
                result.Adopt.Add(candidate);
        }
        return result;
    }

    /// <summary>The patch that makes the owner the controller; the uid in it keeps it from hitting a namesake.</summary>
    public static ObjectPatch Adoption(OwnerReference owner, string uid, string? finalizer = null) =>
        Patch(uid, writer => owner.WriteJson(writer), "finalizers", finalizer);

    /// <summary>The patch that takes the owner's reference away.</summary>
    public static ObjectPatch Release(string ownerUid, string uid, string? finalizer = null) => Patch(uid, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("$patch", "delete");
        writer.WriteString("uid", ownerUid);
        writer.WriteEndObject();
    }, "$deleteFromPrimitiveList/finalizers", finalizer);

    private static ObjectPatch Patch(string uid, Action<Utf8JsonWriter> reference, string finalizers, string? finalizer)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uid", uid);
            writer.WriteStartArray("ownerReferences");
            reference(writer);
            writer.WriteEndArray();
            if (finalizer is not null)
            {
                writer.WriteStartArray(finalizers);
                writer.WriteStringValue(finalizer);
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return ObjectPatch.Strategic(stream.ToArray());
    }
}
