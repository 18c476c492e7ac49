using System.Text;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// Writes lists as protobuf. The envelope says how long the list is before the list comes: a short one is made in memory, a long one is encoded
/// twice, first to be measured.
/// </summary>
internal static class ProtobufListWriter
{
    private const long KeptBytes = 4 * 1024 * 1024;

    public static async Task WriteAsync(ApiRequest request, ListPage page)
    {
        var media = request.Media;
        var version = request.Target.Version;
        var partial = media.Transform == MediaTransform.PartialObjectMetadataList;
        var (apiVersion, kind, type) = partial
            ? ($"meta.k8s.io/{media.MetaVersion}", "PartialObjectMetadataList", "meta/v1.PartialObjectMetadata")
            : (version.APIVersion, version.Kind + "List", version.Facts!.FullName);
        var list = ProtobufList.Of(apiVersion, kind);

        ReadOnlySpan<byte> JsonOf(ReadOnlyMemory<byte> stored) =>
            (partial ? ObjectForms.Partial(media, stored) : ObjectForms.Serve(request.Target, stored)).Span;

        void WriteItem(ProtobufWriter writer, ReadOnlyMemory<byte> stored)
        {
            var start = writer.StartMessage(list.Items);
            JsonToProtobuf.WriteMessage(writer, JsonOf(stored), type);
            writer.EndMessage(start);
        }

        var metadata = new ProtobufWriter(256);
        var opened = metadata.StartMessage(list.Metadata);
        JsonToProtobuf.WriteMessage(metadata, Encoding.UTF8.GetBytes($"{{{ListWriter.MetadataText(page)}}}"), "meta/v1.ListMeta");
        metadata.EndMessage(opened);

        var keeps = page.Items.Sum(r => (long)r.Value.Length) <= KeptBytes;
        var items = new ProtobufWriter(16 * 1024);
        long length = metadata.Written.Length;
        foreach (var item in page.Items)
        {
            if (!keeps)
                items.Clear();
            var before = items.Written.Length;
            WriteItem(items, item.Value);
            length += items.Written.Length - before;
        }

        var head = ProtobufEnvelope.Head(apiVersion, kind, length);
        request.Http.Response.StatusCode = 200;
        request.Http.Response.ContentType = media.ContentType;
        var body = new AnswerBody(request, head.Length + length + ProtobufEnvelope.Tail.Length);
        body.Write(head);
        body.Write(metadata.Written);
        if (keeps)
        {
            body.Write(items.Written);
        }
        else
        {
            foreach (var item in page.Items)
            {
                items.Clear();
                WriteItem(items, item.Value);
                body.Write(items.Written);
                await body.FlushIfLargeAsync();
            }
        }
        body.Write(ProtobufEnvelope.Tail);
        await body.CompleteAsync();
    }
}
