using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>Writes the JSON value under a reader as a protobuf value; the reader is left on the value's last token.</summary>
/// <param name="writer">Takes the message.</param>
/// <param name="source">The document that the reader reads: JSON inside objects is cut out of it.</param>
internal readonly ref struct ProtobufTranscoder(ProtobufWriter writer, ReadOnlySpan<byte> source)
{
    private const int TimeLength = 20;
    private const int MostPieces = 128;

    private readonly ReadOnlySpan<byte> _source = source;

    /// <summary>The fields of a message in the order of their numbers; an object is expected.</summary>
    public void Message(ref Utf8JsonReader reader, ProtobufMessage message)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw Mismatch(ref reader, message.Name);
        Utf8JsonReader again = reader;
        Span<ProtobufWriter.Piece> pieces = stackalloc ProtobufWriter.Piece[Math.Min(message.Fields.Length, MostPieces)];
        PieceOrder order = new(pieces);
        int cursor = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ProtobufField? field = message.Find(ref reader, ref cursor);
            reader.Read();
            if (field is null || reader.TokenType == JsonTokenType.Null)
            {
                reader.Skip();
                continue;
            }
            order.Begin(field.Number, writer.Length);
            Field(ref reader, field);
        }
        foreach (ProtobufField inlined in message.Inlined)
        {
            Utf8JsonReader copy = again;
            order.Begin(inlined.Number, writer.Length);
            Nested(inlined.Number, ref copy, inlined.Message);
        }
        if (order.IsMixedUp) writer.Sort(order.Pieces);
    }

    /// <summary>A field that is a message.</summary>
    public void Nested(int number, ref Utf8JsonReader reader, ProtobufMessage message)
    {
        int start = writer.StartMessage(number);
        Message(ref reader, message);
        writer.EndMessage(start);
    }

    private void Field(ref Utf8JsonReader reader, ProtobufField field)
    {
        switch (field.Type.Shape)
        {
            case TypeShape.Map:
                Expect(ref reader, JsonTokenType.StartObject, field.Type.GoType);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName) Entry(ref reader, field);
                break;
            case TypeShape.List when field.Form == ProtobufForm.WrappedList:
                WrappedList(field.Number, ref reader);
                break;
            case TypeShape.List:
                Expect(ref reader, JsonTokenType.StartArray, field.Type.GoType);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    Value(field.Number, ref reader, field, field.Type.Element!);
                break;
            default:
                Value(field.Number, ref reader, field, field.Type);
                break;
        }
    }

    private void Entry(ref Utf8JsonReader reader, ProtobufField field)
    {
        int start = writer.StartMessage(field.Number);
        Text(1, ref reader);
        reader.Read();
        if (field.Form == ProtobufForm.WrappedList) WrappedList(2, ref reader);
        else if (reader.TokenType != JsonTokenType.Null) Value(2, ref reader, field, field.Type.Element!);
        else if (field.Type.Element!.Shape is TypeShape.Time or TypeShape.MicroTime) writer.Bytes(2, []);
        writer.EndMessage(start);
    }

    private void WrappedList(int number, ref Utf8JsonReader reader)
    {
        int start = writer.StartMessage(number);
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) Text(1, ref reader);
        }
        writer.EndMessage(start);
    }

    private void Value(int number, ref Utf8JsonReader reader, ProtobufField field, TypeReference type)
    {
        if (field.IsSchemaChoice)
        {
            SchemaChoice(number, field.Form, ref reader);
            return;
        }
        switch (type.Shape)
        {
            case TypeShape.String: Text(number, ref reader); return;
            case TypeShape.Boolean: writer.Boolean(number, Boolean(ref reader)); return;
            case TypeShape.Int32 or TypeShape.Int64: writer.Int64(number, Integer(ref reader)); return;
            case TypeShape.Double: writer.Double(number, Double(ref reader)); return;
            case TypeShape.Bytes: Bytes(number, ref reader); return;
            case TypeShape.Struct: Nested(number, ref reader, field.Message); return;
        }
        int start = writer.StartMessage(number);
        switch (type.Shape)
        {
            case TypeShape.Time or TypeShape.MicroTime: Time(ref reader, type.Shape == TypeShape.MicroTime); break;
            case TypeShape.Duration: Duration(ref reader); break;
            case TypeShape.Quantity: Quantity(ref reader); break;
            case TypeShape.IntOrString: IntOrString(ref reader); break;
            default: Raw(ref reader); break;
        }
        writer.EndMessage(start);
    }

    /// <summary>A string value or property name as a string field.</summary>
    private void Text(int number, ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName)) throw Mismatch(ref reader, "string");
        if (reader.ValueIsEscaped) writer.String(number, JsonRead.Text(ref reader));
        else writer.Bytes(number, reader.ValueSpan);
    }

    private static bool Boolean(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False or JsonTokenType.Null => false,
        _ => throw Mismatch(ref reader, "bool"),
    };

    private static long Integer(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null) return 0;
        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long number) ? number : throw Mismatch(ref reader, "int64");
    }

    private static double Double(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out double number) ? number : throw Mismatch(ref reader, "float64");

    private void Bytes(int number, ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.String, "[]uint8");
        int length = Base64.GetMaxDecodedFromUtf8Length(reader.ValueSpan.Length);
        byte[] room = ArrayPool<byte>.Shared.Rent(length);
        if (reader.ValueIsEscaped || Base64.DecodeFromUtf8(reader.ValueSpan, room, out _, out int written) != OperationStatus.Done)
            throw Mismatch(ref reader, "[]uint8");
        writer.Bytes(number, room.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(room);
    }

    private void Time(ref Utf8JsonReader reader, bool micro)
    {
        if (reader.TokenType == JsonTokenType.Null) return;
        Expect(ref reader, JsonTokenType.String, "time.Time");
        if (reader.ValueSpan.Length == TimeLength && TryPlainTime(reader.ValueSpan, out long plain))
        {
            writer.Int64(1, plain);
            writer.Int64(2, 0);
            return;
        }
        if (KubernetesTime.TryParse(JsonRead.Text(ref reader), out DateTimeOffset time) is { } error) throw new ObjectDecodeException(error);
        long seconds = time.ToUnixTimeSeconds();
        writer.Int64(1, seconds);
        writer.Int64(2, micro ? (time.UtcTicks - DateTimeOffset.FromUnixTimeSeconds(seconds).UtcTicks) * 100 : 0);
    }

    /// <summary>The form that is written: 2026-01-02T03:04:05Z.</summary>
    private static bool TryPlainTime(ReadOnlySpan<byte> text, out long unixSeconds)
    {
        unixSeconds = 0;
        if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z') return false;
        if (Number(text[..4]) is not (>= 1 and <= 9999 and var year) || Number(text[5..7]) is not (>= 1 and <= 12 and var month)) return false;
        if (Number(text[8..10]) is not (>= 1 and var day) || day > DateTime.DaysInMonth(year, month)) return false;
        if (Number(text[11..13]) is not (>= 0 and < 24 and var hour) || Number(text[14..16]) is not (>= 0 and < 60 and var minute)) return false;
        if (Number(text[17..19]) is not (>= 0 and < 60 and var second)) return false;
        unixSeconds = new DateTimeOffset(year, month, day, hour, minute, second, TimeSpan.Zero).ToUnixTimeSeconds();
        return true;
    }

    private static int Number(ReadOnlySpan<byte> digits)
    {
        int number = 0;
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9') return -1;
            number = number * 10 + (digit - '0');
        }
        return number;
    }

    private void Duration(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.String, "v1.Duration");
        if (KubernetesDuration.TryParse(JsonRead.Text(ref reader), out TimeSpan duration) is { } error) throw new ObjectDecodeException(error);
        writer.Int64(1, duration.Ticks * 100);
    }

    private void Quantity(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number) writer.Bytes(1, reader.ValueSpan);
        else Text(1, ref reader);
    }

    private void IntOrString(ref Utf8JsonReader reader)
    {
        bool isText = reader.TokenType == JsonTokenType.String;
        writer.Int64(1, isText ? 1 : 0);
        writer.Int64(2, isText ? 0 : Integer(ref reader));
        if (isText) Text(3, ref reader);
        else writer.Bytes(3, []);
    }

    /// <summary>JSON inside the object stays JSON.</summary>
    private void Raw(ref Utf8JsonReader reader)
    {
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        writer.Bytes(1, _source[start..(int)reader.BytesConsumed]);
    }

    private void SchemaChoice(int number, ProtobufForm form, ref Utf8JsonReader reader)
    {
        ProtobufMessage schema = ProtobufMessage.Of(ProtobufMessage.SchemaType);
        int start = writer.StartMessage(number);
        bool isObject = reader.TokenType == JsonTokenType.StartObject;
        if (form == ProtobufForm.SchemaOrBoolean) writer.Boolean(1, isObject || reader.TokenType == JsonTokenType.True);
        if (isObject)
        {
            Nested(form == ProtobufForm.SchemaOrBoolean ? 2 : 1, ref reader, schema);
        }
        else if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (form == ProtobufForm.SchemaOrStrings) Text(2, ref reader);
                else Nested(2, ref reader, schema);
            }
        }
        writer.EndMessage(start);
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string goType)
    {
        if (reader.TokenType != type) throw Mismatch(ref reader, goType);
    }

    private static ObjectDecodeException Mismatch(ref Utf8JsonReader reader, string goType) => new(
        $"json: cannot unmarshal {Word(reader.TokenType)} into Go value of type {goType}");

    private static string Word(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "object",
        JsonTokenType.StartArray => "array",
        JsonTokenType.Number => "number",
        JsonTokenType.True or JsonTokenType.False => "bool",
        JsonTokenType.Null => "null",
        _ => "string",
    };

    /// <summary>Where each field's bytes begin, to be put into the order of the numbers: JSON has another one.</summary>
    private ref struct PieceOrder(Span<ProtobufWriter.Piece> room)
    {
        private readonly Span<ProtobufWriter.Piece> _room = room;
        private int _count;
        private int _last;
        private bool _mixed;

        /// <summary>False also where there are more pieces than the message has fields: then the order is no one's concern.</summary>
        public readonly bool IsMixedUp => _mixed && _count <= _room.Length;

        public readonly Span<ProtobufWriter.Piece> Pieces => _room[.._count];

        public void Begin(int number, int start)
        {
            _mixed |= number < _last;
            _last = number;
            if (_count < _room.Length) _room[_count] = new(number, start);
            _count++;
        }
    }
}
