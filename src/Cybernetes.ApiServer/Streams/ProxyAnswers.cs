using System.Buffers;
using System.IO.Compression;
using System.Text;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.ApiServer.Streams;

/// <summary>Brings a proxied place's answer to the client: links and redirections are led through the proxy, as upstream does it.</summary>
internal static class ProxyAnswers
{
    /// <summary>Pages up to this size have their links rewritten; larger ones go through as they are.</summary>
    internal const int MaxPageBytes = 4 * 1024 * 1024;

    private const int CopyBytes = 32 * 1024;

    /// <summary>Writes the answer, or carries bytes both ways when the place has switched protocols.</summary>
    /// <param name="before">The path up to and with /proxy.</param>
    public static async Task WriteAsync(ApiRequest request, HttpResponseMessage answer, string before, ProxyPlace place, IHttpUpgradeFeature? upgrade)
    {
        var response = request.Http.Response;
        response.StatusCode = (int)answer.StatusCode;
        var isSwitched = response.StatusCode == StatusCodes.Status101SwitchingProtocols;
        CopyHeaders(answer, response, isSwitched);
        if (isSwitched)
        {
            if (upgrade is null)
                throw Failure.Unavailable("error trying to reach service: it switched protocols unasked");
            var far = await answer.Content.ReadAsStreamAsync(request.Aborted);
            await KubeletTunnel.TunnelAsync(request, far, await upgrade.UpgradeAsync(), []);
            return;
        }
        if (response.Headers.Location is [{ Length: > 0 } location])
            response.Headers.Location = Through(location, before, place, request.Http.Request.Host.Value ?? "");
        var body = await answer.Content.ReadAsStreamAsync(request.Aborted);
        var page = IsPage(response) ? await PageAsync(request, response, body, before, place) : null;
        if (page is not null)
        {
            response.ContentLength = page.Length;
            await response.Body.WriteAsync(page, request.Aborted);
            return;
        }
        await CopyAsync(request, response, body.ReadAsync);
    }

    /// <summary>
    /// A URL of the proxied place as the client has to ask for it. Relative paths work as they are; other hosts are none of ours.
    /// </summary>
    internal static string Through(string url, string before, ProxyPlace place, string clientHost)
    {
        var path = url;
        if (url.StartsWith("//", StringComparison.Ordinal) || url.Contains("://", StringComparison.Ordinal))
        {
            if (!Uri.TryCreate(url.StartsWith("//", StringComparison.Ordinal) ? place.Scheme + ":" + url : url, UriKind.Absolute, out var absolute)
                || (absolute.Authority != place.Authority && absolute.Authority != clientHost))
                return url;
            path = absolute.PathAndQuery + absolute.Fragment;
        }
        if (!path.StartsWith('/') || path == before || path.StartsWith(before + "/", StringComparison.Ordinal))
            return path;
        return before + path;
    }

    private static bool IsPage(HttpResponse response) =>
        (response.ContentType ?? "").Split(';')[0].Trim().Equals("text/html", StringComparison.OrdinalIgnoreCase)
        && !HttpMethods.IsHead(response.HttpContext.Request.Method)
        && response.Headers.ContentEncoding.ToString() is "" or "identity" or "gzip";

    private static void CopyHeaders(HttpResponseMessage answer, HttpResponse response, bool isSwitched)
    {
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            var isOwn = ProxyRequests.IsHopByHop(name) && !(isSwitched && name.ToLowerInvariant() is "connection" or "upgrade");
            // What the place allows other origins is not said of the API server.
            if (!isOwn && !name.StartsWith("Access-Control-Allow-", StringComparison.OrdinalIgnoreCase))
                response.Headers[name] = values.ToArray();
        }
    }

    /// <summary>The page with its links rewritten; null when it was too large for that and has been written as it is.</summary>
    private static async Task<byte[]?> PageAsync(ApiRequest request, HttpResponse response, Stream body, string before, ProxyPlace place)
    {
        var bytes = await ReadAsync(body, request.Aborted);
        if (bytes.Length > MaxPageBytes)
        {
            await response.Body.WriteAsync(bytes, request.Aborted);
            return null;
        }
        var isZipped = response.Headers.ContentEncoding == "gzip";
        var plain = bytes;
        if (isZipped)
        {
            await using var unzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            plain = await ReadAsync(unzip, request.Aborted);
            if (plain.Length > MaxPageBytes)
                return bytes;
        }
        // Latin-1 keeps every byte as it is, whatever the page's charset; links are ASCII in all that matter.
        var host = request.Http.Request.Host.Value ?? "";
        var page = Encoding.Latin1.GetBytes(HtmlLinks.Rewrite(Encoding.Latin1.GetString(plain), url => Through(url, before, place, host)));
        return isZipped ? Zip(page) : page;
    }

    private static byte[] Zip(byte[] page)
    {
        var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionLevel.Fastest))
            zip.Write(page);
        return zipped.ToArray();
    }

    /// <summary>Up to one byte more than a page may have.</summary>
    private static async Task<byte[]> ReadAsync(Stream body, CancellationToken cancellation)
    {
        var read = new MemoryStream();
        var buffer = new byte[CopyBytes];
        int count;
        while (read.Length <= MaxPageBytes && (count = await body.ReadAsync(buffer, cancellation)) > 0)
            read.Write(buffer, 0, count);
        return read.ToArray();
    }

    /// <summary>Sends the body on as it comes, each piece at once: the client may be following it.</summary>
    public static async Task CopyAsync(
        ApiRequest request, HttpResponse response, Func<Memory<byte>, CancellationToken, ValueTask<int>> read)
    {
        await response.StartAsync(request.Aborted);
        var buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            int count;
            while ((count = await read(buffer, request.Aborted)) > 0)
            {
                await response.Body.WriteAsync(buffer.AsMemory(0, count), request.Aborted);
                await response.Body.FlushAsync(request.Aborted);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
