using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>
/// Writes one message's fields as JSON. A message is passed over once to see where its fields lie, since protobuf allows any order, and repeats of a
/// single field: the last counts, messages are merged.
/// </summary>
internal readonly struct ProtobufJsonWriter(Utf8JsonWriter writer)
{
    private const int OnStack = 64;

    /// <summary>The message as an object.</summary>
    public void Object(ReadOnlySpan<byte> message, ProtobufMessage type, int depth)
    {
        writer.WriteStartObject();
        Fields(message, type, depth);
        writer.WriteEndObject();
    }

    /// <summary>The message's fields, into an object that is open.</summary>
    public void Fields(ReadOnlySpan<byte> message, ProtobufMessage type, int depth)
    {
        if (depth > ProtobufToJson.MaximumDepth) throw new ObjectDecodeException("exceeded max depth");
        if (message.IsEmpty) return;
        Span<Place> places = type.Fields.Length <= OnStack ? stackalloc Place[type.Fields.Length] : new Place[type.Fields.Length];
        places.Clear();
        Survey(message, type, places);
        for (int i = 0; i < places.Length; i++)
        {
            if (places[i].Count > 0) Field(message, type.Fields[i], places[i], depth);
        }
    }

    private static void Survey(ReadOnlySpan<byte> message, ProtobufMessage type, Span<Place> places)
    {
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            int start = reader.FieldStart;
            reader.Skip();
            int index = type.IndexOf(reader.Field);
            if (index < 0) continue;
            ref Place place = ref places[index];
            if (place.Count++ == 0) place.First = start;
            place.Last = start;
            place.End = reader.Position;
        }
    }

    private void Field(ReadOnlySpan<byte> message, ProtobufField field, Place place, int depth)
    {
        ProtobufReader reader = new(message[place.First..place.End]);
        switch (field.Type.Shape)
        {
            case TypeShape.Map:
                writer.WriteStartObject(field.JsonName);
                while (reader.NextField())
                {
                    if (reader.Field == field.Number) Entry(reader.Bytes(), field, depth);
                    else reader.Skip();
                }
                writer.WriteEndObject();
                return;
            case TypeShape.List when field.Form != ProtobufForm.WrappedList:
                writer.WriteStartArray(field.JsonName);
                while (reader.NextField())
                {
                    if (reader.Field == field.Number) Elements(ref reader, field, depth);
                    else reader.Skip();
                }
                writer.WriteEndArray();
                return;
        }
        if (place.Count > 1 && field.Type.Shape == TypeShape.Struct && !field.IsSchemaChoice)
        {
            Struct(Merge(ref reader, field.Number), field, depth);
            return;
        }
        reader = new(message[place.Last..place.End]);
        reader.NextField();
        if (field.Type.Shape == TypeShape.Struct && !field.IsSchemaChoice) Struct(reader.Bytes(), field, depth);
        else if (!field.SkipsZero || !IsZero(reader, field.Type)) Single(ref reader, field, depth);
    }

    private void Single(ref ProtobufReader reader, ProtobufField field, int depth)
    {
        writer.WritePropertyName(field.JsonName);
        if (field.Form == ProtobufForm.WrappedList) WrappedList(reader.Bytes());
        else Value(ref reader, field, field.Type, depth);
    }

    private void Struct(ReadOnlySpan<byte> message, ProtobufField field, int depth)
    {
        if (field.IsInline)
        {
            Fields(message, field.Message, depth + 1);
            return;
        }
        writer.WritePropertyName(field.JsonName);
        Object(message, field.Message, depth + 1);
    }

    /// <summary>Protobuf's rule: the parts of a message that comes in several are read as if they were one.</summary>
    private static byte[] Merge(ref ProtobufReader reader, int number)
    {
        ArrayBufferWriter<byte> whole = new();
        while (reader.NextField())
        {
            if (reader.Field == number) whole.Write(reader.Bytes());
            else reader.Skip();
        }
        return whole.WrittenSpan.ToArray();
    }

    private static bool IsZero(ProtobufReader reader, TypeReference type) => type.Shape switch
    {
        TypeShape.String or TypeShape.Bytes => reader.Bytes().IsEmpty,
        TypeShape.Boolean or TypeShape.Int32 or TypeShape.Int64 => reader.Int64() == 0,
        TypeShape.Double => reader.Double() == 0,
        _ => false,
    };

    private void Elements(ref ProtobufReader reader, ProtobufField field, int depth)
    {
        TypeReference element = field.Type.Element!;
        bool packed = reader.WireType == ProtobufWireType.Bytes && element.Shape is TypeShape.Int32 or TypeShape.Int64 or TypeShape.Boolean;
        if (!packed)
        {
            Value(ref reader, field, element, depth);
            return;
        }
        // Another writer's packed numbers.
        ProtobufReader values = new(reader.Bytes());
        while (values.NextPacked()) Value(ref values, field, element, depth);
    }

    private void Entry(ReadOnlySpan<byte> entry, ProtobufField field, int depth)
    {
        ReadOnlySpan<byte> key = default;
        ProtobufReader reader = new(entry);
        ProtobufReader value = default;
        bool hasValue = false;
        while (reader.NextField())
        {
            if (reader.Field == 1)
            {
                key = reader.Bytes();
                continue;
            }
            if (reader.Field == 2)
            {
                value = reader;
                hasValue = true;
            }
            reader.Skip();
        }
        writer.WritePropertyName(key);
        if (!hasValue) Zero(field.Type.Element!);
        else if (field.Form == ProtobufForm.WrappedList) WrappedList(value.Bytes());
        else Value(ref value, field, field.Type.Element!, depth + 1);
    }

    private void Zero(TypeReference type)
    {
        switch (type.Shape)
        {
            case TypeShape.String or TypeShape.Bytes: writer.WriteStringValue(""u8); break;
            case TypeShape.Quantity: writer.WriteStringValue("0"u8); break;
            case TypeShape.Boolean: writer.WriteBooleanValue(false); break;
            case TypeShape.Int32 or TypeShape.Int64 or TypeShape.Double: writer.WriteNumberValue(0); break;
            case TypeShape.Struct:
                writer.WriteStartObject();
                writer.WriteEndObject();
                break;
            case TypeShape.List:
                writer.WriteStartArray();
                writer.WriteEndArray();
                break;
            default: writer.WriteNullValue(); break;
        }
    }

    private void WrappedList(ReadOnlySpan<byte> message)
    {
        writer.WriteStartArray();
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) writer.WriteStringValue(reader.Bytes());
            else reader.Skip();
        }
        writer.WriteEndArray();
    }

    private void Value(ref ProtobufReader reader, ProtobufField field, TypeReference type, int depth)
    {
        if (field.IsSchemaChoice)
        {
            SchemaChoice(reader.Bytes(), field.Form, depth);
            return;
        }
        switch (type.Shape)
        {
            case TypeShape.String: writer.WriteStringValue(reader.Bytes()); break;
            case TypeShape.Boolean: writer.WriteBooleanValue(reader.Boolean()); break;
            case TypeShape.Int32: writer.WriteNumberValue((int)reader.Int64()); break;
            case TypeShape.Int64: writer.WriteNumberValue(reader.Int64()); break;
            case TypeShape.Double: Double(reader.Double()); break;
            case TypeShape.Bytes: writer.WriteBase64StringValue(reader.Bytes()); break;
            case TypeShape.Time or TypeShape.MicroTime: Time(reader.Bytes(), type.Shape == TypeShape.MicroTime); break;
            case TypeShape.Duration: writer.WriteStringValue(KubernetesDuration.Format(TimeSpan.FromTicks(FirstInt64(reader.Bytes()) / 100))); break;
            case TypeShape.Quantity: Quantity(reader.Bytes()); break;
            case TypeShape.IntOrString: IntOrString(reader.Bytes()); break;
            case TypeShape.Raw: Raw(reader.Bytes(), depth); break;
            default: Object(reader.Bytes(), field.Message, depth + 1); break;
        }
    }

    private void Double(double value)
    {
        if (!double.IsFinite(value)) throw new ObjectDecodeException("json: unsupported value");
        writer.WriteRawValue(value.ToString("R", CultureInfo.InvariantCulture), skipInputValidation: true);
    }

    private void Time(ReadOnlySpan<byte> message, bool micro)
    {
        if (message.IsEmpty)
        {
            writer.WriteNullValue();
            return;
        }
        long seconds = 0;
        long nanos = 0;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) seconds = reader.Int64();
            else if (reader.Field == 2) nanos = reader.Int64();
            else reader.Skip();
        }
        if (seconds is < -62135596800 or > 253402300799 || nanos is < 0 or > 999_999_999) throw new ObjectDecodeException("proto: time out of range");
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (micro) KubernetesTime.WriteMicroJson(writer, time.AddTicks(nanos / 100));
        else KubernetesTime.WriteJson(writer, time);
    }

    private void Quantity(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> text = FirstBytes(message);
        writer.WriteStringValue(text.IsEmpty ? "0"u8 : text);
    }

    private void IntOrString(ReadOnlySpan<byte> message)
    {
        long type = 0;
        long number = 0;
        ReadOnlySpan<byte> text = default;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) type = reader.Int64();
            else if (reader.Field == 2) number = (int)reader.Int64();
            else if (reader.Field == 3) text = reader.Bytes();
            else reader.Skip();
        }
        if (type == 0) writer.WriteNumberValue(number);
        else writer.WriteStringValue(text);
    }

    /// <summary>An object inside an object: JSON, or an envelope of its own.</summary>
    private void Raw(ReadOnlySpan<byte> message, int depth)
    {
        ReadOnlySpan<byte> raw = FirstBytes(message);
        if (raw.IsEmpty)
        {
            writer.WriteNullValue();
            return;
        }
        if (ProtobufEnvelope.IsEnvelope(raw))
        {
            if (depth > ProtobufToJson.MaximumDepth) throw new ObjectDecodeException("exceeded max depth");
            ProtobufToJson.Write(writer, raw, depth + 1);
            return;
        }
        try
        {
            Utf8JsonReader reader = new(raw, JsonLimits.ReaderOptions);
            while (reader.Read())
            {
                // Reads to the end: only whole JSON may become a part of a document.
            }
        }
        catch (JsonException error)
        {
            throw new ObjectDecodeException(GoJsonSyntax.Check(raw) ?? error.Message, error);
        }
        writer.WriteRawValue(raw, skipInputValidation: true);
    }

    private void SchemaChoice(ReadOnlySpan<byte> message, ProtobufForm form, int depth)
    {
        ProtobufMessage schema = ProtobufMessage.Of(ProtobufMessage.SchemaType);
        int schemaField = form == ProtobufForm.SchemaOrBoolean ? 2 : 1;
        bool allows = false;
        int items = 0;
        ReadOnlySpan<byte> single = default;
        bool hasSingle = false;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == schemaField)
            {
                single = reader.Bytes();
                hasSingle = true;
                continue;
            }
            if (reader.Field == 1)
            {
                allows = reader.Boolean();
                continue;
            }
            if (reader.Field == 2) items++;
            reader.Skip();
        }
        if (items > 0) SchemaItems(message, form, schema, depth);
        else if (hasSingle) Object(single, schema, depth + 1);
        else if (form == ProtobufForm.SchemaOrBoolean) writer.WriteBooleanValue(allows);
        else writer.WriteNullValue();
    }

    private void SchemaItems(ReadOnlySpan<byte> message, ProtobufForm form, ProtobufMessage schema, int depth)
    {
        writer.WriteStartArray();
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field != 2) reader.Skip();
            else if (form == ProtobufForm.SchemaOrStrings) writer.WriteStringValue(reader.Bytes());
            else Object(reader.Bytes(), schema, depth + 1);
        }
        writer.WriteEndArray();
    }

    private static long FirstInt64(ReadOnlySpan<byte> message)
    {
        long value = 0;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) value = reader.Int64();
            else reader.Skip();
        }
        return value;
    }

    private static ReadOnlySpan<byte> FirstBytes(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> value = default;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) value = reader.Bytes();
            else reader.Skip();
        }
        return value;
    }

    private struct Place
    {
        public int First;
        public int Last;
        public int End;
        public int Count;
    }
}
