using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Cybernetes.Objects.Tests;

public class QuantityTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("1", "1")]
    [InlineData("1000m", "1")]
    [InlineData("1500m", "1500m")]
    [InlineData("1.5", "1500m")]
    [InlineData("0.5", "500m")]
    [InlineData(".5", "500m")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("0.5Gi", "512Mi")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("1024Ki", "1Mi")]
    [InlineData("1Gi", "1Gi")]
    [InlineData("100Mi", "100Mi")]
    [InlineData("0.5Mi", "512Ki")]
    [InlineData("0.1Ki", "102400m")]
    [InlineData("1e3", "1e3")]
    [InlineData("1000e0", "1e3")]
    [InlineData("12e6", "12e6")]
    [InlineData("1.1e3", "1100")]
    [InlineData("100k", "100k")]
    [InlineData("1000k", "1M")]
    [InlineData("1000000", "1M")]
    [InlineData("123456789", "123456789")]
    [InlineData("0.1m", "100u")]
    [InlineData("1n", "1n")]
    [InlineData("0.1n", "1n")]
    [InlineData("0.0000000001", "1n")]
    [InlineData("1.0000000001", "1000000001n")]
    [InlineData("-0.1n", "-1n")]
    [InlineData("-1000m", "-1")]
    [InlineData("-1.5", "-1500m")]
    [InlineData("1.500", "1.500")]
    [InlineData("8Ei", "9223372036854775807")]
    [InlineData("100E", "100E")]
    [InlineData("10000000000000000000000000000000000000000000", "10000000000000000000000000E")]
    [InlineData("1e-9", "1e-9")]
    [InlineData("1e-12", "1e-9")]
    [InlineData("1e-999999999999", "1e-9")]
    [InlineData("500Ki", "500Ki")]
    [InlineData("512", "512")]
    [InlineData("0Mi", "0")]
    public void Parse_ValidText_GivesUpstreamsCanonicalForm(string text, string canonical)
    {
        Quantity quantity = Quantity.Parse(text);
        Assert.Equal(canonical, quantity.ToString());
        Assert.Equal(quantity, Quantity.Parse(canonical));
    }

    [Theory]
    [InlineData("", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [InlineData("abc", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [InlineData("1.2.3", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [InlineData("1 Gi", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [InlineData("1Gb", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [InlineData("1mm", "unable to parse quantity's suffix")]
    [InlineData("1K", "unable to parse quantity's suffix")]
    [InlineData("1e", "unable to parse quantity's suffix")]
    [InlineData("1ki", "unable to parse quantity's suffix")]
    [InlineData("1e9999", "unable to parse numeric part of quantity")]
    public void TryParse_MalformedText_GivesUpstreamsError(string text, string error) =>
        Assert.Equal(error, Quantity.TryParse(text, out _));

    [Theory]
    [InlineData("1001m", 2, 1001)]
    [InlineData("1n", 1, 1)]
    [InlineData("-1001m", -2, -1001)]
    [InlineData("1.5Gi", 1610612736, 1610612736000)]
    [InlineData("100E", long.MaxValue, long.MaxValue)]
    [InlineData("-100E", long.MinValue, long.MinValue)]
    public void Value_Fractions_RoundAwayFromZero(string text, long value, long milli)
    {
        Quantity quantity = Quantity.Parse(text);
        Assert.Equal((value, milli), (quantity.Value(), quantity.MilliValue()));
    }

    [Theory]
    [InlineData("1", "1Gi", "1073741825")]
    [InlineData("1Gi", "1Mi", "1025Mi")]
    [InlineData("0", "1Gi", "1Gi")]
    [InlineData("100m", "900m", "1")]
    [InlineData("1E", "-1E", "0")]
    [InlineData("170141183460469231731687303715E", "1n", "170141183460469231731687303715000000000000000000000000001n")]
    public void Add_TwoQuantities_KeepsTheLeftFormat(string left, string right, string sum)
    {
        Quantity result = Quantity.Parse(left) + Quantity.Parse(right);
        Assert.Equal(sum, result.ToString());
        Assert.Equal(Quantity.Parse(left), result - Quantity.Parse(right));
    }

    [Fact]
    public void Compare_DifferentForms_ComparesByValue()
    {
        Assert.Equal(Quantity.Parse("1000m"), Quantity.Parse("1"));
        Assert.Equal(Quantity.Parse("1000m").GetHashCode(), Quantity.Parse("1").GetHashCode());
        Assert.True(Quantity.Parse("1Gi") > Quantity.Parse("1G"));
        Assert.True(Quantity.Parse("1n") > default(Quantity));
        Assert.Equal("0", default(Quantity).ToString());
        Assert.Equal("2", Quantity.FromMilli(2000).ToString());
        Assert.Equal("1Ki", Quantity.FromBytes(1024).ToString());
        Assert.Equal("2", Quantity.Parse("1001m").RoundUp(0).ToString());
    }

    [Theory]
    [InlineData("\"1000m\"", "\"1\"")]
    [InlineData("1.5", "\"1500m\"")]
    [InlineData("1e3", "\"1e3\"")]
    [InlineData("\" 2 \"", "\"2\"")]
    [InlineData("null", "\"0\"")]
    public void ReadJson_StringOrNumber_WritesTheCanonicalString(string json, string written)
    {
        Quantity quantity = JsonTexts.Read(json, Quantity.ReadJson);
        Assert.Equal(written, JsonTexts.Write(quantity.WriteJson));
    }

    [Fact]
    public void ReadJson_AnObject_GivesUpstreamsError() =>
        Assert.StartsWith("quantities must match",
            Assert.Throws<ObjectDecodeException>(() => JsonTexts.Read("{}", Quantity.ReadJson)).Message);

    [Fact]
    public void Parse_RandomTexts_RoundTripAndNeverCrash()
    {
        Random random = new(20260101);
        const string Letters = "0123456789.+-eEinumkKMGTP";
        for (int i = 0; i < 20000; i++)
        {
            char[] text = new char[random.Next(1, 14)];
            for (int c = 0; c < text.Length; c++) text[c] = Letters[random.Next(random.Next(2) == 0 ? 11 : Letters.Length)];
            if (Quantity.TryParse(new string(text), out Quantity quantity) is not null) continue;
            Quantity again = Quantity.Parse(quantity.WithFormat(quantity.Format).ToString());
            Assert.Equal(quantity, again);
            Assert.Equal(again.ToString(), Quantity.Parse(again.ToString()).ToString());
        }
    }
}

internal delegate T JsonReading<out T>(ref Utf8JsonReader reader, DecodeContext context);

internal static class JsonTexts
{
    public static T Read<T>(string json, JsonReading<T> read, DecodeContext? context = null)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Utf8JsonReader reader = new(bytes, JsonLimits.ReaderOptions);
        reader.Read();
        return read(ref reader, context ?? new DecodeContext { Source = bytes });
    }

    public static string Write(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, JsonLimits.WriterOptions)) write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
