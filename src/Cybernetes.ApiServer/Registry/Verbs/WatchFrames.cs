using System.Buffers;
using System.Text;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Watch;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Turns events into the form the client asked for and hands them to the connection.</summary>
internal sealed class WatchFrames
{
    private readonly ApiRequest _request;
    private readonly AcceptedMedia _media;
    private readonly IWatchConnection _connection;
    private readonly TableForm? _table;
    private readonly Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> _encode;
    private readonly EventForm? _shared; // null where the stored bytes are sent, or rows that depend on the request
    private readonly EventForm? _roundForm; // null where frames depend on the request, or are messages of their own
    private bool _headersSent;

    public WatchFrames(ApiRequest request, IWatchConnection connection)
    {
        _request = request;
        _media = request.Media;
        _connection = connection;
        _encode = Form;
        _shared = _media.Transform switch
        {
            MediaTransform.None when IsProtobuf || !request.Target.Version.IsStorage => new(request.Target.Version, IsProtobuf),
            MediaTransform.PartialObjectMetadata => new(null, IsProtobuf, _media.MetaVersion),
            _ => null,
        };
        if (connection.IsStream && _media.Transform != MediaTransform.Table)
            _roundForm = _shared ?? new(null, Protobuf: false);
        if (_media.Transform == MediaTransform.Table)
            _table = TableForm.Of(request, _media);
        if (_media.Transform == MediaTransform.PartialObjectMetadataList)
            throw Failure.NoSuchForm($"you requested PartialObjectMetadataList, but the requested object is not a list ({Answers.GoTypeOf(request)})");
    }

    private bool IsProtobuf => _media.Format == MediaFormat.Protobuf;

    /// <summary>An object of the state that a watch begins with.</summary>
    public void WriteAdded(ReadOnlyMemory<byte> stored) => Write(WatchEventType.Added, Form(stored));

    /// <summary>A change.</summary>
    public void Write(WatchEventType type, CachedEvent change) => Write(type, BodyOf(type, change));

    /// <summary>
    /// Writes the changes that a round's watchers all take, as the first of them put them together. Null when they have to be written one by one.
    /// </summary>
    /// <returns>The revision of the last change that was written; 0 when none was.</returns>
    public long? WriteRound(WatchCache cache, long place, ReadOnlySpan<CachedEvent> changes, ObjectFilter filter)
    {
        // More would be kept than is worth it; selectors of their own have few watchers in common.
        const long LargestBytes = 256 * 1024;
        if (_roundForm is not { } form || !filter.IsEverything || changes.IsEmpty)
            return null;
        var part = new RoundPart(place, changes.Length, filter.Namespace, form);
        if (cache.Rounds.Find(part) is not { } made)
        {
            var bytes = BytesOf(changes);
            if (bytes > LargestBytes)
                return null;
            cache.Rounds.Add(made = Make(part, changes, filter, (int)bytes));
        }
        _headersSent = true;
        _connection.Expect(made.Bytes.Length);
        _connection.WriteFrames(made.Bytes.Span);
        return made.Last;
    }

    /// <summary>How many bytes changes take as stored JSON, about.</summary>
    public static long BytesOf(ReadOnlySpan<CachedEvent> changes)
    {
        const int Frame = 48;
        long bytes = 0;
        foreach (var change in changes)
            bytes += change.Bytes + Frame;
        return bytes;
    }

    /// <summary>Tells the revision up to which all has been told.</summary>
    public void WriteBookmark(long revision, bool initialEventsEnd)
    {
        var version = _request.Target.Version;
        var mark = initialEventsEnd ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "";
        var metadata = $"{{\"resourceVersion\":\"{revision}\",\"creationTimestamp\":null{mark}}}";
        var body = _media.Transform switch
        {
            MediaTransform.Table => $"{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/{_media.MetaVersion}\",\"metadata\":"
                + $"{{\"resourceVersion\":\"{revision}\"}},\"columnDefinitions\":null,\"rows\":[{{\"cells\":[],\"object\":"
                + $"{{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/{_media.MetaVersion}\",\"metadata\":{metadata}}}}}]}}",
            MediaTransform.PartialObjectMetadata =>
                $"{{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/{_media.MetaVersion}\",\"metadata\":{metadata}}}",
            _ => $"{{\"kind\":\"{version.Kind}\",\"apiVersion\":\"{version.APIVersion}\",\"metadata\":{metadata}}}",
        };
        _connection.Write("BOOKMARK", InFormat(Encoding.UTF8.GetBytes(body)).Span);
    }

    /// <summary>Tells why the watch ends.</summary>
    public void WriteError(RequestFailure failure) => _connection.Write("ERROR", InFormat(failure.ToJson()).Span);

    /// <summary>Says how many bytes of stored objects are about to be written.</summary>
    public void Expect(long bytes) => _connection.Expect(bytes);

    public ValueTask FlushAsync() => _connection.FlushAsync();

    public ValueTask FlushIfLargeAsync() => _connection.FlushIfLargeAsync();

    private void Write(WatchEventType type, ReadOnlyMemory<byte> body)
    {
        _headersSent = true;
        _connection.Write(NameOf(type), body.Span);
    }

    private static string NameOf(WatchEventType type) => type switch
    {
        WatchEventType.Added => "ADDED",
        WatchEventType.Modified => "MODIFIED",
        _ => "DELETED",
    };

    private RoundBytes.Made Make(in RoundPart part, ReadOnlySpan<CachedEvent> changes, ObjectFilter filter, int bytes)
    {
        var frames = new ArrayBufferWriter<byte>(bytes);
        long last = 0;
        foreach (var change in changes)
        {
            if (change.For(filter) is not { } type)
                continue;
            WatchFraming.Write(frames, IsProtobuf, NameOf(type), BodyOf(type, change).Span);
            last = change.Revision;
        }
        return new(part, frames.WrittenMemory, last);
    }

    private ReadOnlyMemory<byte> BodyOf(WatchEventType type, CachedEvent change)
    {
        var last = type == WatchEventType.Deleted;
        return _shared is { } form ? change.Encoded(form, last, _encode) : Form(last ? change.LastState : change.State);
    }

    private ReadOnlyMemory<byte> Form(ReadOnlyMemory<byte> stored) => _media.Transform switch
    {
        MediaTransform.Table => InFormat(_table!.Whole(stored, headers: !_headersSent)),
        MediaTransform.PartialObjectMetadata => InFormat(ObjectForms.Partial(_media, stored)),
        _ => InFormat(ObjectForms.Serve(_request.Target, stored)),
    };

    private ReadOnlyMemory<byte> InFormat(ReadOnlyMemory<byte> json) => IsProtobuf ? JsonToProtobuf.Write(json.Span) : json;
}
