using System.Buffers;
using System.Text;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Store;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Writes lists: a head, then the stored bytes of each item in the form asked for, in pieces; nothing is held twice.</summary>
internal static class ListWriter
{
    private const string ItemsTail = "]}";

    /// <summary>Writes a page in the form that the request agreed on.</summary>
    public static Task WriteAsync(ApiRequest request, ListPage page)
    {
        var media = request.Media;
        if (media.Transform == MediaTransform.PartialObjectMetadata)
            throw Failure.NoSuchForm($"you requested PartialObjectMetadata, but the requested object is a list ({Answers.GoTypeOf(request)}List)");
        if (media.Format == MediaFormat.Protobuf)
            return ProtobufListWriter.WriteAsync(request, page);
        var form = FormOf(request, media, page);
        return media.Format == MediaFormat.Yaml || Answers.WantsPretty(request, media)
            ? WriteWholeAsync(request, media, page, form)
            : WritePiecesAsync(request, media, page, form);
    }

    /// <summary>The list's metadata without braces.</summary>
    public static string MetadataText(ListPage page)
    {
        var text = new StringBuilder($"\"resourceVersion\":\"{page.Revision}\"");
        if (page.Continue.Length > 0)
            text.Append($",\"continue\":\"{page.Continue}\"");
        if (page.Remaining is { } remaining)
            text.Append($",\"remainingItemCount\":{remaining}");
        return text.ToString();
    }

    private static ListForm FormOf(ApiRequest request, AcceptedMedia media, ListPage page)
    {
        var target = request.Target;
        switch (media.Transform)
        {
            case MediaTransform.Table:
                var table = TableForm.Of(request, media);
                return new(table.Head(MetadataText(page), headers: true), table.Row, TableForm.Tail, []);
            case MediaTransform.PartialObjectMetadataList:
                return new(Head("PartialObjectMetadataList", $"meta.k8s.io/{media.MetaVersion}", page), r => ObjectForms.Partial(media, r), ItemsTail, []);
            default:
                // Items of a typed list do not say what they are: the list does. Kinds of no facts are not typed.
                var type = Encoding.UTF8.GetBytes($"{{\"kind\":\"{target.Version.Kind}\",\"apiVersion\":\"{target.Version.APIVersion}\",");
                return new(Head(target.Version.Kind + "List", target.Version.APIVersion, page), r => ObjectForms.Serve(target, r), ItemsTail,
                    target.Version.Facts is null ? [] : type);
        }
    }

    private static byte[] Head(string kind, string apiVersion, ListPage page) =>
        Encoding.UTF8.GetBytes($"{{\"kind\":\"{kind}\",\"apiVersion\":\"{apiVersion}\",\"metadata\":{{{MetadataText(page)}}},\"items\":[");

    /// <summary>YAML and indented JSON are made of the whole.</summary>
    private static Task WriteWholeAsync(ApiRequest request, AcceptedMedia media, ListPage page, ListForm form)
    {
        var whole = new ArrayBufferWriter<byte>(4096);
        foreach (var piece in form.Pieces(page))
            whole.Write(piece.Span);
        return Answers.WriteAsync(request, 200, media, whole.WrittenMemory);
    }

    private static async Task WritePiecesAsync(ApiRequest request, AcceptedMedia media, ListPage page, ListForm form)
    {
        request.Http.Response.StatusCode = 200;
        request.Http.Response.ContentType = media.ContentType;
        if (!AnswerBody.AcceptsGzip(request.Http.Request))
        {
            await WriteBulkAsync(request, page, form);
            return;
        }
        var body = new AnswerBody(request);
        foreach (var piece in form.Pieces(page))
        {
            body.Write(piece.Span);
            await body.FlushIfLargeAsync();
        }
        body.Write("\n"u8);
        await body.CompleteAsync();
    }

    /// <summary>The way of large lists: item after item into large pieces, nothing awaited in between.</summary>
    private static async Task WriteBulkAsync(ApiRequest request, ListPage page, ListForm form)
    {
        const int Frame = 16;
        var body = new BulkWriter(request.Http.Response.BodyWriter);
        var items = page.Items;
        body.Expect(form.Head.Length + Frame + BytesOf(items));
        body.Write(form.Head);
        for (var next = 0; next < items.Count;)
        {
            next = form.Fill(body, items, next);
            if (body.IsLarge)
                await body.FlushAsync(request.Aborted);
        }
        body.Write(form.End);
        await body.FlushAsync(request.Aborted);
    }

    /// <summary>About how many bytes the items have together.</summary>
    private static long BytesOf(IReadOnlyList<Record> items)
    {
        // More than a page: by its first thousand. Of a large cluster hardly any object is in the processor's cache, and looking at all of a
        // page first lets it wait for many at once instead of for one after the other while they are copied.
        const int Most = 1000;
        var looked = Math.Min(items.Count, Most);
        long bytes = 0;
        for (var i = 0; i < looked; i++)
            bytes += items[i].Value.Length + 1;
        return looked == items.Count ? bytes : bytes / looked * items.Count;
    }

    /// <summary>How a list is put together.</summary>
    /// <param name="Head">Everything before the items.</param>
    /// <param name="Item">An item of a stored object.</param>
    /// <param name="Tail">Everything after the items.</param>
    /// <param name="ItemType">How items begin that say what they are; only a brace stands for it in the list. Empty leaves items as they are.</param>
    private sealed record ListForm(byte[] Head, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Item, string Tail, byte[] ItemType)
    {
        private static readonly byte[] s_comma = ","u8.ToArray();
        private static readonly byte[] s_brace = "{"u8.ToArray();

        /// <summary>Everything after the items, and the line's end.</summary>
        public byte[] End { get; } = Encoding.UTF8.GetBytes(Tail + "\n");

        /// <summary>Writes items from one on until much has gathered; the number of the next one.</summary>
        public int Fill(BulkWriter body, IReadOnlyList<Record> items, int from)
        {
            var next = from;
            do
            {
                var item = Item(items[next].Value).Span;
                if (ItemType.Length > 0 && item.StartsWith(ItemType))
                {
                    body.Write(next > 0 ? ",{"u8 : "{"u8);
                    item = item[ItemType.Length..];
                }
                else if (next > 0)
                {
                    body.Write(","u8);
                }
                body.Write(item);
                next++;
            }
            while (next < items.Count && !body.IsLarge);
            return next;
        }

        public IEnumerable<ReadOnlyMemory<byte>> Pieces(ListPage page)
        {
            yield return Head;
            for (var i = 0; i < page.Items.Count; i++)
            {
                if (i > 0)
                    yield return s_comma;
                var item = Item(page.Items[i].Value);
                if (ItemType.Length > 0 && item.Span.StartsWith(ItemType))
                {
                    yield return s_brace;
                    item = item[ItemType.Length..];
                }
                yield return item;
            }
            yield return Encoding.UTF8.GetBytes(Tail);
        }
    }
}
