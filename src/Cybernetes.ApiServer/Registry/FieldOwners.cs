using System.Buffers;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// Keeps <c>metadata.managedFields</c> on every write (docs/internals/apply.md). It runs after defaults and before admission: what admission and
/// strategy change is nobody's, as upstream.
/// </summary>
internal static class FieldOwners
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    /// <summary>Gives the object of a create, update or patch its new owners. Applies bring theirs along.</summary>
    public static void Keep(ObjectWrite write, IKubernetesObject obj, CurrentState? current)
    {
        if (write.Version is not { ApplySchema: not null } version)
            return;
        var context = write.Context;
        var metadata = obj.Metadata;
        var entries = FieldManager.Begin(current?.Object.Metadata.ManagedFields, metadata.ManagedFields, context.Subresource.Length > 0);
        metadata.ManagedFields = null;
        var before = current is null ? version.Empty : ObjectForms.Serve(new(write.Kind, version), current.Record.Value);
        // A conversion may take over parts of what it converts and change them: the object to be written stays out of that.
        var after = Encode(version, version.IsStorage ? obj : write.Kind.Clone(obj));
        metadata.ManagedFields = FieldManager.Update(
            WriteOf(write.Kind, version, context, write.Strategy.FilterOf(write.Kind)), before, after, entries, current is null);
    }

    /// <summary>Who writes, for the wire room.</summary>
    public static FieldWrite WriteOf(KindDefinition kind, ServedVersion version, WriteContext context, FieldFilter filter) =>
        new(kind.FieldVersions, version.APIVersion, context.FieldManager, context.Subresource, filter, context.Now);

    /// <summary>
    /// Whether a write changes nothing but the times in managedFields; then it is none. A write may take fields that strategy or decoding give back.
    /// </summary>
    /// <param name="kind">The kind.</param>
    /// <param name="obj">The object to be written.</param>
    /// <param name="json">Its stored form.</param>
    /// <param name="current">What is stored.</param>
    public static bool ChangedInTimeOnly(KindDefinition kind, IKubernetesObject obj, byte[] json, CurrentState current)
    {
        var entries = obj.Metadata.ManagedFields;
        var known = current.Object.Metadata.ManagedFields;
        // Times have one length: objects of other lengths differ in more.
        if (entries is null || ReferenceEquals(entries, known) || json.Length != current.Record.Value.Length || !FieldManager.SameButTimes(entries, known))
            return false;
        obj.Metadata.ManagedFields = known;
        var (same, offset) = StoredJson.Encode(kind, obj);
        obj.Metadata.ManagedFields = entries;
        return StoredJson.SameBut(same, offset, current.Record.Value.Span, current.Record.RevisionOffset);
    }

    /// <summary>The failure that a conflict of owners means to a client.</summary>
    public static RequestFailure FailureOf(ApplyConflictException conflict) => new(409, "Conflict", conflict.Message)
    {
        HasDetails = true, Causes = [.. conflict.Conflicts.Select(c => new FailureCause("FieldManagerConflict", c.Cause, c.Path))],
    };

    // The buffer is used by one write at a time: nothing in between waits.
    private static ReadOnlyMemory<byte> Encode(ServedVersion version, IKubernetesObject obj)
    {
        var buffer = t_buffer ??= new(8192);
        buffer.ResetWrittenCount();
        var writer = t_writer ??= new(buffer, JsonLimits.WriterOptions);
        writer.Reset(buffer);
        version.Encode(obj, writer);
        writer.Flush();
        if (buffer.Capacity > 1024 * 1024)
            t_buffer = null; // one large object must not keep its room for ever
        return buffer.WrittenMemory;
    }
}
