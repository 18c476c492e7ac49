using System.Net;

namespace Cybernetes.EndToEnd.Tests.Faults;

/// <summary>A watcher that begins again behind the last thing it saw whenever its connection breaks.</summary>
internal sealed class ApiWatcher(ApiClient api, ApiHistory history, long start, string more, Func<ApiEvent, bool> concerns)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly List<ApiEvent> _seen = [];
    private long _last = start;

    /// <summary>What it saw, bookmarks included. To be read when it has ended.</summary>
    public IReadOnlyList<ApiEvent> Seen => _seen;

    public int Resumptions { get; private set; }

    public IEnumerable<string> Violations(IReadOnlyList<ApiEvent> truth) => ApiHistory.Violations(_seen, truth, concerns);

    /// <summary>Runs until it has seen everything up to a revision that is told at the end.</summary>
    public async Task RunAsync(Task<long> end)
    {
        while (!IsOver(end))
        {
            try
            {
                await FollowAsync(end);
            }
            catch (InvalidDataException wrong)
            {
                history.Violation($"watch{more} behind {_last}: {wrong.Message}");
                return;
            }
            catch (HttpRequestException refused) when (refused.StatusCode is { } code and < HttpStatusCode.InternalServerError and not HttpStatusCode.TooManyRequests)
            {
                history.Violation($"watch{more} behind {_last}: answered {(int)code}");
                return;
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException)
            {
                await Task.Delay(Pause, TimeProvider.System);
            }
        }
    }

    private async Task FollowAsync(Task<long> end)
    {
        Resumptions++;
        await foreach (var change in api.WatchAsync(_last, more))
        {
            _seen.Add(change);
            _last = change.Revision;
            if (IsOver(end))
                return;
        }
    }

    private bool IsOver(Task<long> end) => end.IsCompletedSuccessfully && _last >= end.Result;
}
