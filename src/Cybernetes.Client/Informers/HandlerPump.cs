using System.Threading.Channels;
using Cybernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Client.Informers;

/// <summary>
/// What an informer tells. Calls come one at a time, in the order of the changes, each object seen first by <see cref="OnAdd"/>.
/// They should be
/// quick, such as adding a key to a queue: a handler that lags makes the whole informer wait.
/// </summary>
public interface IInformerHandler<in T>
{
    /// <param name="isInInitialList">The object was there before the informer looked: nothing happened to it now.</param>
    void OnAdd(T value, bool isInInitialList);

    /// <param name="old">The object as this handler saw it last.</param>
    void OnUpdate(T old, T value);

    /// <param name="last">The object as it was last seen; when the deletion itself was missed, that may be an older
    /// state.</param>
    void OnDelete(T last);
}

/// <summary>A handler's place at an informer; disposing takes the handler away.</summary>
public interface IInformerRegistration : IDisposable
{
    /// <summary>Ends when the handler has been told everything that was there when the informer synced.</summary>
    Task Synced { get; }
}

internal enum NotificationKind : byte
{
    Add,
    InitialAdd,
    Update,
    Delete,
    Synced,
}

internal readonly record struct Notification<T>(NotificationKind Kind, T? Old, T? Value);

/// <summary>One handler with its own bounded queue and its own loop.</summary>
internal sealed class HandlerPump<T>(
    IInformerHandler<T> handler, int backlog, ILogger logger, Action<HandlerPump<T>> remove) : IInformerRegistration
    where T : class, IKubernetesObject<T>
{
    private readonly Channel<Notification<T>> _queue =
        Channel.CreateBounded<Notification<T>>(
            new BoundedChannelOptions(backlog) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _removed = new();

    /// <summary>What was in the store when the handler came: told before anything in the queue.</summary>
    public IReadOnlyList<T> Snapshot { get; set; } = [];

    public Task Synced => _synced.Task;

    /// <summary>Waits while the handler is too far behind.</summary>
    public async ValueTask TellAsync(Notification<T> notification, CancellationToken cancellation)
    {
        // Most handlers hear only some changes of theirs, and to be woken for nothing costs as much as for something.
        if (handler is DelegateHandler<T> functions && !functions.Hears(notification.Kind))
            return;
        if (_queue.Writer.TryWrite(notification) || _removed.IsCancellationRequested)
            return;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _removed.Token);
        try
        {
            await _queue.Writer.WriteAsync(notification, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_removed.IsCancellationRequested)
        {
            // The handler was taken away while it lagged: it wants no more.
        }
        catch (ChannelClosedException)
        {
            // The informer has stopped: nobody hears any more.
        }
    }

    /// <summary>Tells the handler until cancelled or until the handler is taken away; where there is nothing to tell yet no thread is asked for.</summary>
    public Task Start(CancellationToken cancellation) => Snapshot.Count == 0 && !_queue.Reader.TryPeek(out _)
        ? RunAsync(cancellation)
        : Task.Run(() => RunAsync(cancellation), CancellationToken.None);

    public void Dispose()
    {
        if (_removed.IsCancellationRequested)
            return;
        _removed.Cancel();
        _queue.Writer.TryComplete();
        remove(this);
        _synced.TrySetCanceled(_removed.Token);
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        // Whoever waits is woken by the queue's end: an exception for each handler of each informer would make the end of a component slow.
        using CancellationTokenRegistration end = cancellation.UnsafeRegister(
            static queue => ((Channel<Notification<T>>)queue!).Writer.TryComplete(), _queue);
        foreach (T value in Snapshot)
            Call(new Notification<T>(NotificationKind.InitialAdd, null, value));
        Snapshot = [];
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            while (_queue.Reader.TryRead(out Notification<T> notification))
            {
                if (cancellation.IsCancellationRequested || _removed.IsCancellationRequested)
                    return;
                Call(notification);
            }
        }
    }

    private void Call(Notification<T> notification)
    {
        try
        {
            switch (notification.Kind)
            {
                case NotificationKind.Add: handler.OnAdd(notification.Value!, false); break;
                case NotificationKind.InitialAdd: handler.OnAdd(notification.Value!, true); break;
                case NotificationKind.Update: handler.OnUpdate(notification.Old!, notification.Value!); break;
                case NotificationKind.Delete: handler.OnDelete(notification.Old!); break;
                default: _synced.TrySetResult(); break;
            }
        }
        catch (Exception failure)
        {
            // A bug in the handler. One object's event must not silence all the others.
            logger.LogError(failure, "The handler {Handler} of {Kind} failed", handler.GetType(), T.Facts.Kind);
        }
    }
}

/// <summary>A handler made of functions.</summary>
internal sealed class DelegateHandler<T>(Action<T>? added, Action<T, T>? updated, Action<T>? deleted) : IInformerHandler<T>
{
    public bool Hears(NotificationKind kind) => kind switch
    {
        NotificationKind.Add or NotificationKind.InitialAdd => added is not null,
        NotificationKind.Update => updated is not null,
        NotificationKind.Delete => deleted is not null,
        _ => true,
    };

    public void OnAdd(T value, bool isInInitialList) => added?.Invoke(value);

    public void OnUpdate(T old, T value) => updated?.Invoke(old, value);

    public void OnDelete(T last) => deleted?.Invoke(last);
}
