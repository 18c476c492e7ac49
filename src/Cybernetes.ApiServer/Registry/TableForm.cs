using System.Buffers;
using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Objects as a <c>meta.k8s.io Table</c>, in pieces: a head, a row for each object, a tail. Of one request.</summary>
internal sealed class TableForm
{
    public const string Tail = "]}";
    private readonly ServedKind _target;
    private readonly string _metaVersion;
    private readonly string _include;
    private readonly DateTimeOffset _now;

    private TableForm(ServedKind target, string metaVersion, string include, DateTimeOffset now)
    {
        _target = target;
        _metaVersion = metaVersion;
        _include = include;
        _now = now;
    }

    /// <summary>The table that a request asks for.</summary>
    /// <exception cref="RequestFailure">400: includeObject is none that exists.</exception>
    public static TableForm Of(ApiRequest request, AcceptedMedia media)
    {
        var include = request.Query("includeObject");
        if (include is not ("" or "None" or "Metadata" or "Object"))
            throw Failure.BadRequest($"Unable to convert to Table as requested: includeObject: Invalid value: {JsonText.Quote(include)}: "
                + "must be 'Metadata', 'Object', 'None', or empty");
        return new(request.Target, media.MetaVersion, include, request.Received);
    }

    /// <summary>Everything before the rows.</summary>
    /// <param name="metadata">Content of the table's metadata, without braces.</param>
    /// <param name="headers">Whether the column definitions are sent; a watch sends them once.</param>
    public byte[] Head(string metadata, bool headers)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", "Table");
            writer.WriteString("apiVersion", $"meta.k8s.io/{_metaVersion}");
            writer.WritePropertyName("metadata");
            writer.WriteRawValue($"{{{metadata}}}", skipInputValidation: true);
            WriteColumns(writer, headers);
            writer.WritePropertyName("rows");
        }
        buffer.Write("["u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>One row.</summary>
    public ReadOnlyMemory<byte> Row(ReadOnlyMemory<byte> stored)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("cells");
            foreach (var cell in _target.Kind.Row(_target.Kind.DecodeStored(stored), _now))
                WriteCell(writer, cell);
            writer.WriteEndArray();
            writer.WritePropertyName("object");
            if (_include == "None")
                writer.WriteNullValue();
            else if (_include == "Object")
                writer.WriteRawValue(ObjectForms.Serve(_target, stored).Span, skipInputValidation: true);
            else
                ObjectForms.WritePartial(writer, _metaVersion, stored);
            writer.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    /// <summary>The table of one object, with its revision.</summary>
    public ReadOnlyMemory<byte> Whole(ReadOnlyMemory<byte> stored, bool headers = true)
    {
        var version = StoredJson.ResourceVersion(stored);
        var head = Head(version.Length > 0 ? $"\"resourceVersion\":\"{version}\"" : "", headers);
        return (byte[])[.. head, .. Row(stored).Span, .. Encoding.UTF8.GetBytes(Tail)];
    }

    private void WriteColumns(Utf8JsonWriter writer, bool headers)
    {
        if (!headers)
        {
            writer.WriteNull("columnDefinitions");
            return;
        }
        writer.WriteStartArray("columnDefinitions");
        foreach (var column in _target.Kind.ColumnDefinitions)
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
}
