using System.Globalization;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>The changes of one kind as the store has them, against which every watcher of the kind is held.</summary>
internal sealed class WatchOrder<T> : IInvariant
    where T : class, IKubernetesObject<T>
{
    private readonly List<(long Revision, string Name)> _truth = [];
    private readonly List<(string Watcher, long From, long To, string Name, bool IsBookmark)> _told = [];

    public string? See(Change change)
    {
        if (change.Object is T value)
            _truth.Add((change.Revision, value.Metadata.Namespace + "/" + value.Metadata.Name));
        return null;
    }

    /// <summary>
    /// Lists and watches through the API server until cancelled, from where it broke off, as any client does. Each change must come once, in order,
    /// with none left out.
    /// </summary>
    public async Task WatchAsync(string watcher, ApiClient client, CancellationToken cancellation)
    {
        var at = 0L;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                if (at == 0)
                    at = Number((await client.For<T>().ListAllAsync(null, null, cancellation).ConfigureAwait(false)).Metadata.ResourceVersion);
                var query = new ListQuery { ResourceVersion = at.ToString(CultureInfo.InvariantCulture), AllowWatchBookmarks = true };
                await foreach (var change in client.For<T>().WatchAsync(null, query, cancellation).ConfigureAwait(false))
                {
                    var revision = Number(change.Object.Metadata.ResourceVersion);
                    var isBookmark = change.Type == WatchEventType.Bookmark;
                    _told.Add((watcher, at, revision, isBookmark ? "" : change.Object.Metadata.Namespace + "/" + change.Object.Metadata.Name, isBookmark));
                    at = revision;
                }
            }
            catch (ApiStatusException gone) when (gone.IsExpired)
            {
                at = 0;
            }
            catch (Exception failure) when (failure is ApiStatusException or HttpRequestException or IOException or TimeoutException)
            {
                // Broken off: the next watch goes on from what was told last.
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            await Task.Delay(TimeSpan.FromSeconds(1), client.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Holds what was told since the last look against the truth; to be called when nothing happens.</summary>
    public IEnumerable<string> Check()
    {
        foreach (var (watcher, from, to, name, isBookmark) in _told)
        {
            var next = FirstAfter(from);
            var expected = next < _truth.Count ? _truth[next] : (long.MaxValue, "nothing");
            if (isBookmark ? to < from || expected.Item1 <= to : expected.Item1 != to || expected.Item2 != name)
                yield return $"{watcher}, which had seen {from}, was told {(isBookmark ? "a bookmark" : name)} at {to}; what came next was "
                    + $"{expected.Item2} at {expected.Item1}";
        }
        _told.Clear();
    }

    public IEnumerable<string> AtRest() => Check();

    private int FirstAfter(long revision)
    {
        var (low, high) = (0, _truth.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_truth[middle].Revision <= revision)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static long Number(string revision) => long.Parse(revision, CultureInfo.InvariantCulture);
}
