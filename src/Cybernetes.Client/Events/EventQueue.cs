using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Client.Events;

/// <summary>Where recorded events wait until they are sent. It never blocks who records: what does not fit is dropped.</summary>
internal sealed class EventQueue<TEvent>(TimeProvider time, Func<TEvent, (string Reason, string Regarding)> name, ILogger logger)
{
    private const int Length = 1000;

    private static readonly TimeSpan s_lastCall = TimeSpan.FromSeconds(1);

    private readonly Channel<TEvent> _waiting = Channel.CreateBounded<TEvent>(
        new BoundedChannelOptions(Length) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite },
        dropped =>
        {
            var (reason, regarding) = name(dropped);
            logger.LogDebug("Dropped the event {Reason} of {Name}: the queue is full", reason, regarding);
        });

    public void Add(TEvent value) => _waiting.Writer.TryWrite(value);

    /// <summary>Sends events until cancelled.</summary>
    public async Task SendAsync(Func<TEvent, CancellationToken, Task> send, CancellationToken cancellation)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false))
            {
                while (_waiting.Reader.TryRead(out var value))
                    await send(value, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The caller ends: what waits still has SendRestAsync.
        }
    }

    /// <summary>Sends what is still queued when the recorder stops, for as long as a second allows.</summary>
    public async Task SendRestAsync(Func<TEvent, CancellationToken, Task> send)
    {
        using var lastCall = new CancellationTokenSource(s_lastCall, time);
        while (!lastCall.IsCancellationRequested && _waiting.Reader.TryRead(out var value))
            await send(value, lastCall.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
