using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Client.Discovery;

/// <summary>What a server serves.</summary>
public static class ServerResources
{
    /// <summary>
    /// Every resource (no subresources) of every group in the group's preferred version, or in another where the preferred one
    /// has it not.
    /// A group that cannot be read is left out and named in <paramref name="unreadable"/>, since an aggregated API that is down
    /// must not
    /// stop everything else.
    /// </summary>
    public static async Task<IReadOnlyList<ServedResource>> ListAsync(
        ApiClient client, ICollection<string> unreadable, CancellationToken cancellation = default)
    {
        var found = new Dictionary<(string Group, string Plural), ServedResource>();
        foreach (var (group, version) in await VersionsAsync(client, cancellation).ConfigureAwait(false))
        {
            var path = group.Length == 0 ? "/api/" + version : $"/apis/{group}/{version}";
            try
            {
                var answer = await client.SendAsync(new ApiCall(HttpMethod.Get, path), cancellation).ConfigureAwait(false);
                foreach (var resource in WireBody.Read<APIResourceList>(answer.Body).APIResources.OrEmpty())
                {
                    if (!resource.Name.Contains('/'))
                        found.TryAdd((group, resource.Name),
                            new ServedResource(
                                group, version, resource.Name, resource.Kind, resource.Namespaced, resource.Verbs ?? [])
                            {
                                StorageVersionHash = resource.StorageVersionHash,
                            });
                }
            }
            catch (ApiStatusException failure) when (!failure.IsForbidden && !failure.IsUnauthorized)
            {
                unreadable.Add(path);
            }
        }
        return [.. found.Values];
    }

    /// <summary>
    /// Of resources whose objects are stored as one, the first only: who walks over all objects would meet them twice otherwise.
    /// </summary>
    public static IEnumerable<ServedResource> OncePerStore(this IEnumerable<ServedResource> resources) =>
        resources.DistinctBy(r => (r.Plural, r.StorageVersionHash.Length > 0 ? r.StorageVersionHash : r.Group));

    /// <summary>All versions of all groups, each group's preferred one first.</summary>
    private static async Task<List<(string Group, string Version)>> VersionsAsync(
        ApiClient client, CancellationToken cancellation)
    {
        var core = await client.SendAsync(new ApiCall(HttpMethod.Get, "/api"), cancellation).ConfigureAwait(false);
        var versions = WireBody.Read<APIVersions>(core.Body).Versions.OrEmpty().Select(v => ("", v)).ToList();
        var groups = await client.SendAsync(new ApiCall(HttpMethod.Get, "/apis"), cancellation).ConfigureAwait(false);
        foreach (var group in WireBody.Read<APIGroupList>(groups.Body).Groups.OrEmpty())
        {
            var ordered = group.Versions.OrEmpty().Select(v => v.Version).OrderBy(v => v != group.PreferredVersion.Version);
            versions.AddRange(ordered.Select(v => (group.Name, v)));
        }
        return versions;
    }
}
