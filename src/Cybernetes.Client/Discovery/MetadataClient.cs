using System.Runtime.CompilerServices;
using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Client.Discovery;

/// <summary>One change of an object of which only the metadata is read.</summary>
public readonly record struct MetadataEvent(WatchEventType Type, PartialObjectMetadata Object);

/// <summary>Calls on any served resource that need no more of its objects than their metadata.</summary>
public sealed class MetadataClient(ApiClient client, ServedResource resource)
{
    private const string OneAccept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
    private const string ListAccept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

    public ServedResource Resource { get; } = resource;

    /// <summary>The metadata of one object, or null when there is none.</summary>
    public async Task<PartialObjectMetadata?> FindAsync(string ns, string name, CancellationToken cancellation)
    {
        try
        {
            var call = new ApiCall(HttpMethod.Get, Resource.PathOf(ns, name)) { Accept = OneAccept };
            return WireBody.Read<PartialObjectMetadata>((await client.SendAsync(call, cancellation).ConfigureAwait(false)).Body);
        }
        catch (ApiStatusException failure) when (failure.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>One page of a list; the list's metadata holds the revision and how to go on.</summary>
    public async Task<(ListMeta Metadata, List<PartialObjectMetadata> Items)> ListAsync(
        string? ns, ListQuery query, CancellationToken cancellation)
    {
        var call = new ApiCall(HttpMethod.Get, Resource.PathOf(ns) + query.ToQuery(watch: false)) { Accept = ListAccept };
        var answer = await client.SendAsync(call, cancellation).ConfigureAwait(false);
        using var document = JsonDocument.Parse(answer.Body, JsonLimits.DocumentOptions);
        var items = new List<PartialObjectMetadata>();
        foreach (var item in document.RootElement.GetProperty("items").EnumerateArray())
            items.Add(WireBody.Read<PartialObjectMetadata>(JsonMarshalBytes(item)));
        return (WireBody.Read<ListMeta>(JsonMarshalBytes(document.RootElement.GetProperty("metadata"))), items);
    }

    /// <summary>
    /// Changes after a revision, until the server ends the watch or, while it waits for a change, the token is cancelled. An error event is thrown
    /// as <see cref="ApiStatusException"/>.
    /// </summary>
    public async IAsyncEnumerable<MetadataEvent> WatchAsync(
        ListQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var call = new ApiCall(HttpMethod.Get, Resource.PathOf(null) + query.ToQuery(watch: true)) { Accept = OneAccept };
        using var response = await client.OpenAsync(call, cancellation).ConfigureAwait(false);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        using var frames = new FrameReader(stream);
        while (await frames.NextAsync(cancellation).ConfigureAwait(false) is { } frame)
        {
            var (type, body) = WatchFrame.Split(frame);
            yield return new MetadataEvent(type, WireBody.Read<PartialObjectMetadata>(body));
        }
    }

    /// <summary>Deletes an object, or begins to.</summary>
    public Task DeleteAsync(string ns, string name, DeleteOptions options, CancellationToken cancellation)
    {
        options.Kind = "DeleteOptions";
        options.APIVersion = "v1";
        return client.SendAsync(
            new ApiCall(HttpMethod.Delete, Resource.PathOf(ns, name)) { Body = WireBody.Write(options) }, cancellation);
    }

    /// <summary>Deletes all objects of a namespace.</summary>
    public Task DeleteCollectionAsync(string ns, DeleteOptions options, CancellationToken cancellation)
    {
        options.Kind = "DeleteOptions";
        options.APIVersion = "v1";
        return client.SendAsync(new ApiCall(HttpMethod.Delete, Resource.PathOf(ns)) { Body = WireBody.Write(options) }, cancellation);
    }

    public Task PatchAsync(string ns, string name, ObjectPatch patch, CancellationToken cancellation) =>
        client.SendAsync(
            new ApiCall(HttpMethod.Patch, Resource.PathOf(ns, name)) { Body = patch.Body, ContentType = patch.ContentType },
            cancellation);

    private static ReadOnlyMemory<byte> JsonMarshalBytes(JsonElement element) =>
        System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element).ToArray();
}
