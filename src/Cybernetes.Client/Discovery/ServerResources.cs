using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.ApiDiscovery.V2;
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
        if (await AggregatedGroups.ReadAsync(client, cancellation).ConfigureAwait(false) is { } groups)
        {
            await TakeAsync(client, groups, found, unreadable, cancellation).ConfigureAwait(false);
            return [.. found.Values];
        }
        foreach (var (group, version) in await VersionsAsync(client, cancellation).ConfigureAwait(false))
            await ReadAsync(client, group, version, found, unreadable, cancellation).ConfigureAwait(false);
        return [.. found.Values];
    }

    /// <summary>
    /// Takes resources out of the aggregated form. It does not say what is stored as one: versions with a resource whose name another group has, too,
    /// are read by themselves.
    /// </summary>
    private static async Task TakeAsync(
        ApiClient client, IReadOnlyList<APIGroupDiscovery> groups, Dictionary<(string Group, string Plural), ServedResource> found,
        ICollection<string> unreadable, CancellationToken cancellation)
    {
        var ambiguous = groups.SelectMany(g => g.Versions.OrEmpty().SelectMany(v => v.Resources.OrEmpty()).Select(r => r.Resource).Distinct())
            .GroupBy(plural => plural, StringComparer.Ordinal).Where(g => g.Skip(1).Any()).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var group in groups)
        {
            foreach (var version in group.Versions.OrEmpty())
            {
                var resources = version.Resources.OrEmpty();
                if (version.Freshness == "Stale")
                    unreadable.Add(PathOf(group.Metadata.Name, version.Version));
                else if (resources.Any(r => ambiguous.Contains(r.Resource)))
                    await ReadAsync(client, group.Metadata.Name, version.Version, found, unreadable, cancellation).ConfigureAwait(false);
                else
                    Take(group.Metadata.Name, version.Version, resources, found);
            }
        }
    }

    private static void Take(
        string group, string version, IReadOnlyList<APIResourceDiscovery> resources, Dictionary<(string Group, string Plural), ServedResource> found)
    {
        foreach (var resource in resources)
        {
            // Without a kind it is only the place of subresources.
            if (resource.ResponseKind is { Kind.Length: > 0 } kind)
                found.TryAdd((group, resource.Resource),
                    new ServedResource(group, version, resource.Resource, kind.Kind, resource.Scope == "Namespaced", resource.Verbs ?? []));
        }
    }

    private static async Task ReadAsync(
        ApiClient client, string group, string version, Dictionary<(string Group, string Plural), ServedResource> found,
        ICollection<string> unreadable, CancellationToken cancellation)
    {
        var path = PathOf(group, version);
        try
        {
            var answer = await client.SendAsync(new ApiCall(HttpMethod.Get, path), cancellation).ConfigureAwait(false);
            foreach (var resource in WireBody.Read<APIResourceList>(answer.Body).APIResources.OrEmpty())
            {
                if (!resource.Name.Contains('/'))
                    found.TryAdd((group, resource.Name),
                        new ServedResource(group, version, resource.Name, resource.Kind, resource.Namespaced, resource.Verbs ?? [])
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

    private static string PathOf(string group, string version) => group.Length == 0 ? "/api/" + version : $"/apis/{group}/{version}";

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
