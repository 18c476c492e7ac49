using System.Text;
using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>Reads the values that protobuf has a message for and C# a struct; called by generated classes. Malformed input throws
/// <see cref="ObjectDecodeException"/>.</summary>
public static class ProtobufRead
{
    private const long EarliestSecond = -62_135_596_800;
    private const long LatestSecond = 253_402_300_799;
    private const long MostNanoseconds = 999_999_999;
    private const long NanosecondsPerTick = 100;

    public static string Text(ReadOnlySpan<byte> utf8) => RecentStrings.Of(utf8) ?? Encoding.UTF8.GetString(utf8);

    /// <summary>A metav1.Time; null for the zero time, an empty message.</summary>
    public static DateTimeOffset? Time(ReadOnlySpan<byte> message) => Time(message, withFraction: false);

    /// <summary>A metav1.MicroTime.</summary>
    public static DateTimeOffset? MicroTime(ReadOnlySpan<byte> message) => Time(message, withFraction: true);

    public static TimeSpan Duration(ReadOnlySpan<byte> message)
    {
        long nanoseconds = 0;
        var reader = new ProtobufReader(message);
        while (reader.NextField())
        {
            if (reader.Field == 1)
                nanoseconds = reader.Int64();
            else
                reader.Skip();
        }
        return TimeSpan.FromTicks(nanoseconds / NanosecondsPerTick);
    }

    public static Quantity Quantity(ReadOnlySpan<byte> message)
    {
        var text = FirstBytes(message);
        if (text.IsEmpty)
            return Objects.Quantity.Zero;
        return Objects.Quantity.TryParse(Text(text), out var quantity) is { } error ? throw new ObjectDecodeException(error) : quantity;
    }

    public static IntOrString IntOrString(ReadOnlySpan<byte> message)
    {
        long type = 0, number = 0;
        ReadOnlySpan<byte> text = default;
        var reader = new ProtobufReader(message);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: type = reader.Int64(); break;
                case 2: number = reader.Int64(); break;
                case 3: text = reader.Bytes(); break;
                default: reader.Skip(); break;
            }
        }
        return type == 0 ? Objects.IntOrString.FromInt((int)number) : Objects.IntOrString.FromString(Text(text));
    }

    /// <summary>JSON inside an object: it must be whole, since it becomes a part of the object's JSON.</summary>
    public static RawJson Raw(ReadOnlySpan<byte> message)
    {
        var raw = FirstBytes(message);
        if (raw.IsEmpty)
            return default;
        try
        {
            var reader = new Utf8JsonReader(raw, JsonLimits.ReaderOptions);
            while (reader.Read())
            {
                // Only whole JSON passes.
            }
        }
        catch (JsonException error)
        {
            throw new ObjectDecodeException(error.Message, error);
        }
        return new(raw.ToArray());
    }

    /// <summary>Adds one number, or all of a packed field.</summary>
    public static List<long> Numbers(List<long>? list, ref ProtobufReader reader)
    {
        list ??= [];
        if (reader.WireType != ProtobufWireType.Bytes)
        {
            list.Add(reader.Int64());
            return list;
        }
        var packed = new ProtobufReader(reader.Bytes());
        while (packed.NextPacked())
            list.Add(packed.Int64());
        return list;
    }

    /// <summary>The same for numbers of 32 bits.</summary>
    public static List<int> Numbers(List<int>? list, ref ProtobufReader reader)
    {
        list ??= [];
        foreach (var number in Numbers((List<long>?)null, ref reader))
            list.Add((int)number);
        return list;
    }

    /// <summary>The same for truth values.</summary>
    public static List<bool> Numbers(List<bool>? list, ref ProtobufReader reader)
    {
        list ??= [];
        foreach (var number in Numbers((List<long>?)null, ref reader))
            list.Add(number != 0);
        return list;
    }

    /// <summary>The strings in the message around a named list.</summary>
    public static List<string> WrappedList(ReadOnlySpan<byte> message)
    {
        var list = new List<string>();
        var reader = new ProtobufReader(message);
        while (reader.NextField())
        {
            if (reader.Field == 1)
                list.Add(Text(reader.Bytes()));
            else
                reader.Skip();
        }
        return list;
    }

    /// <summary>One entry of a map whose values are strings, bytes or messages.</summary>
    /// <param name="message">The entry's message.</param>
    /// <param name="value">The value's bytes.</param>
    /// <returns>The key.</returns>
    public static string Entry(ReadOnlySpan<byte> message, out ReadOnlySpan<byte> value)
    {
        var key = "";
        value = default;
        var reader = new ProtobufReader(message);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: key = Text(reader.Bytes()); break;
                case 2: value = reader.Bytes(); break;
                default: reader.Skip(); break;
            }
        }
        return key;
    }

    private static DateTimeOffset? Time(ReadOnlySpan<byte> message, bool withFraction)
    {
        if (message.IsEmpty)
            return null;
        long seconds = 0, nanoseconds = 0;
        var reader = new ProtobufReader(message);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: seconds = reader.Int64(); break;
                case 2: nanoseconds = reader.Int64(); break;
                default: reader.Skip(); break;
            }
        }
        if (seconds is < EarliestSecond or > LatestSecond || nanoseconds is < 0 or > MostNanoseconds)
            throw new ObjectDecodeException("proto: time out of range");
        var time = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return withFraction ? time.AddTicks(nanoseconds / NanosecondsPerTick) : time;
    }

    private static ReadOnlySpan<byte> FirstBytes(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> value = default;
        var reader = new ProtobufReader(message);
        while (reader.NextField())
        {
            if (reader.Field == 1)
                value = reader.Bytes();
            else
                reader.Skip();
        }
        return value;
    }
}
