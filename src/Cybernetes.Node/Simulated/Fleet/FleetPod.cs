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
    private const int LostExitCode = 255;
    private const int TerminatedExitCode = 143;
    private readonly Unit[] _containers;
    private readonly (string Name, string Image)[] _initContainers;
    private readonly string _restartPolicy;
    private readonly FleetBehaviour _behaviour;
    private DateTimeOffset? _readySince;
    private DateTimeOffset _startedAt;
    private string _phase = PodPhase.Pending;

    public FleetPod(Pod pod, FleetNode node, FleetBehaviour behaviour)
    {
        _behaviour = behaviour;
        (Namespace, Name, Uid, Node) = (behaviour.Shared(pod.Metadata.Namespace), pod.Metadata.Name, pod.Metadata.UID, node);
        _restartPolicy = behaviour.Shared(pod.Spec.RestartPolicy);
        IsHostNetwork = pod.Spec.HostNetwork;
        IsHeld = pod.Metadata.Finalizers is { Count: > 0 };
        IsOfDaemonSet = pod.Metadata.OwnerReferences.OrEmpty().Any(o => o.Controller == true && o.Kind == "DaemonSet");
        _containers = [.. pod.Spec.Containers.OrEmpty().Select(c => new Unit(behaviour.Shared(c.Name), behaviour.Shared(c.Image), behaviour.ScriptOf(pod, c)))];
        _initContainers = [.. pod.Spec.InitContainers.OrEmpty().Select(c => (behaviour.Shared(c.Name), behaviour.Shared(c.Image)))];
        StartDelay = _containers.Length == 0 ? TimeSpan.Zero : _containers.Max(c => c.Script.StartDelay);
        StopDelay = _containers.Length == 0 ? TimeSpan.Zero : _containers.Max(c => c.Script.StopDelay);
    }

    private enum Stage { Waiting, Running, Ended }

    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    public FleetNode Node { get; }

    public bool IsHostNetwork { get; }

    /// <summary>A drain leaves it where it is.</summary>
    public bool IsOfDaemonSet { get; }

    public TimeSpan StartDelay { get; }

    public TimeSpan StopDelay { get; }

    /// <summary>When it is to be gone; null while nobody deletes it.</summary>
    public DateTimeOffset? StopsAt { get; set; }

    /// <summary>Its status is being written: another write must wait, lest an older status come after a newer.</summary>
    public bool IsBeingTold { get; set; }

    /// <summary>Something happened meanwhile.</summary>
    public bool MustBeTold { get; set; }

    /// <summary>A finalizer keeps it after its end: somebody waits to see how it ended.</summary>
    public bool IsHeld { get; }

    /// <summary>It was deleted, and how it ended has been told.</summary>
    public bool IsEndTold { get; set; }

    public bool HasEnded => _phase is PodPhase.Succeeded or PodPhase.Failed;

    public string Address { get; set; } = "";

    /// <summary>What one container has printed and whether it runs; null when the pod has no such container.</summary>
    public FleetContainer? Find(string container) => Array.Find(_containers, c => c.Name == container) is { } unit
        ? new(unit.StartedAt == default ? null : unit.StartedAt, unit.Stage == Stage.Running, unit.Restarts, unit.Script.Output)
        : Array.Exists(_initContainers, c => c.Name == container) ? new(_startedAt == default ? null : _startedAt, false, 0, "") : null;

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
            container.EndsAt = container.Stage == Stage.Running ? container.StartedAt + container.Script.RunFor : null;
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
            if (container.Stage == Stage.Running && container.EndsAt <= now)
                End(container, now);
            if (container.Stage != Stage.Running && container.NextStart is { } start && start <= now)
                Start(container, now);
            var due = container.Stage == Stage.Running ? container.EndsAt : container.NextStart;
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
            if (isRestart && _restartPolicy == "Never")
            {
                // What a runtime says of a container whose end it has not seen.
                (container.Stage, container.FinishedAt, container.ExitCode) = (Stage.Ended, at, LostExitCode);
                continue;
            }
            if (isRestart)
                container.Restarts++;
            (container.Stage, container.NextStart) = (Stage.Waiting, at);
        }
    }

    /// <summary>It was told to end, and has.</summary>
    public void Stop(DateTimeOffset now)
    {
        foreach (var container in _containers.Where(c => c.Stage != Stage.Ended))
        {
            if (container.StartedAt == default)
                container.StartedAt = now;
            (container.Stage, container.FinishedAt, container.NextStart) = (Stage.Ended, now, null);
            container.ExitCode = TerminatedExitCode;
        }
        _phase = Array.TrueForAll(_containers, c => c.ExitCode == 0) ? PodPhase.Succeeded : PodPhase.Failed;
        _readySince = null;
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
            InitContainerStatuses = _initContainers.Length == 0 ? null : [.. _initContainers.Select(c => InitStatus(c.Name, c.Image, isStarted))],
            ContainerStatuses = [.. _containers.Select(StatusOf)],
        };
    }

    /// <summary>Somebody else, who took the node for lost, made the pod not ready while it runs: a kubelet sees that and says so again.</summary>
    public bool IsToldWrong(PodStatus told) =>
        IsReady && told.Phase == PodPhase.Running && told.Conditions.OrEmpty().Any(c => c is { Type: "Ready", Status: not "True" });

    private bool IsReady => _containers.Length > 0 && Array.TrueForAll(_containers, c => c.Stage == Stage.Running);

    private string Phase()
    {
        if (Array.Exists(_containers, c => c.Stage == Stage.Running || (c.NextStart is not null && c.Restarts > 0)))
            return PodPhase.Running;
        if (_containers.Length == 0 || Array.Exists(_containers, c => c.Stage == Stage.Waiting))
            return _phase;
        return Array.TrueForAll(_containers, c => c.ExitCode == 0) ? PodPhase.Succeeded : PodPhase.Failed;
    }

    private void Start(Unit container, DateTimeOffset now)
    {
        (container.Stage, container.StartedAt, container.NextStart) = (Stage.Running, now, null);
        var (scripted, fails) = (now + container.Script.RunFor, now + _behaviour.NextFailure());
        container.IsToFail = fails is not null && (scripted is null || fails < scripted);
        container.EndsAt = container.IsToFail ? fails : scripted;
    }

    private void End(Unit container, DateTimeOffset now)
    {
        container.Stage = Stage.Ended;
        container.FinishedAt = now;
        container.ExitCode = container.IsToFail ? 1 : container.Script.IsOutOfMemory ? 137 : container.Script.ExitCode;
        if (StopsAt is not null || _restartPolicy == "Never" || (_restartPolicy == "OnFailure" && container.ExitCode == 0))
            return;
        var wait = s_firstRestart * Math.Pow(2, Math.Min(container.Restarts, 5));
        container.NextStart = now + (container.Restarts == 0 ? TimeSpan.Zero : wait < s_longestRestart ? wait : s_longestRestart);
        container.Restarts++;
    }

    private ContainerStatus StatusOf(Unit container) => new()
    {
        Name = container.Name,
        Image = container.Image,
        ImageID = container.Image,
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
        Reason = container.ExitCode == 137 ? "OOMKilled" : container.ExitCode == 0 ? "Completed" : "Error",
        StartedAt = container.StartedAt,
        FinishedAt = container.FinishedAt,
    };

    private ContainerStatus InitStatus(string name, string image, bool isDone) => new()
    {
        Name = name,
        Image = image,
        ImageID = image,
        Ready = isDone,
        State = isDone
            ? new() { Terminated = new() { ExitCode = 0, Reason = "Completed", StartedAt = _startedAt, FinishedAt = _startedAt } }
            : new() { Waiting = new() { Reason = "PodInitializing" } },
    };

    /// <summary>One container.</summary>
    private sealed class Unit(string name, string image, ContainerScript script)
    {
        public string Name { get; } = name;
        public string Image { get; } = image;
        public ContainerScript Script { get; } = script;
        public Stage Stage { get; set; }
        public DateTimeOffset StartedAt { get; set; }
        public DateTimeOffset? FinishedAt { get; set; }
        public DateTimeOffset? NextStart { get; set; }
        public DateTimeOffset? EndsAt { get; set; }
        public bool IsToFail { get; set; }
        public int ExitCode { get; set; }
        public int Restarts { get; set; }
    }
}

/// <summary>A container as somebody outside sees it.</summary>
/// <param name="StartedAt">Null while it has not begun.</param>
internal readonly record struct FleetContainer(DateTimeOffset? StartedAt, bool IsRunning, int Restarts, string Output);
