namespace Cybernetes.Objects.Tests;

public class SmallValueTests
{
    [Theory]
    [InlineData("5", false, "5")]
    [InlineData("\"http\"", true, "\"http\"")]
    [InlineData("\"5\"", true, "\"5\"")]
    [InlineData("null", false, "0")]
    public void IntOrString_ReadJson_KeepsTheKind(string json, bool isString, string written)
    {
        IntOrString value = JsonTexts.Read(json, IntOrString.ReadJson);
        Assert.Equal(isString, value.IsString);
        Assert.Equal(written, JsonTexts.Write(value.WriteJson));
    }

    [Theory]
    [InlineData("1.5", "json: cannot unmarshal number 1.5 into Go value of type int32")]
    [InlineData("99999999999", "json: cannot unmarshal number 99999999999 into Go value of type int32")]
    [InlineData("true", "json: cannot unmarshal bool into Go value of type int32")]
    [InlineData("{}", "json: cannot unmarshal object into Go value of type int32")]
    public void IntOrString_WrongType_GivesGosError(string json, string error) =>
        Assert.Equal(error, Assert.Throws<ObjectDecodeException>(() => JsonTexts.Read(json, IntOrString.ReadJson)).Message);

    [Theory]
    [InlineData("25%", 10, true, 3)]
    [InlineData("25%", 10, false, 2)]
    [InlineData("0%", 10, true, 0)]
    [InlineData("110%", 10, false, 11)]
    public void IntOrString_Percentage_ScalesToTheTotal(string text, int total, bool roundUp, int expected) =>
        Assert.Equal(expected, IntOrString.FromString(text).Scale(total, roundUp));

    [Theory]
    [InlineData("5", "invalid value for IntOrString: invalid type: string is not a percentage")]
    [InlineData("a%", "invalid value for IntOrString: invalid value \"a%\": strconv.Atoi: parsing \"a\": invalid syntax")]
    public void IntOrString_NotAPercentage_GivesUpstreamsError(string text, string error) =>
        Assert.Equal(error, IntOrString.FromString(text).TryScale(10, true, out _));

    [Theory]
    [InlineData("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z")]
    [InlineData("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456Z")]
    [InlineData("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z", "2026-01-02T01:04:05.000000Z")]
    [InlineData("2024-02-29T23:59:59-00:30", "2024-03-01T00:29:59Z", "2024-03-01T00:29:59.000000Z")]
    public void Time_Parse_FormatsInUtc(string text, string seconds, string micros)
    {
        Assert.Null(KubernetesTime.TryParse(text, out DateTimeOffset value));
        Assert.Equal(seconds, KubernetesTime.Format(value));
        Assert.Equal(micros, KubernetesTime.FormatMicro(value));
    }

    [Theory]
    [InlineData("", "parsing time \"\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"2006\"")]
    [InlineData("x", "parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\"")]
    [InlineData("2026-01-02", "parsing time \"2026-01-02\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\"")]
    [InlineData("2026-01-02T03:04:05",
        "parsing time \"2026-01-02T03:04:05\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"Z07:00\"")]
    [InlineData("2026-13-02T03:04:05Z", "parsing time \"2026-13-02T03:04:05Z\": month out of range")]
    [InlineData("2026-02-30T03:04:05Z", "parsing time \"2026-02-30T03:04:05Z\": day out of range")]
    [InlineData("2026-02-03T24:04:05Z", "parsing time \"2026-02-03T24:04:05Z\": hour out of range")]
    [InlineData("2026-02-03T04:04:05Zx", "parsing time \"2026-02-03T04:04:05Zx\": extra text: \"x\"")]
    public void Time_Malformed_GivesGosError(string text, string error) =>
        Assert.Equal(error, KubernetesTime.TryParse(text, out _));

