using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Writes lists: the head, then the stored bytes of each item; nothing is held twice.</summary>
internal static class ListWriter
{
    // Upstream's bound: below it, compressing costs more than it saves.
    private const long GzipFromBytes = 128 * 1024;
    private const int FlushEveryBytes = 64 * 1024;
    private static readonly byte[] Tail = "]}\n"u8.ToArray();

    public static Task WriteAsync(ApiRequest request, ListPage page)
    {
        var media = MediaNegotiation.Negotiate(request.Http.Request.Headers.Accept, transforms: true);
        switch (media.Transform)
        {
            case MediaTransform.Table:
                var table = ObjectForms.Table(request, media, [.. page.Items.Select(r => r.Value)], MetadataText(page), headers: true);
                return Answers.WriteAsync(request, 200, media, table);
            case MediaTransform.PartialObjectMetadata:
                throw Failure.NotAcceptable(AcceptedMedia.All);
            case MediaTransform.PartialObjectMetadataList:
                return WriteItemsAsync(request, media, page, "PartialObjectMetadataList", $"meta.k8s.io/{media.MetaVersion}",
                    r => ObjectForms.Partial(media, r));
            default:
                var target = request.Target;
                return WriteItemsAsync(request, media, page, target.Version.Kind + "List", target.Version.APIVersion,
                    r => ObjectForms.Serve(target, r));
        }
    }

    private static string MetadataText(ListPage page)
    {
        var text = new StringBuilder($"\"resourceVersion\":\"{page.Revision}\"");
        if (page.Continue.Length > 0)
            text.Append($",\"continue\":\"{page.Continue}\"");
        if (page.Remaining is { } remaining)
            text.Append($",\"remainingItemCount\":{remaining}");
        return text.ToString();
    }

    private static async Task WriteItemsAsync(
        ApiRequest request, AcceptedMedia media, ListPage page, string kind, string apiVersion, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> form)
    {
        var head = Encoding.UTF8.GetBytes($"{{\"kind\":\"{kind}\",\"apiVersion\":\"{apiVersion}\",\"metadata\":{{{MetadataText(page)}}},\"items\":[");
        if (media.Format == MediaFormat.Yaml || Answers.WantsPretty(request))
        {
            using var whole = new MemoryStream();
            await WriteItemsAsync(PipeWriter.Create(whole, new(leaveOpen: true)), head, page, form, request.Aborted);
            await Answers.WriteAsync(request, 200, media, whole.GetBuffer().AsMemory(0, (int)whole.Length - 1));
            return;
        }

        var response = request.Http.Response;
        response.StatusCode = 200;
        response.ContentType = media.ContentType;
        var identity = media.Transform == MediaTransform.None && request.Target.Version.IsStorage;
        var size = head.Length + Tail.Length + Math.Max(page.Items.Count - 1, 0) + page.Items.Sum(r => (long)r.Value.Length);
        if (size >= GzipFromBytes && AcceptsGzip(request))
        {
            response.Headers.ContentEncoding = "gzip";
            response.Headers.Vary = "Accept-Encoding";
            await using var gzip = new GZipStream(response.Body, CompressionLevel.Fastest, leaveOpen: true);
            await WriteItemsAsync(PipeWriter.Create(gzip, new(leaveOpen: true)), head, page, form, request.Aborted);
            return;
        }
        if (identity)
            response.ContentLength = size;
        await WriteItemsAsync(response.BodyWriter, head, page, form, request.Aborted);
    }

    private static async Task WriteItemsAsync(
        PipeWriter writer, byte[] head, ListPage page, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> form, CancellationToken cancellation)
    {
        Answers.Copy(writer, head);
        long unflushed = head.Length;
        for (var i = 0; i < page.Items.Count; i++)
        {
            if (i > 0)
                Answers.Copy(writer, ","u8);
            var item = form(page.Items[i].Value);
            Answers.Copy(writer, item.Span);
            unflushed += item.Length;
            if (unflushed < FlushEveryBytes)
                continue;
            await writer.FlushAsync(cancellation);
            unflushed = 0;
        }
        Answers.Copy(writer, Tail);
        await writer.FlushAsync(cancellation);
    }

    private static bool AcceptsGzip(ApiRequest request) =>
        request.Http.Request.Headers.AcceptEncoding.ToString().Split(',', StringSplitOptions.TrimEntries)
            .Any(e => e == "gzip" || (e.StartsWith("gzip;", StringComparison.Ordinal) && !e.EndsWith("q=0", StringComparison.Ordinal)));
}
