using System.Net;
using Cybernetes.Client.Transport;

namespace Cybernetes.Client.Discovery;

/// <summary>
/// Tells whether a server serves something else than before, for two small requests instead of one a group: the documents of aggregated discovery
/// (KEP-3352) bear an ETag. One call at a time.
/// </summary>
public sealed class ServedChanges(ApiClient client)
{
    private readonly string[] _seen = ["", ""];

    /// <summary>
    /// Whether what is served may have changed since the last call. True at first, and always of a server that does not say. Ask before reading
    /// what is served: what changes in between is told by the next call.
    /// </summary>
    public async Task<bool> AnyAsync(CancellationToken cancellation = default)
    {
        var changed = false;
        for (var i = 0; i < AggregatedGroups.Paths.Count; i++)
        {
            var call = new ApiCall(HttpMethod.Get, AggregatedGroups.Paths[i]) { Accept = AggregatedGroups.Accept, IfNoneMatch = _seen[i] };
            var answer = await client.SendAsync(call, cancellation).ConfigureAwait(false);
            if (answer.Code == (int)HttpStatusCode.NotModified)
                continue;
            changed |= answer.ETag.Length == 0 || answer.ETag != _seen[i];
            _seen[i] = answer.ETag;
        }
        return changed;
    }

    /// <summary>Has the next call say that something changed: what was told was not made use of.</summary>
    public void Forget() => Array.Fill(_seen, "");
}
