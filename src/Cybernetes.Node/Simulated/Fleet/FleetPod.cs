using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>
/// One pod of a simulated node: its containers' states over time, and the status that tells them. It decides; what it decides is written by
/// <see cref="FleetPods"/>. Small, since there are a hundred thousand of them.
/// </summary>
internal sealed class FleetPod
{
    private static readonly TimeSpan s_firstRestart = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longestRestart = TimeSpan.FromMinutes(5);
    private readonly Unit[] _containers;
    private readonly string[] _initContainers;
    private readonly string _restartPolicy;
    private readonly Dictionary<string, string> _images = [];
    private DateTimeOffset? _readySince;
    private DateTimeOffset _startedAt;
    private string _phase = PodPhase.Pending;

    public FleetPod(Pod pod, FleetNode node)
    {
        (Namespace, Name, Uid, Node) = (pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.UID, node);
        _restartPolicy = pod.Spec.RestartPolicy;
        IsHostNetwork = pod.Spec.HostNetwork;
        var annotations = pod.Metadata.Annotations ?? [];
        _containers = [.. pod.Spec.Containers.OrEmpty().Select(c =>
            new Unit(c.Name, ContainerScript.Of(annotations, [.. c.Command.OrEmpty(), .. c.Args.OrEmpty()])))];
        _initContainers = [.. pod.Spec.InitContainers.OrEmpty().Select(c => c.Name)];
        foreach (var container in pod.Spec.InitContainers.OrEmpty().Concat(pod.Spec.Containers.OrEmpty()))
            _images[container.Name] = container.Image;
        StartDelay = _containers.Length == 0 ? TimeSpan.Zero : _containers.Max(c => c.Script.StartDelay);
        StopDelay = _containers.Length == 0 ? TimeSpan.Zero : _containers.Max(c => c.Script.StopDelay);
    }

    private enum Stage { Waiting, Running, Ended }

    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    public FleetNode Node { get; }

    public bool IsHostNetwork { get; }

    public TimeSpan StartDelay { get; }

    public TimeSpan StopDelay { get; }

    /// <summary>When it is to be gone; null while nobody deletes it.</summary>
    public DateTimeOffset? StopsAt { get; set; }

    public bool HasEnded => _phase is PodPhase.Succeeded or PodPhase.Failed;

    public string Address { get; set; } = "";

