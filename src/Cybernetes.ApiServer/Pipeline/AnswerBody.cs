using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>
/// Sends an answer's body in pieces, holding little of it at a time. Where the client takes gzip, a body that turns out to be long is compressed.
/// Status and content type are set before; end with <see cref="CompleteAsync"/>.
/// </summary>
internal sealed class AnswerBody
{
    // Upstream's bound: below it, compressing costs more than it saves.
    private const int GzipFromBytes = 128 * 1024;
    public const int FlushEveryBytes = 64 * 1024;
    private readonly HttpResponse _response;
    private readonly CancellationToken _aborted;
    private readonly ArrayBufferWriter<byte>? _held; // null when nothing needs to be held back
    private GZipStream? _gzip;
    private long _unflushed;

    /// <param name="request">The request that is answered.</param>
    /// <param name="length">The whole body's bytes, where known.</param>
    public AnswerBody(ApiRequest request, long? length = null)
    {
        _response = request.Http.Response;
        _aborted = request.Aborted;
        if (length is not < GzipFromBytes && AcceptsGzip(request.Http.Request))
            _held = new(GzipFromBytes / 2);
        else if (length is { } known)
            _response.ContentLength = known;
    }

    /// <summary>Adds a piece.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        _unflushed += bytes.Length;
        if (_held is null)
            Answers.Copy(_response.BodyWriter, bytes);
        else
            _held.Write(bytes);
    }

    /// <summary>Sends what has gathered when it is much.</summary>
    public ValueTask FlushIfLargeAsync() =>
        _unflushed < (_held is null ? FlushEveryBytes : GzipFromBytes) ? ValueTask.CompletedTask : FlushAsync();

    /// <summary>Sends the rest.</summary>
    public async ValueTask CompleteAsync()
    {
        if (_held is not null && _gzip is null && _held.WrittenCount < GzipFromBytes)
        {
            _response.ContentLength = _held.WrittenCount;
            await _response.BodyWriter.WriteAsync(_held.WrittenMemory, _aborted);
            return;
        }
        await FlushAsync();
        if (_gzip is not null)
            await _gzip.DisposeAsync();
    }

    private async ValueTask FlushAsync()
    {
        _unflushed = 0;
        if (_held is null)
        {
            await _response.BodyWriter.FlushAsync(_aborted);
            return;
        }
        if (_gzip is null)
        {
            _response.Headers.ContentEncoding = "gzip";
            _response.Headers.Append("Vary", "Accept-Encoding");
            _gzip = new(_response.Body, CompressionLevel.Fastest, leaveOpen: true);
        }
        await _gzip.WriteAsync(_held.WrittenMemory, _aborted);
        _held.ResetWrittenCount();
    }

    /// <summary>Whether the client takes compressed bodies.</summary>
    public static bool AcceptsGzip(HttpRequest request)
    {
        foreach (var encoding in request.Headers.AcceptEncoding.ToString().Split(',', StringSplitOptions.TrimEntries))
        {
            if (encoding == "gzip" || (encoding.StartsWith("gzip;", StringComparison.Ordinal) && !encoding.EndsWith("q=0", StringComparison.Ordinal)))
                return true;
        }
        return false;
    }
}
