using System.Runtime.CompilerServices;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Client.Transport;

/// <summary>
/// The calls of one kind. <c>ns</c> is the namespace; null for kinds without one, and for all namespaces in lists and watches.
/// Objects passed in
/// are not changed; what comes back is the caller's. Every call throws <see cref="ApiStatusException"/> for what the server
/// refuses.
/// </summary>
public readonly partial struct KindClient<T>(ApiClient client)
    where T : class, IKubernetesObject<T>
{
    private static readonly string root = T.Facts.Group.Length == 0
        ? "/api/" + T.Facts.Version
        : $"/apis/{T.Facts.Group}/{T.Facts.Version}";

    /// <exception cref="ApiStatusException">There is none (IsNotFound), or the server refuses.</exception>
    public async Task<T> GetAsync(string? ns, string name, CancellationToken cancellation = default)
    {
        ApiAnswer answer = await client.SendAsync(
            new ApiCall(HttpMethod.Get, PathOf(ns, name)), cancellation).ConfigureAwait(false);
        return WireBody.Read<T>(answer.Body);
    }

    /// <summary>As <see cref="GetAsync"/>, but null when there is none.</summary>
    public async Task<T?> FindAsync(string? ns, string name, CancellationToken cancellation = default)
    {
        try
        {
            return await GetAsync(ns, name, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>One page of a list; <c>Metadata.Continue</c> tells whether there are more.</summary>
    public async Task<KubernetesList<T>> ListAsync(
        string? ns = null, ListQuery? options = null, CancellationToken cancellation = default)
    {
        string path = PathOf(ns) + (options ?? new ListQuery()).ToQuery(watch: false);
        ApiAnswer answer = await client.SendAsync(new ApiCall(HttpMethod.Get, path), cancellation).ConfigureAwait(false);
        return WireBody.Read<KubernetesList<T>>(answer.Body);
    }

    /// <summary>
    /// A whole list, fetched page by page (500 items unless the options say else), of one revision. When the server has forgotten
    /// that revision
    /// between two pages, the list is asked for again in one piece.
    /// </summary>
    public async Task<KubernetesList<T>> ListAllAsync(
        string? ns = null, ListQuery? options = null, CancellationToken cancellation = default)
    {
        options ??= new ListQuery();
        if (options.Limit == 0)
            options = options with { Limit = 500 };
        KubernetesList<T> all = await ListAsync(ns, options, cancellation).ConfigureAwait(false);
        string? next = all.Metadata.Continue;
        while (!string.IsNullOrEmpty(next))
        {
            KubernetesList<T> page;
            try
            {
                // The token holds the revision; to name it again is an error.
                ListQuery following = options with { Continue = next, ResourceVersion = null, ResourceVersionMatch = null };
                page = await ListAsync(ns, following, cancellation).ConfigureAwait(false);
            }
            catch (ApiStatusException failure) when (failure.IsExpired)
            {
                return await ListAsync(ns, options with { Limit = 0 }, cancellation).ConfigureAwait(false);
            }
            all.Items.AddRange(page.Items);
            all.Metadata.ResourceVersion = page.Metadata.ResourceVersion;
            next = page.Metadata.Continue;
        }
        all.Metadata.Continue = "";
        all.Metadata.RemainingItemCount = null;
        return all;
    }

    /// <summary>
    /// The changes after <c>options.ResourceVersion</c>, as they happen, until the server ends the watch or the token is
    /// cancelled. An error
    /// event, such as an expired revision, is thrown as <see cref="ApiStatusException"/>; a broken connection as
    /// <see cref="IOException"/>.
    /// </summary>
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync(string? ns, ListQuery options, CancellationToken cancellation = default) =>
        WatchAsync(ns, options, endsQuietly: false, cancellation);

    /// <summary>The same; when cancelled while it waits for a change it may simply end.</summary>
    internal async IAsyncEnumerable<WatchEvent<T>> WatchAsync(
        string? ns, ListQuery options, bool endsQuietly, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var call = new ApiCall(HttpMethod.Get, PathOf(ns) + options.ToQuery(watch: true))
        {
            Accept = "application/json;stream=watch,application/json",
        };
        using HttpResponseMessage response = await client.OpenAsync(call, cancellation).ConfigureAwait(false);
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        using var frames = new FrameReader(stream);
        while (await frames.NextAsync(cancellation).ConfigureAwait(false) is { } frame)
            yield return WatchFrame.Read<T>(frame);
        if (!endsQuietly)
            cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Makes an object, in the namespace its metadata names.</summary>
    public Task<T> CreateAsync(T value, WriteOptions? options = null, CancellationToken cancellation = default) =>
        SendAsync<T, T>(HttpMethod.Post, PathOf(value.Metadata.Namespace) + Query(options), value, cancellation);

    /// <summary>Replaces an object; a resourceVersion in it must be the current one, else IsConflict.</summary>
    public Task<T> UpdateAsync(T value, WriteOptions? options = null, CancellationToken cancellation = default) =>
        SendAsync<T, T>(
            HttpMethod.Put, PathOf(value.Metadata.Namespace, value.Metadata.Name) + Query(options), value, cancellation);

    /// <summary>Replaces an object's status only.</summary>
    public Task<T> UpdateStatusAsync(T value, WriteOptions? options = null, CancellationToken cancellation = default) =>
        UpdateSubresourceAsync("status", value, options, cancellation);

    /// <summary>Replaces the part of an object that a subresource covers.</summary>
    public Task<T> UpdateSubresourceAsync(
        string subresource, T value, WriteOptions? options = null, CancellationToken cancellation = default) =>
        SendAsync<T, T>(
            HttpMethod.Put,
            PathOf(value.Metadata.Namespace, value.Metadata.Name, subresource) + Query(options),
            value,
            cancellation);

    /// <summary>Patches an object, or one of its subresources, and returns it as it is then.</summary>
    public async Task<T> PatchAsync(
        string? ns,
        string name,
        ObjectPatch patch,
        WriteOptions? options = null,
        string? subresource = null,
        CancellationToken cancellation = default)
    {
        var call = new ApiCall(HttpMethod.Patch, PathOf(ns, name, subresource) + Query(options))
        {
            Body = patch.Body,
            ContentType = patch.ContentType,
        };
        ApiAnswer answer = await client.SendAsync(call, cancellation).ConfigureAwait(false);
        return WireBody.Read<T>(answer.Body);
    }

    /// <summary>Deletes an object, or begins to: finalizers and a grace period may keep it for a while.</summary>
    public async Task DeleteAsync(
        string? ns, string name, DeleteOptions? options = null, CancellationToken cancellation = default) =>
        await client.SendAsync(Deletion(PathOf(ns, name), options), cancellation).ConfigureAwait(false);

    /// <summary>Deletes all objects of a namespace that the selectors match.</summary>
    public async Task DeleteCollectionAsync(
        string? ns, ListQuery? selection = null, DeleteOptions? options = null, CancellationToken cancellation = default)
    {
        string path = PathOf(ns) + (selection ?? new ListQuery()).ToQuery(watch: false);
        await client.SendAsync(Deletion(path, options), cancellation).ConfigureAwait(false);
    }

    /// <summary>The path of the kind, of one object or of a subresource; escaped, without a query.</summary>
    public static string PathOf(string? ns, string? name = null, string? subresource = null)
    {
        string plural = T.Facts.Plural
            ?? throw new InvalidOperationException($"{T.Facts.Kind} is not a resource of its own: it has no path");
        string path = T.Facts.Namespaced && !string.IsNullOrEmpty(ns)
            ? $"{root}/namespaces/{Uri.EscapeDataString(ns)}/{plural}"
            : $"{root}/{plural}";
        if (name is null)
            return path;
        if (name.Length == 0)
            throw new ArgumentException("resource name may not be empty", nameof(name));
        path = $"{path}/{Uri.EscapeDataString(name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }

    internal async Task<TAnswer> SendAsync<TBody, TAnswer>(
        HttpMethod method, string path, TBody body, CancellationToken cancellation)
        where TBody : class, IWireObject<TBody>
        where TAnswer : class, IWireObject<TAnswer>
    {
        ApiAnswer answer = await client.SendAsync(
            new ApiCall(method, path) { Body = WireBody.Write(body) }, cancellation).ConfigureAwait(false);
        return WireBody.Read<TAnswer>(answer.Body);
    }

    private static ApiCall Deletion(string path, DeleteOptions? options)
    {
        if (options is null)
            return new ApiCall(HttpMethod.Delete, path);
        options = options.DeepClone();
        options.Kind = "DeleteOptions";
        options.APIVersion = "v1";
        return new ApiCall(HttpMethod.Delete, path) { Body = WireBody.Write(options) };
    }

    private static string Query(WriteOptions? options) => options?.ToQuery() ?? "";
}
