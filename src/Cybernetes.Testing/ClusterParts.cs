using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Testing;

/// <summary>The running parts of one cluster.</summary>
internal sealed class ClusterParts(ClusterPulse pulse, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan s_restart = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, string> _states = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Task> _running = [];
    private readonly CancellationTokenSource _stop = new();
    private volatile Exception? _failure;

    /// <summary>Why the first part that is not restarted ended; null while all run.</summary>
    public Exception? Failure => _failure;

    /// <summary>Each part with what it does.</summary>
    public IEnumerable<(string Name, string State)> States => _states.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => (s.Key, s.Value));

    /// <param name="isRestarted">Whether a failure is that of a process which somebody starts anew; else it is the test's.</param>
    public void Run(string name, Func<CancellationToken, Task> run, bool isRestarted) =>
        _running.Add(Task.Run(() => RunAsync(name, run, isRestarted)));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(string name, Func<CancellationToken, Task> run, bool isRestarted)
    {
        pulse.Enter();
        for (var starts = 1; ; starts++)
        {
            _states[name] = starts == 1 ? "runs" : $"{_states[name]}; started anew ({starts - 1})";
            try
            {
                await run(_stop.Token).ConfigureAwait(false);
                _states[name] = "ended by itself";
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                logger.LogError(failure, "{Part} failed", name);
                _states[name] = $"failed: {failure.GetType().Name}: {failure.Message}";
                if (!isRestarted)
                    _failure ??= new InvalidOperationException($"the part \"{name}\" failed: {failure.Message}", failure);
            }
            if (!isRestarted || _stop.IsCancellationRequested)
                return;
            await Task.Delay(s_restart, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
