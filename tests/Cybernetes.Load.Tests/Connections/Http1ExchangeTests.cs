using System.Text;
using Cybernetes.Load.Connections;

namespace Cybernetes.Load.Tests.Connections;

public sealed class Http1ExchangeTests
{
    private const string Stream =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\nDate: now\r\n\r\nhello"
        + "HTTP/1.1 204 No Content\r\nAudit-Id: 1\r\n\r\n"
        + "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n"
        + "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno";

    [Fact]
    public void Feed_CutAnywhere_GivesTheSameAnswers()
    {
        var bytes = Encoding.ASCII.GetBytes(Stream);
        for (var size = 1; size <= bytes.Length; size++)
        {
            var sink = new Answers();
            var exchange = new Http1Exchange(null!, sink);
            for (var at = 0; at < bytes.Length; at += size)
                exchange.Feed(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)));
            Assert.Equal(["200 hello", "204 ", "201 abc0123456789", "404 no"], sink.All);
            Assert.Equal(bytes.Length, exchange.ReceivedBytes);
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n")]
    public void Feed_Nonsense_IsRefused(string text)
    {
        var exchange = new Http1Exchange(null!, new Answers());
        Assert.Throws<IOException>(() => exchange.Feed(Encoding.ASCII.GetBytes(text)));
    }

    private sealed class Answers : IAnswerSink
    {
        private string _now = "";

        public List<string> All { get; } = [];

        public void Head(int status) => _now = $"{status} ";

        public void Body(ReadOnlySpan<byte> part) => _now += Encoding.ASCII.GetString(part);

        public void End() => All.Add(_now);

        public void Lost(string why) => All.Add(why);
    }
}