    [Fact]
    public void Time_UnsetAndZero_AreNull()
    {
        Assert.Null(JsonTexts.Read("null", KubernetesTime.ReadJson));
        Assert.Null(JsonTexts.Read("\"0001-01-01T00:00:00Z\"", KubernetesTime.ReadJson));
        Assert.Equal("null", JsonTexts.Write(writer => KubernetesTime.WriteJson(writer, null)));
        Assert.Equal("null", JsonTexts.Write(writer => KubernetesTime.WriteJson(writer, default(DateTimeOffset))));
    }

    [Fact]
    public void MicroTime_WithoutSixDigits_IsRefused()
    {
        DateTimeOffset? value = JsonTexts.Read("\"2026-01-02T03:04:05.000007Z\"", KubernetesTime.ReadMicroJson);
        Assert.Equal("2026-01-02T03:04:05.000007Z", KubernetesTime.FormatMicro(value!.Value));
        ObjectDecodeException error =
            Assert.Throws<ObjectDecodeException>(() => JsonTexts.Read("\"2026-01-02T03:04:05Z\"", KubernetesTime.ReadMicroJson));
        Assert.Equal(
            "parsing time \"2026-01-02T03:04:05Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \".000000\"",
                error.Message);
    }

    [Theory]
    [InlineData("0", "0s")]
    [InlineData("1h", "1h0m0s")]
    [InlineData("90s", "1m30s")]
    [InlineData("1.5s", "1.5s")]
    [InlineData("300ms", "300ms")]
    [InlineData("1500ms", "1.5s")]
    [InlineData("10us", "10µs")]
    [InlineData("100ns", "100ns")]
    [InlineData("-2h30m", "-2h30m0s")]
    [InlineData("1h1m1.001s", "1h1m1.001s")]
    [InlineData("100h", "100h0m0s")]
    [InlineData(".5m", "30s")]
    public void Duration_Parse_FormatsAsGo(string text, string formatted)
    {
        Assert.Null(KubernetesDuration.TryParse(text, out TimeSpan value));
        Assert.Equal(formatted, KubernetesDuration.Format(value));
    }

    [Theory]
    [InlineData("", "time: invalid duration \"\"")]
    [InlineData("5", "time: missing unit in duration \"5\"")]
    [InlineData("5x", "time: unknown unit \"x\" in duration \"5x\"")]
    [InlineData("s", "time: invalid duration \"s\"")]
    [InlineData("9999999999h", "time: invalid duration \"9999999999h\"")]
    public void Duration_Malformed_GivesGosError(string text, string error) =>
        Assert.Equal(error, KubernetesDuration.TryParse(text, out _));

    [Theory]
    [InlineData("{\"a\":1,\"b\":[true,null]}", "{ \"b\": [true, null], \"a\": 1 }", true)]
    [InlineData("{\"a\":1}", "{\"a\":2}", false)]
    [InlineData("[1,2]", "[2,1]", false)]
    public void RawJson_SemanticEquals_IgnoresBlanksAndOrder(string left, string right, bool equal) =>
        Assert.Equal(equal, RawJson.FromText(left).SemanticEquals(RawJson.FromText(right)));

    [Fact]
    public void RawJson_ReadJson_KeepsTheBytes()
    {
        RawJson value = JsonTexts.Read("{ \"b\": [1, 2],  \"a\": 1.0 }", RawJson.ReadJson);
        Assert.Equal("{ \"b\": [1, 2],  \"a\": 1.0 }", JsonTexts.Write(value.WriteJson));
        Assert.True(JsonTexts.Read("null", RawJson.ReadJson).IsEmpty);
        Assert.Equal("[1, 2]", JsonTexts.Read("[1, 2]", RawJson.ReadJson, new DecodeContext()).ToString());
    }

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("a\"b\\c\n\u0007", "\"a\\\"b\\\\c\\n\\a\"")]
    [InlineData("é\u00a0\u2028\u0000", "\"é\\u00a0\\u2028\\x00\"")]
    public void Quote_OddCharacters_EscapesAsGo(string text, string quoted) => Assert.Equal(quoted, GoText.Quote(text));
}
