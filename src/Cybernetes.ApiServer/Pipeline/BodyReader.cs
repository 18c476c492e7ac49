using System.Buffers;
using Cybernetes.ApiServer.Failures;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>Reads request bodies, bounded.</summary>
internal static class BodyReader
{
    /// <summary>Upstream's bound of a request body in bytes: 3 MiB.</summary>
    public const int MaxBytes = 3 * 1024 * 1024;

    /// <summary>The whole body; a 413 when it is larger than <see cref="MaxBytes"/>.</summary>
    public static async ValueTask<byte[]> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength is > MaxBytes)
            throw Failure.TooLarge(MaxBytes);
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(context.RequestAborted);
            if (result.Buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(result.Buffer.End);
                throw Failure.TooLarge(MaxBytes);
            }
            if (result.IsCompleted)
            {
                var body = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return body;
            }
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