    /// <summary>Takes up a pod as an earlier run of the simulation left it: what ran goes on.</summary>
    public void Resume(PodStatus status)
    {
        _phase = status.Phase;
        Address = status.PodIP;
        _startedAt = status.StartTime ?? default;
        _readySince = status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "Ready")?.LastTransitionTime;
        foreach (var container in _containers)
        {
            var was = status.ContainerStatuses.OrEmpty().FirstOrDefault(c => c.Name == container.Name);
            container.Restarts = was?.RestartCount ?? 0;
            container.Stage = was?.State?.Running is not null ? Stage.Running : was?.State?.Terminated is not null ? Stage.Ended : Stage.Waiting;
            container.StartedAt = was?.State?.Running?.StartedAt ?? was?.State?.Terminated?.StartedAt ?? default;
            container.ExitCode = was?.State?.Terminated?.ExitCode ?? 0;
        }
    }

    /// <summary>Brings the pod to a moment; gives when something happens next, or null when it just goes on.</summary>
    public DateTimeOffset? MoveTo(DateTimeOffset now)
    {
        if (HasEnded)
            return null;
        if (_startedAt == default)
            _startedAt = now;
        DateTimeOffset? next = null;
        foreach (var container in _containers)
        {
            if (container.Stage == Stage.Running && container.Script.RunFor is { } span && container.StartedAt + span <= now)
                End(container, now);
            if (container.Stage != Stage.Running && container.NextStart is { } start && start <= now)
                (container.Stage, container.StartedAt, container.NextStart) = (Stage.Running, now, null);
            var due = container.Stage == Stage.Running ? container.StartedAt + container.Script.RunFor : container.NextStart;
            if (due is not null && (next is null || due < next))
                next = due;
        }
        _phase = Phase();
        if (IsReady) _readySince ??= now;
        else _readySince = null;
        return HasEnded ? null : next;
    }

    /// <summary>All containers begin (or begin again) at a moment: the pod starts, or its node comes back from a crash.</summary>
    public void StartAt(DateTimeOffset at, bool isRestart)
    {
        foreach (var container in _containers)
        {
            if (isRestart && container.Stage != Stage.Running)
                continue;
            if (isRestart)
                container.Restarts++;
            (container.Stage, container.NextStart) = (Stage.Waiting, at);
        }
    }

    public PodStatus Status(DateTimeOffset now)
    {
        var isStarted = _phase != PodPhase.Pending;
        PodCondition Condition(string type, bool holds, string reason = "") => new()
        {
            Type = type, Status = holds ? "True" : "False", Reason = holds ? "" : reason, LastTransitionTime = _readySince ?? now,
        };
        var notReady = _phase == PodPhase.Succeeded ? "PodCompleted" : _phase == PodPhase.Failed ? "PodFailed" : "ContainersNotReady";
        return new PodStatus
        {
            Phase = _phase,
            HostIP = Node.HostAddress,
            PodIP = Address,
            PodIPs = Address.Length == 0 ? null : [new() { IP = Address }],
            StartTime = _startedAt,
            Conditions =
            [
                Condition("PodReadyToStartContainers", isStarted && !HasEnded), Condition("Initialized", isStarted),
                Condition("Ready", IsReady, notReady), Condition("ContainersReady", IsReady, notReady),
            ],
            InitContainerStatuses = _initContainers.Length == 0 ? null : [.. _initContainers.Select(name => InitStatus(name, isStarted))],
            ContainerStatuses = [.. _containers.Select(StatusOf)],
        };
    }

    private bool IsReady => _containers.Length > 0 && Array.TrueForAll(_containers, c => c.Stage == Stage.Running);

    private string Phase()
    {
        if (Array.Exists(_containers, c => c.Stage == Stage.Running || (c.NextStart is not null && c.Restarts > 0)))
            return PodPhase.Running;
        if (_containers.Length == 0 || Array.Exists(_containers, c => c.Stage == Stage.Waiting))
            return _phase;
        return Array.TrueForAll(_containers, c => c.ExitCode == 0) ? PodPhase.Succeeded : PodPhase.Failed;
    }

    private void End(Unit container, DateTimeOffset now)
    {
        container.Stage = Stage.Ended;
        container.FinishedAt = now;
        container.ExitCode = container.Script.IsOutOfMemory ? 137 : container.Script.ExitCode;
        if (StopsAt is not null || _restartPolicy == "Never" || (_restartPolicy == "OnFailure" && container.ExitCode == 0))
            return;
        var wait = s_firstRestart * Math.Pow(2, Math.Min(container.Restarts, 5));
        container.NextStart = now + (container.Restarts == 0 ? TimeSpan.Zero : wait < s_longestRestart ? wait : s_longestRestart);
        container.Restarts++;
    }

    private ContainerStatus StatusOf(Unit container) => new()
    {
        Name = container.Name,
        Image = _images[container.Name],
        ImageID = _images[container.Name],
        ContainerID = container.StartedAt == default ? "" : $"simulated://{Uid}-{container.Name}-{container.Restarts.ToString(CultureInfo.InvariantCulture)}",
        Ready = container.Stage == Stage.Running,
        Started = container.Stage == Stage.Running,
        RestartCount = container.Restarts,
        LastTerminationState = container is { Restarts: > 0, FinishedAt: not null } && container.Stage != Stage.Ended
            ? new() { Terminated = Terminated(container) }
            : new(),
        State = container.Stage switch
        {
            Stage.Running => new() { Running = new() { StartedAt = container.StartedAt } },
            Stage.Ended when container.NextStart is not null => new() { Waiting = new() { Reason = "CrashLoopBackOff" } },
            Stage.Ended => new() { Terminated = Terminated(container) },
            _ => new() { Waiting = new() { Reason = "ContainerCreating" } },
        },
    };

    private static ContainerStateTerminated Terminated(Unit container) => new()
    {
        ExitCode = container.ExitCode,
        Reason = container.Script.IsOutOfMemory ? "OOMKilled" : container.ExitCode == 0 ? "Completed" : "Error",
        StartedAt = container.StartedAt,
        FinishedAt = container.FinishedAt,
    };

    private ContainerStatus InitStatus(string name, bool isDone) => new()
    {
        Name = name,
        Image = _images[name],
        ImageID = _images[name],
        Ready = isDone,
        State = isDone
            ? new() { Terminated = new() { ExitCode = 0, Reason = "Completed", StartedAt = _startedAt, FinishedAt = _startedAt } }
            : new() { Waiting = new() { Reason = "PodInitializing" } },
    };

    /// <summary>One container.</summary>
    private sealed class Unit(string name, ContainerScript script)
    {
        public string Name { get; } = name;
        public ContainerScript Script { get; } = script;
        public Stage Stage { get; set; }
        public DateTimeOffset StartedAt { get; set; }
        public DateTimeOffset? FinishedAt { get; set; }
        public DateTimeOffset? NextStart { get; set; }
        public int ExitCode { get; set; }
        public int Restarts { get; set; }
    }
}
