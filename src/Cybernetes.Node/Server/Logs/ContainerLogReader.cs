using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Win32.SafeHandles;

namespace Cybernetes.Node.Server.Logs;

/// <summary>Gives a container's log to a client: from the start, from a time or the last lines, and what comes after, over
/// rotations.</summary>
/// <remarks>
/// New lines are found by looking at the file again after 20 ms, and less often the longer nothing comes: no watches to run out
/// of, the same on every system, and under virtual time.
/// </remarks>
internal sealed class ContainerLogReader(
    ContainerLogTarget target, ContainerLogOptions options, PipeWriter output, TimeProvider time)
{
    private const int ChunkBytes = 64 * 1024;
    private const int MaxLineBytes = 16 * 1024 * 1024;
    private const int MaxTimestampBytes = 64;

    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    private readonly byte[] _timestamp = new byte[MaxTimestampBytes + 1];
    private byte[] _buffer = new byte[ChunkBytes];
    private int _buffered;
    private long _position;
    private long _linesLeft = options is { Follow: false, TailLines: { } lines } ? lines : long.MaxValue;
    private long _bytesLeft = options.LimitBytes ?? long.MaxValue;
    private bool _atLineStart = true;

    private bool IsDone => _linesLeft <= 0 || _bytesLeft <= 0;

    /// <exception cref="KubeletRequestException">There is no log file.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var file = Open() ?? throw new KubeletRequestException(
            400, $"failed to try resolving symlinks in path \"{target.Path}\": lstat {target.Path}: no such file or directory");
        try
        {
            if (options.TailLines is { } lines)
                _position = await LogTail.FindAsync(file, lines, cancellation).ConfigureAwait(false);
            if (_linesLeft <= 0)
                return;
            await CopyAsync(file, cancellation).ConfigureAwait(false);
            if (options.Follow)
                file = await FollowAsync(file, cancellation).ConfigureAwait(false);
            WriteUnfinishedLine();
            await output.FlushAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            file.Dispose();
        }
    }

    /// <summary>Until the container has ended and its log was read to the end, the client left or enough was given.</summary>
    private async Task<SafeFileHandle> FollowAsync(SafeFileHandle file, CancellationToken cancellation)
    {
        var name = NameOf(file);
        var wait = ShortestWait;
        while (!IsDone)
        {
            var isRunning = await target.IsRunning(cancellation).ConfigureAwait(false);
            var isRotated = IsRotated(file, name);

            // Read once more after both were asked: what was written until then is in the file now.
            if (await CopyAsync(file, cancellation).ConfigureAwait(false))
            {
                wait = ShortestWait;
                continue;
            }

            if (isRotated && Open() is { } next)
            {
                file.Dispose();
                file = next;
                name = NameOf(file);
                _position = 0;
                _buffered = 0;
                continue;
            }

            if (!isRunning)
                break;
            await Task.Delay(wait, time, cancellation).ConfigureAwait(false);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }

        return file;
    }

    private SafeFileHandle? Open()
    {
        try
        {
            return File.OpenHandle(target.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>What the open file is called now: Linux knows, also after a rename. Null elsewhere.</summary>
    private static string? NameOf(SafeFileHandle file) => OperatingSystem.IsLinux()
        ? new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget
        : null;

    private bool IsRotated(SafeFileHandle file, string? name)
    {
        var there = new FileInfo(target.Path);
        if (!there.Exists)
            return false;
        return there.Length < _position || NameOf(file) != name;
    }

    /// <summary>Copies what is in the file beyond the position. False when there was nothing.</summary>
    private async ValueTask<bool> CopyAsync(SafeFileHandle file, CancellationToken cancellation)
    {
        var any = false;
        while (!IsDone)
        {
            if (_buffered == _buffer.Length)
                Grow();
            var count = await RandomAccess.ReadAsync(file, _buffer.AsMemory(_buffered), _position, cancellation)
                .ConfigureAwait(false);
            if (count == 0)
                break;
            any = true;
            _position += count;
            _buffered += count;
            TakeLines();
            var flushed = await output.FlushAsync(cancellation).ConfigureAwait(false);
            if (flushed.IsCompleted)
                _bytesLeft = 0;
        }

        return any;
    }

    private void Grow()
    {
        if (_buffer.Length >= MaxLineBytes)
            throw new InvalidDataException($"{target.Path} has a line of more than {MaxLineBytes} bytes");
        Array.Resize(ref _buffer, _buffer.Length * 2);
    }

    private void TakeLines()
    {
        var lines = _buffer.AsSpan(0, _buffered);
        while (!IsDone)
        {
            var end = lines.IndexOf((byte)'\n');
            if (end < 0)
                break;
            TakeLine(lines[..end], hasEnd: true);
            lines = lines[(end + 1)..];
        }

        lines.CopyTo(_buffer);
        _buffered = lines.Length;
    }

    /// <summary>The runtime was interrupted in the middle of a line, and no more of it will come.</summary>
    private void WriteUnfinishedLine()
    {
        if (_buffered > 0 && !IsDone)
            TakeLine(_buffer.AsSpan(0, _buffered), hasEnd: false);
    }

    private void TakeLine(ReadOnlySpan<byte> line, bool hasEnd)
    {
        // What is no log line is left out, as upstream does: a crash may leave half of one.
        if (!CriLogLine.TryParse(line, out var parsed) || parsed.Timestamp.Length > MaxTimestampBytes - 10)
            return;
        if (parsed.IsStderr ? !options.Stderr : !options.Stdout)
            return;
        if (options.Since is { } since && parsed.Time < since)
        {
            _linesLeft--;
            return;
        }

        if (options.Timestamps && _atLineStart)
        {
            var length = parsed.FormatTimestamp(_timestamp);
            _timestamp[length] = (byte)' ';
            Write(_timestamp.AsSpan(0, length + 1));
        }

        Write(parsed.Content);
        var endsLine = hasEnd && !parsed.IsPartial;
        if (endsLine)
            Write("\n"u8);
        _atLineStart = endsLine || parsed.Content.IsEmpty;
        _linesLeft--;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _bytesLeft)
            bytes = bytes[..(int)_bytesLeft];
        output.Write(bytes);
        _bytesLeft -= bytes.Length;
    }
}
