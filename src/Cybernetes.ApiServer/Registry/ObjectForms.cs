using System.Buffers;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The forms a stored object is served in: as it is, converted to another version, as a table, as metadata only.</summary>
internal static class ObjectForms
{
    /// <summary>The object in the version asked for; the stored bytes themselves when that is the storage version.</summary>
    public static ReadOnlyMemory<byte> Serve(ServedKind target, ReadOnlyMemory<byte> stored)
    {
        if (target.Version.IsStorage)
            return stored;
        var buffer = new ArrayBufferWriter<byte>(stored.Length + 64);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            target.Version.Encode(target.Kind.DecodeStored(stored), writer);
        return buffer.WrittenMemory;
    }

    /// <summary>The object's metadata as PartialObjectMetadata.</summary>
    public static ReadOnlyMemory<byte> Partial(AcceptedMedia media, ReadOnlyMemory<byte> stored)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions))
            WritePartial(writer, media.MetaVersion, stored);
        return buffer.WrittenMemory;
    }

    /// <summary>A table of some objects.</summary>
    /// <param name="request">For the kind, the version and includeObject.</param>
    /// <param name="media">For the table's version.</param>
    /// <param name="objects">Stored objects.</param>
    /// <param name="listMetadata">Content of the table's metadata without braces; empty takes the one object's resourceVersion.</param>
    /// <param name="headers">Whether the column definitions are sent; a watch sends them once.</param>
    public static ReadOnlyMemory<byte> Table(
        ApiRequest request, AcceptedMedia media, IReadOnlyList<ReadOnlyMemory<byte>> objects, string listMetadata, bool headers)
    {
        var include = request.Query("includeObject");
        if (include is not ("" or "None" or "Metadata" or "Object"))
            throw Failure.BadRequest("includeObject: Invalid value: " + JsonText.Quote(include) + ": must be 'Metadata', 'Object', 'None', or empty");
        return Table(request.Target, media.MetaVersion, objects, new(include, listMetadata, headers, request.Received));
    }

    /// <summary>How a table is written.</summary>
    internal readonly record struct TableForm(string IncludeObject, string ListMetadata, bool Headers, DateTimeOffset Now);

    private static ReadOnlyMemory<byte> Table(
        ServedKind target, string metaVersion, IReadOnlyList<ReadOnlyMemory<byte>> objects, TableForm form)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions);
        var typed = objects.Select(target.Kind.DecodeStored).ToList();
        writer.WriteStartObject();
        writer.WriteString("kind", "Table");
        writer.WriteString("apiVersion", $"meta.k8s.io/{metaVersion}");
        writer.WritePropertyName("metadata");
        var version = typed.Count == 1 ? $"\"resourceVersion\":\"{typed[0].Metadata.ResourceVersion}\"" : "";
        writer.WriteRawValue($"{{{(form.ListMetadata.Length > 0 ? form.ListMetadata : version)}}}", skipInputValidation: true);
        WriteColumns(writer, target.Kind, form.Headers);
        writer.WriteStartArray("rows");
        for (var i = 0; i < typed.Count; i++)
        {
            writer.WriteStartObject();
            writer.WriteStartArray("cells");
            foreach (var cell in target.Kind.Row(typed[i], form.Now))
                WriteCell(writer, cell);
            writer.WriteEndArray();
            writer.WritePropertyName("object");
            if (form.IncludeObject == "None")
                writer.WriteNullValue();
            else if (form.IncludeObject == "Object")
                writer.WriteRawValue(Serve(target, objects[i]).Span, skipInputValidation: true);
            else
                WritePartial(writer, metaVersion, objects[i]);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteColumns(Utf8JsonWriter writer, KindDefinition kind, bool headers)
    {
        if (!headers)
        {
            writer.WriteNull("columnDefinitions");
            return;
        }
        writer.WriteStartArray("columnDefinitions");
        foreach (var column in kind.ColumnDefinitions)
        {
            writer.WriteStartObject();
            writer.WriteString("name", column.Name);
            writer.WriteString("type", column.Type);
            writer.WriteString("format", column.Format);
            writer.WriteString("description", column.Description);
            writer.WriteNumber("priority", column.Priority);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void WriteCell(Utf8JsonWriter writer, object? cell)
    {
        switch (cell)
        {
            case null: writer.WriteNullValue(); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case int number: writer.WriteNumberValue(number); break;
            case long number: writer.WriteNumberValue(number); break;
            case double number: writer.WriteNumberValue(number); break;
            default: writer.WriteStringValue(cell.ToString()); break;
        }
    }

    private static void WritePartial(Utf8JsonWriter writer, string metaVersion, ReadOnlyMemory<byte> stored)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "PartialObjectMetadata");
        writer.WriteString("apiVersion", $"meta.k8s.io/{metaVersion}");
        writer.WritePropertyName("metadata");
        writer.WriteRawValue(StoredJson.Metadata(stored).Span, skipInputValidation: true);
        writer.WriteEndObject();
    }
}
