using Cybernetes.Store;

namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// Asks the store for its revision of now. Those who ask while an answer is under way share the next one: it is asked for after they came, so
/// it is not older than anything they may know of.
/// </summary>
internal sealed class NewestRevision(IStore store)
{
    // Any key will do: the answer bears the revision, whether there is a record or not.
    private const string AnyKey = "/registry/";
    private readonly Lock _lock = new();
    private Task<StoreResult<long>>? _current;
    private Task<StoreResult<long>>? _next;

    /// <summary>A revision that is not older than the store's at the time of the call.</summary>
    public ValueTask<StoreResult<long>> ReadAsync(CancellationToken cancellation)
    {
        if (store.AnswersFromMemory)
            return AskAsync(cancellation);
        Task<StoreResult<long>> answer;
        lock (_lock)
        {
            answer = _current is null
                ? _current = RunAsync(null)
                : _next ??= RunAsync(_current);
        }
        return new(answer.WaitAsync(cancellation));
    }

    private async Task<StoreResult<long>> RunAsync(Task? before)
    {
        if (before is not null)
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        else
            await Task.Yield();
        lock (_lock)
        {
            if (before is not null)
                (_current, _next) = (_next, null);
        }
        try
        {
            // Shared, so it does not end with one of those who asked.
            return await AskAsync(CancellationToken.None);
        }
        finally
        {
            lock (_lock)
            {
                // Whoever waits for the next one takes this one's place itself.
                if (_next is null)
                    _current = null;
            }
        }
    }

    private async ValueTask<StoreResult<long>> AskAsync(CancellationToken cancellation)
    {
        var result = await store.GetAsync(AnyKey, 0, cancellation);
        return result.TryGet(out var found, out var error) ? found.Revision : error;
    }
}
