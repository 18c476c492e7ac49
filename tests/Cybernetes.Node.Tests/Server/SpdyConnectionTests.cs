using System.Text;
using Cybernetes.Foundation;
using Cybernetes.Node.Server.Streaming;

namespace Cybernetes.Node.Tests.Server;

public sealed class SpdyConnectionTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public void Headers_EncodedInTurn_DecodeInTurn()
    {
        var sender = new SpdyHeaderCodec();
        var receiver = new SpdyHeaderCodec();
        for (var i = 0; i < 3; i++)
        {
            var headers = receiver.Decode(sender.Encode([new("StreamType", "error"), new("port", $"{i}")]));

            Assert.Equal("error", headers["streamtype"]);
            Assert.Equal($"{i}", headers["PORT"]);
        }
    }

    [Fact]
    public void Headers_CompressedByAnotherImplementation_Decode()
    {
        // streamtype: error, then streamtype: stdin, by zlib with the dictionary and partial flushes.
        var receiver = new SpdyHeaderCodec();

        var first = Convert.FromHexString("78bbe3c6a7c202a62346703a2b294a4dcc851625aca9a080060820");
        Assert.Equal("error", receiver.Decode(first)["streamtype"]);
        Assert.Equal("stdin", receiver.Decode(Convert.FromHexString("80b04b159700b30b400001"))["streamtype"]);
    }

    [Fact]
    public void Dictionary_Made_IsTheDrafts()
    {
        Assert.Equal(1423, SpdyHeaderCodec.PresetDictionary.Length);
        uint a = 1, b = 0;
        foreach (var value in SpdyHeaderCodec.PresetDictionary)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }

        Assert.Equal(0xE3C6A7C2, (b << 16) | a);
    }

    [Theory]
    [InlineData("00112233")]
    [InlineData("78bbe3c6a7c2ffffffff")]
    [InlineData("")]
    public void Headers_Junk_IsRefused(string hex) =>
        Assert.Throws<InvalidDataException>(() => new SpdyHeaderCodec().Decode(Convert.FromHexString(hex)));

    [Fact]
    public async Task Stream_BothWays_CarriesDataAndHalfClose()
    {
        await using var pair = new SpdyPair(async stream =>
        {
            // Answers only once all input came: so it needs the half close.
            var input = await new StreamReader(stream).ReadToEndAsync();
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"{stream.Headers["streamtype"]}:{input}"));
            await stream.FinishAsync(CancellationToken.None);
        });
        var stream = await pair.Client.OpenStreamAsync([new("streamtype", "data")], _cancellation);
        await stream.WriteAsync("hello"u8.ToArray(), _cancellation);
        await stream.FinishAsync(_cancellation);

        Assert.Equal("data:hello", await new StreamReader(stream).ReadToEndAsync(_cancellation));
    }

    [Fact]
    public async Task Stream_MuchData_GoesBeyondTheFirstWindow()
    {
        const int Size = 5_000_000;
        await using var pair = new SpdyPair(async stream =>
        {
            await stream.CopyToAsync(stream);
            await stream.FinishAsync(CancellationToken.None);
        });
        var stream = await pair.Client.OpenStreamAsync([], _cancellation);
        var sent = new byte[Size];
        Chance.Seeded(1).Fill(sent);
        var sending = Task.Run(async () =>
        {
            await stream.WriteAsync(sent, _cancellation);
            await stream.FinishAsync(_cancellation);
        }, _cancellation);
        using var received = new MemoryStream();
        await stream.CopyToAsync(received, _cancellation);
        await sending;

        Assert.True(sent.AsSpan().SequenceEqual(received.ToArray()));
        Assert.True(pair.Client.PeerHasWindows);
    }

    [Fact]
    public async Task Streams_AtOnce_KeepApart()
    {
        await using var pair = new SpdyPair(async stream =>
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(stream.Headers["port"]));
            await stream.FinishAsync(CancellationToken.None);
        });
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async n =>
        {
            var stream = await pair.Client.OpenStreamAsync([new("port", $"{n}")], _cancellation);
            return await new StreamReader(stream).ReadToEndAsync(_cancellation);
        }));

        Assert.Equal(Enumerable.Range(0, 50).Select(n => $"{n}"), answers);
    }

    [Fact]
    public async Task Stream_Reset_FailsWritesAndEndsReads()
    {
        await using var pair = new SpdyPair(stream => stream.ResetAsync(CancellationToken.None));
        var stream = await pair.Client.OpenStreamAsync([], _cancellation);

        Assert.Equal("", await new StreamReader(stream).ReadToEndAsync(_cancellation));
        await Assert.ThrowsAsync<IOException>(async () => await stream.WriteAsync("x"u8.ToArray(), _cancellation));
    }

    [Fact]
    public async Task Open_PeerTakesNone_Throws()
    {
        await using var pair = new SpdyPair(null);

        await Assert.ThrowsAsync<IOException>(() => pair.Client.OpenStreamAsync([], _cancellation));
    }

    [Fact]
    public async Task Connection_PeerGone_EndsStreams()
    {
        var pair = new SpdyPair(_ => Task.CompletedTask);
        var stream = await pair.Client.OpenStreamAsync([], _cancellation);
        await pair.Server.DisposeAsync();

        Assert.Equal("", await new StreamReader(stream).ReadToEndAsync(_cancellation));
        await pair.DisposeAsync();
    }

    [Fact]
    public async Task Connection_PingFromPeer_IsAnswered()
    {
        var (client, server) = MemoryDuplex.Make();
        await using var connection = new SpdyConnection(client, isServer: false);
        var running = connection.RunAsync(_cancellation);

        // A ping with the server's even id.
        byte[] ping = [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 2];
        await server.WriteAsync(ping, _cancellation);
        var answer = new byte[ping.Length];
        await server.ReadExactlyAsync(answer, _cancellation);

        Assert.Equal(ping, answer);
        await server.DisposeAsync();
        await running;
    }

    private sealed class SpdyPair : IAsyncDisposable
    {
        private readonly Task _running;
        private readonly List<Task> _handlers = [];

        public SpdyPair(Func<SpdyStream, Task>? handler)
        {
            var (client, server) = MemoryDuplex.Make();
            Client = new SpdyConnection(client, isServer: false);
            Server = new SpdyConnection(server, isServer: true, handler is null ? null : stream =>
            {
                _handlers.Add(Task.Run(() => handler(stream)));
                return Task.CompletedTask;
            });
            _running = Task.WhenAll(Client.RunAsync(CancellationToken.None), Server.RunAsync(CancellationToken.None));
        }

        public SpdyConnection Client { get; }

        public SpdyConnection Server { get; }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Server.DisposeAsync();
            await _running;
        }
    }
}
