using System.Text;
using Cybernetes.Node.Server.Logs;

namespace Cybernetes.Node.Tests.Server;

public sealed class CriLogLineTests
{
    [Theory]
    [InlineData("2016-10-06T00:17:09.669794202Z stdout F log content 1", false, false, "log content 1")]
    [InlineData("2016-10-06T00:17:09.669794203Z stderr P part", true, true, "part")]
    [InlineData("2016-10-06T00:17:10.113242941Z stdout P:TAG1:TAG2 tagged", false, true, "tagged")]
    [InlineData("2016-10-06T00:17:10.113242941Z stdout F ", false, false, "")]
    [InlineData("2016-10-06T00:17:10.113242941Z stdout F  two  blanks ", false, false, " two  blanks ")]
    public void Parse_GoodLine_GivesItsParts(string text, bool isStderr, bool isPartial, string content)
    {
        Assert.True(CriLogLine.TryParse(Encoding.UTF8.GetBytes(text), out var line));
        Assert.Equal((isStderr, isPartial, content), (line.IsStderr, line.IsPartial, Encoding.UTF8.GetString(line.Content)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2016-10-06T00:17:09Z")]
    [InlineData("2016-10-06T00:17:09Z stdout")]
    [InlineData("2016-10-06T00:17:09Z stdlog F x")]
    [InlineData("2016-10-06T00:17:09Z stdout X x")]
    [InlineData("{\"log\":\"docker's own form\"}")]
    public void Parse_BadLine_IsRefused(string text) => Assert.False(CriLogLine.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("2016-10-06T00:17:09.669794202Z", "2016-10-06T00:17:09.669794202Z")]
    [InlineData("2016-10-06T00:17:09.5Z", "2016-10-06T00:17:09.500000000Z")]
    [InlineData("2016-10-06T00:17:09Z", "2016-10-06T00:17:09.000000000Z")]
    [InlineData("2016-10-06T02:17:09.25+02:00", "2016-10-06T02:17:09.250000000+02:00")]
    [InlineData("2016-10-05T22:17:09-02:00", "2016-10-05T22:17:09.000000000-02:00")]
    public void Timestamp_Formatted_HasNineDigits(string timestamp, string expected)
    {
        Assert.True(CriLogLine.TryParse(Encoding.UTF8.GetBytes(timestamp + " stdout F x"), out var line));
        Span<byte> formatted = stackalloc byte[64];
        var length = line.FormatTimestamp(formatted);

        Assert.Equal(expected, Encoding.ASCII.GetString(formatted[..length]));
    }

    [Theory]
    [InlineData("2016-10-06T00:17:09.669794202Z", "2016-10-06T00:17:09.6697942+00:00")]
    [InlineData("2016-10-06T02:17:09.5+02:00", "2016-10-06T00:17:09.5000000+00:00")]
    public void Time_OfTimestamp_IsToTheTick(string timestamp, string expected)
    {
        Assert.True(CriLogLine.TryParse(Encoding.UTF8.GetBytes(timestamp + " stdout F x"), out var line));

        Assert.Equal(expected, line.Time?.ToUniversalTime().ToString("O"));
    }
}
