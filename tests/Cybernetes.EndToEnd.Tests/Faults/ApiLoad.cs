using System.Collections.Concurrent;
using System.Net;

namespace Cybernetes.EndToEnd.Tests.Faults;

/// <summary>
/// Clients that read and write through crashes of the server: some objects they share and replace, with and without naming a version; some
/// are a client's own, which it makes and deletes.
/// </summary>
internal sealed class ApiLoad(ApiClient api, ApiHistory history, int clients, int seed)
{
    public const int SharedObjects = 3;
    private const int OwnObjects = 6;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, bool> _own = new();
    private volatile bool _stopped;

    /// <summary>Own objects whose last operation was answered: whether they are there.</summary>
    public IReadOnlyDictionary<string, bool> Own => _own;

    public static string Shared(int number) => $"shared-{number}";

    public Task RunAsync() => Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => RunAsync(client))));

    public void Stop() => _stopped = true;

    private async Task RunAsync(int client)
    {
        var random = new Random((seed * 1000) + client);
        for (var count = 1; !_stopped; count++)
        {
            try
            {
                await StepAsync(random, client, count);
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException)
            {
                // Killed: what was under way may have happened. Until it is back:
                await Task.Delay(Pause, TimeProvider.System);
            }
        }
    }

    private async Task StepAsync(Random random, int client, int count)
    {
        var value = (client * 1_000_000) + count;
        var shared = Shared(random.Next(SharedObjects));
        switch (random.Next(4))
        {
            case 0:
                await ReadAsync(shared);
                break;
            case 1:
                await ReplaceAsync(shared, value, 0);
                break;
            case 2:
                await ReplaceAsync(shared, value, (await ReadAsync(shared))?.Revision ?? 0);
                break;
            default:
                await TurnAsync($"own-{client}-{random.Next(OwnObjects)}", value);
                break;
        }
    }

    private async Task<ApiEvent?> ReadAsync(string name)
    {
        var begin = history.Begin(name);
        var (code, answer) = await api.GetAsync(name);
        if (answer is not null)
            history.End(name, begin, isWrite: false, answer.Revision, answer.Value);
        else
            Expect(code, name, HttpStatusCode.InternalServerError, HttpStatusCode.ServiceUnavailable);
        return answer;
    }

    private async Task ReplaceAsync(string name, int value, long revision)
    {
        var begin = history.Begin(name);
        var (code, answer) = await api.ReplaceAsync(name, value, revision);
        if (answer is not null)
            history.End(name, begin, isWrite: true, answer.Revision, answer.Value);
        else
            Expect(code, name, HttpStatusCode.Conflict, HttpStatusCode.InternalServerError, HttpStatusCode.ServiceUnavailable);
    }

    /// <summary>Deletes an own object that is there and makes one that is not.</summary>
    private async Task TurnAsync(string name, int value)
    {
        // While it is under way nobody knows.
        var isKnown = _own.TryRemove(name, out var isThere);
        if (!isKnown)
            isThere = (await api.GetAsync(name)).Answer is not null;
        if (isThere)
        {
            var deleted = await api.DeleteAsync(name);
            if (deleted == HttpStatusCode.OK)
                _own[name] = false;
            else
                Expect(deleted, name, HttpStatusCode.InternalServerError, HttpStatusCode.ServiceUnavailable);
            return;
        }
        var begin = history.Begin(name);
        var (code, answer) = await api.CreateAsync(name, value);
        if (answer is null)
        {
            Expect(code, name, HttpStatusCode.InternalServerError, HttpStatusCode.ServiceUnavailable);
            return;
        }
        history.End(name, begin, isWrite: true, answer.Revision, answer.Value);
        _own[name] = true;
    }

    private void Expect(HttpStatusCode code, string name, params ReadOnlySpan<HttpStatusCode> expected)
    {
        if (!expected.Contains(code))
            history.Violation($"{name}: answered {(int)code}");
    }
}
