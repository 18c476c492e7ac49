using System.IO.Pipelines;
using System.Text;
using Cybernetes.Foundation;
using Cybernetes.Node.Server;
using Cybernetes.Node.Server.Logs;

namespace Cybernetes.Node.Tests.Server;

public sealed class ContainerLogReaderTests : IDisposable
{
    private const string Start = "2026-01-01T00:00:0";

    private readonly string _directory = Directory.CreateTempSubdirectory("log").FullName;
    private readonly VirtualTimeProvider _time = new();
    private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: 0));
    private volatile bool _isRunning = true;

    private string Log => Path.Combine(_directory, "0.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Read_WholeLog_JoinsPartialLines()
    {
        Write("1Z stdout P one ", "2Z stdout F line", "3Z stderr F other", "junk", "4Z stdout F ");

        Assert.Equal("one line\nother\n\n", await ReadAsync(new ContainerLogOptions()));
    }

    [Fact]
    public async Task Read_Timestamps_StandBeforeEachLineOnce()
    {
        Write("1Z stdout P one ", "2Z stdout F line", "3.5Z stdout F two");

        Assert.Equal(
            $"{Start}1.000000000Z one line\n{Start}3.500000000Z two\n",
            await ReadAsync(new ContainerLogOptions(Timestamps: true)));
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "c\n")]
    [InlineData(2, "b\nc\n")]
    [InlineData(3, "a\nb\nc\n")]
    [InlineData(9, "a\nb\nc\n")]
    public async Task Read_Tail_GivesLastLines(int lines, string expected)
    {
        Write("1Z stdout F a", "2Z stdout F b", "3Z stdout F c");

        Assert.Equal(expected, await ReadAsync(new ContainerLogOptions(TailLines: lines)));
    }

    [Fact]
    public async Task Read_TailOfLongLog_ReadsOnlyItsEnd()
    {
        Write([.. Enumerable.Range(0, 20000).Select(n => $"1Z stdout F line {n}")]);

        Assert.Equal(
            string.Concat(Enumerable.Range(17000, 3000).Select(n =>
                $"line {n}\n")), await ReadAsync(new ContainerLogOptions(TailLines: 3000)));
    }

    [Fact]
    public async Task Read_Since_LeavesOutOlder()
    {
        Write("1Z stdout F a", "2Z stdout F b", "3Z stdout F c");
        var since = new DateTimeOffset(2026, 1, 1, 0, 0, 2, TimeSpan.Zero);

        Assert.Equal("b\nc\n", await ReadAsync(new ContainerLogOptions(Since: since)));
    }

    [Theory]
    [InlineData(1, "a")]
    [InlineData(3, "aaa")]
    [InlineData(5, "aaa\nb")]
    public async Task Read_LimitBytes_CutsThere(int limit, string expected)
    {
        Write("1Z stdout F aaa", "2Z stdout F bbb");

        Assert.Equal(expected, await ReadAsync(new ContainerLogOptions(LimitBytes: limit)));
    }

    [Fact]
    public async Task Read_OneStream_LeavesOutTheOther()
    {
        Write("1Z stdout F a", "2Z stderr F b");

        Assert.Equal("b\n", await ReadAsync(new ContainerLogOptions(Stdout: false)));
    }

    [Fact]
    public async Task Read_UnfinishedLine_IsGivenWithoutItsEnd()
    {
        File.WriteAllText(Log, $"{Start}1Z stdout F whole\n{Start}2Z stdout F hal");

        Assert.Equal("whole\nhal", await ReadAsync(new ContainerLogOptions()));
    }

    [Fact]
    public async Task Read_NoFile_IsRefused()
    {
        var e = await Assert.ThrowsAsync<KubeletRequestException>(() => ReadAsync(new ContainerLogOptions()));

        Assert.Equal(400, e.StatusCode);
    }

    [Fact]
    public async Task Follow_GrowingLog_GivesNewLinesAndEndsWithTheContainer()
    {
        Write("1Z stdout F a");
        var reading = RunAsync(new ContainerLogOptions(Follow: true));
        await _time.WhenTimersArmedAsync(1);
        Assert.Equal("a\n", await TakeAsync());

        Append($"{Start}2Z stdout F b\n{Start}3Z std");
        await _time.AdvanceToNextTimerAsync();
        Assert.Equal("b\n", await TakeAsync());

        Append("out F c\n");
        _isRunning = false;
        await _time.AdvanceToNextTimerAsync();
        await reading;
        Assert.Equal("c\n", await TakeAsync());
    }

    [Fact]
    public async Task Follow_RotatedLog_GoesOnInTheNewFile()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux tells an open file's name");
        Write("1Z stdout F a");
        var reading = RunAsync(new ContainerLogOptions(Follow: true));
        await _time.WhenTimersArmedAsync(1);
        Append($"{Start}2Z stdout F last of the old\n");
        File.Move(Log, Log + ".1");
        Write("3Z stdout F first of the new, which is longer than the old one was", "4Z stdout F b");
        _isRunning = false;
        await _time.AdvanceToNextTimerAsync();
        await reading;

        Assert.Equal("a\nlast of the old\nfirst of the new, which is longer than the old one was\nb\n", await TakeAsync());
    }

    [Fact]
    public async Task Follow_LimitReached_Ends()
    {
        Write("1Z stdout F abc");

        Assert.Equal("ab", await ReadAsync(new ContainerLogOptions(Follow: true, LimitBytes: 2)));
    }

    private void Write(params string[] lines) => File.WriteAllText(Log, string.Concat(lines.Select(line => $"{Start}{line}\n")));

    private void Append(string text)
    {
        using var file = new FileStream(Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Write(Encoding.UTF8.GetBytes(text));
    }

    private Task RunAsync(ContainerLogOptions options)
    {
        var target = new ContainerLogTarget(Log, _ => new ValueTask<bool>(_isRunning));
        return new ContainerLogReader(target, options, _output.Writer, _time).RunAsync(CancellationToken.None);
    }

    private async Task<string> ReadAsync(ContainerLogOptions options)
    {
        await RunAsync(options);
        await _output.Writer.CompleteAsync();
        return await TakeAsync();
    }

    private async Task<string> TakeAsync()
    {
        var result = await _output.Reader.ReadAsync();
        var text = Encoding.UTF8.GetString(result.Buffer);
        _output.Reader.AdvanceTo(result.Buffer.End);
        return text;
    }
}
