using Cybernetes.Store.Etcd.Grpc;
using Cybernetes.Store.Etcd.Rpc;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Store.Etcd;

/// <summary>How a watch at a member has to be made so that its progress can be learnt.</summary>
/// <param name="IsWide">
/// The member's own progress notes on request may overtake changes (etcd before 3.4.25 and 3.5.8: etcd-io/etcd#15220). There the
/// watch also sees a key of ours beside the prefix, and writing it tells how far the watch is.
/// </param>
internal readonly record struct EtcdWatchTarget(bool IsWide)
{
    public static EtcdWatchTarget For(Version version)
    {
        var sound = version.Minor == 4 ? new Version(3, 4, 25) : new Version(3, 5, 8);
        return new EtcdWatchTarget(version < sound);
    }
}

/// <summary>Turns requests for progress into notes behind all older changes.</summary>
internal sealed class EtcdWatchProgress(EtcdClient client, EtcdWatchQueue queue, CancellationToken stop)
{
    // A member that has not yet sent everything does not answer, so it is asked again; upstream's API server asks as often.
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private GrpcDuplexCall? _call;
    private EtcdWatchTarget _kind;
    private Task _working = Task.CompletedTask;
    private bool _isWorking;
    private bool _askedAgain;
    private long _wanted;
    private long _probeSeen;
    private TaskCompletionSource? _reached;

    /// <summary>Somebody wants a note that is not below the store's revision of now.</summary>
    public void Request()
    {
        lock (_gate)
        {
            _askedAgain = true;
            if (_isWorking || stop.IsCancellationRequested)
                return;
            _isWorking = true;
            _working = Task.Run(WorkAsync, CancellationToken.None);
        }
    }

    /// <summary>The watch now goes over this call.</summary>
    public void Attach(GrpcDuplexCall call, EtcdWatchTarget kind)
    {
        lock (_gate)
            (_call, _kind) = (call, kind);
    }

    /// <summary>A change of a key that is none of ours came by.</summary>
    public void NoteProbe(ByteString key, long revision)
    {
        if (key.Equals(client.Keys.Probe))
            _probeSeen = revision;
    }

    /// <summary>Everything up to the revision is in the queue.</summary>
    /// <param name="isNote">The member said so without a change.</param>
    public void Reached(long revision, bool isNote)
    {
        lock (_gate)
        {
            var counts = isNote ? !_kind.IsWide || _reached is null : _probeSeen == revision;
            var wanted = _reached is not null && counts && revision >= _wanted && _wanted > 0;
            if (wanted)
            {
                _reached!.TrySetResult();
                _reached = null;
            }
            // Notes that a member gives on its own come through the same queue as its changes, whatever its version.
            if (!wanted && !(isNote && counts))
                return;
        }
        queue.Add(new WatchBatch(revision, []));
    }

    public async ValueTask DisposeAsync() => await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task WorkAsync()
    {
        while (true)
        {
            lock (_gate)
            {
                if (!_askedAgain || stop.IsCancellationRequested)
                {
                    _isWorking = false;
                    return;
                }
                _askedAgain = false;
            }
            try
            {
                await LearnAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // The loop sees it.
            }
        }
    }

    private async Task LearnAsync()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            (_reached, _wanted) = (reached, 0);
        while (!reached.Task.IsCompleted)
        {
            GrpcDuplexCall? call;
            EtcdWatchTarget kind;
            lock (_gate)
                (call, kind) = (_call, _kind);
            var asked = call is null ? null : kind.IsWide ? await PutProbeAsync().ConfigureAwait(false) : await AskAsync(call).ConfigureAwait(false);
            if (asked is not null)
                client.Logger.LogDebug("no progress of a watch can be learnt now: {Reason}", asked.Message);
            var pause = Task.Delay(AskAgain, client.Time, stop);
            await Task.WhenAny(reached.Task, pause).ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
        }
    }

    private async ValueTask<StoreError?> AskAsync(GrpcDuplexCall call)
    {
        if (Volatile.Read(ref _wanted) == 0)
        {
            // A follower answers with what it has applied, which may be less than what there is.
            var now = await client.ReadRevisionAsync(stop).ConfigureAwait(false);
            if (!now.TryGet(out var response, out var error))
                return error;
            lock (_gate)
                _wanted = response.Header.Revision;
        }
        call.Write(new Rpc.WatchRequest { ProgressRequest = new WatchProgressRequest() });
        return null;
    }

    private async ValueTask<StoreError?> PutProbeAsync()
    {
        if (Volatile.Read(ref _wanted) != 0)
            return null; // it is on its way
        var put = new PutRequest { Key = client.Keys.Probe, Value = ByteString.CopyFromUtf8("x") };
        var written = await client.CallAsync(EtcdMethods.Put, put, PutResponse.Parser, repeatable: true, stop).ConfigureAwait(false);
        if (!written.TryGet(out var response, out var error))
            return error;
        client.Note(response.Header.Revision);
        lock (_gate)
            _wanted = response.Header.Revision;
        // It may have come by while the answer was under way.
        Reached(Volatile.Read(ref _probeSeen), isNote: false);
        return null;
    }
}
