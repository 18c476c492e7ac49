using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Scheduling.V1alpha2;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Scheduler.Plugins.GangScheduling;

/// <summary>
/// The pod groups (KEP-4671) and who is in them: pods that wait, were decided, or run. Groups are watched from the first pod on that names one: only a
/// server whose gate GenericWorkload is on stores such pods, and only it serves groups. Thread-safe.
/// </summary>
internal sealed class PodGroups : IPodGroups
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Namespace, string Name), HashSet<string>> _members = [];
    private Informer<PodGroup>? _informer;
    private Action? _begin;

    /// <summary>Ends when the groups are not watched any more.</summary>
    public Task Watching { get; private set; } = Task.CompletedTask;

    /// <summary>From now on a pod that names a group starts the watch of groups, which lasts until cancelled.</summary>
    /// <param name="client">May list and watch pod groups.</param>
    /// <param name="changed">Told of the members of each group that appears or changes.</param>
    /// <param name="logger">Where the watch says what goes wrong.</param>
    /// <param name="cancellation">Ends the watch.</param>
    public void WatchBy(ApiClient client, Action<IReadOnlyList<string>> changed, ILogger logger, CancellationToken cancellation) => _begin = () =>
    {
        var informer = new Informer<PodGroup>(client, null, logger);
        void Tell(PodGroup group) => changed(MembersOf(group.Metadata.Namespace, group.Metadata.Name));
        informer.AddHandler(Tell, (_, group) => Tell(group));
        _informer = informer;
        Watching = Task.Run(() => informer.RunAsync(cancellation), CancellationToken.None);
    };

    /// <inheritdoc/>
    public PodGroup? Find(string ns, string name) => Volatile.Read(ref _informer)?.Store.Get(ns, name);

    /// <inheritdoc/>
    public int Count(string ns, string name)
    {
        lock (_lock)
            return _members.TryGetValue((ns, name), out var members) ? members.Count : 0;
    }

    /// <summary>The uids of a group's pods.</summary>
    public IReadOnlyList<string> MembersOf(string ns, string name)
    {
        lock (_lock)
            return _members.TryGetValue((ns, name), out var members) ? [.. members] : [];
    }

    /// <summary>A pod came or changed. True when its group has a member more.</summary>
    public bool Add(Pod pod)
    {
        if (GangSchedulingPlugin.GroupOf(pod) is not { } name)
            return false;
        lock (_lock)
        {
            if (_begin is { } begin)
            {
                _begin = null;
                begin();
            }
            if (!_members.TryGetValue((pod.Metadata.Namespace, name), out var members))
                _members[(pod.Metadata.Namespace, name)] = members = new HashSet<string>(StringComparer.Ordinal);
            return members.Add(pod.Metadata.UID);
        }
    }

    /// <summary>A pod ended or is gone.</summary>
    public void Remove(Pod pod)
    {
        if (GangSchedulingPlugin.GroupOf(pod) is not { } name)
            return;
        lock (_lock)
        {
            if (_members.TryGetValue((pod.Metadata.Namespace, name), out var members) && members.Remove(pod.Metadata.UID) && members.Count == 0)
                _members.Remove((pod.Metadata.Namespace, name));
        }
    }
}
