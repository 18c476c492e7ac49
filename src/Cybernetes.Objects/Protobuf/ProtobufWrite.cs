namespace Cybernetes.Objects;

/// <summary>Writes the values that protobuf has a message for and C# a struct; called by generated classes.</summary>
public static class ProtobufWrite
{
    private const long NanosecondsPerTick = 100;

    public static void Message(ProtobufWriter writer, int field, IProtobufMessage message)
    {
        var start = writer.StartMessage(field);
        message.WriteProtobuf(writer);
        writer.EndMessage(start);
    }

    /// <summary>A metav1.Time: whole seconds. The zero time is an empty message.</summary>
    public static void Time(ProtobufWriter writer, int field, DateTimeOffset time) => Time(writer, field, time, nanoseconds: 0);

    /// <summary>A metav1.MicroTime.</summary>
    public static void MicroTime(ProtobufWriter writer, int field, DateTimeOffset time) =>
        Time(writer, field, time, (time.UtcTicks - DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds()).UtcTicks) * NanosecondsPerTick);

    /// <summary>A metav1.Duration: nanoseconds.</summary>
    public static void Duration(ProtobufWriter writer, int field, TimeSpan duration)
    {
        var start = writer.StartMessage(field);
        writer.Int64(1, duration.Ticks * NanosecondsPerTick);
        writer.EndMessage(start);
    }

    public static void Quantity(ProtobufWriter writer, int field, Quantity quantity)
    {
        var start = writer.StartMessage(field);
        writer.String(1, quantity.ToString());
        writer.EndMessage(start);
    }

    public static void IntOrString(ProtobufWriter writer, int field, IntOrString value)
    {
        var start = writer.StartMessage(field);
        writer.Int64(1, value.IsString ? 1 : 0);
        writer.Int64(2, value.IsString ? 0 : value.IntValue);
        writer.String(3, value.StringValue);
        writer.EndMessage(start);
    }

    /// <summary>JSON inside an object stays JSON.</summary>
    public static void Raw(ProtobufWriter writer, int field, RawJson raw)
    {
        var start = writer.StartMessage(field);
        writer.Bytes(1, raw.Utf8.Span);
        writer.EndMessage(start);
    }

    /// <summary>A named list of strings where protobuf has a message around it.</summary>
    public static void WrappedList(ProtobufWriter writer, int field, List<string> list)
    {
        var start = writer.StartMessage(field);
        foreach (var item in list)
            writer.String(1, item);
        writer.EndMessage(start);
    }

    private static void Time(ProtobufWriter writer, int field, DateTimeOffset time, long nanoseconds)
    {
        var start = writer.StartMessage(field);
        if (time != default)
        {
            writer.Int64(1, time.ToUnixTimeSeconds());
            writer.Int64(2, nanoseconds);
        }
        writer.EndMessage(start);
    }
}
