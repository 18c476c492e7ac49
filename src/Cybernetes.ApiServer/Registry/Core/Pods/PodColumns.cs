using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>The table of pods.</summary>
internal static class PodColumns
{
    public static IReadOnlyList<Column<Pod>> All { get; } =
    [
        Column<Pod>.Name,
        Column<Pod>.Text("Ready", "Ready containers of all.", p => PodSummary.Of(p).ReadyText),
        Column<Pod>.Text("Status", "What the pod is doing, in a word.", p => PodSummary.Of(p).Reason),
        new(new("Restarts", "string", "", "Restarts of the containers, and how long ago the last one was.", 0), Restarts),
        Column<Pod>.Age,
        Column<Pod>.Text("IP", "Address of the pod.", p => OrNone(p.Status.PodIPs is { Count: > 0 } all ? all[0].IP : ""), 1),
        Column<Pod>.Text("Node", "Node the pod is bound to.", p => OrNone(p.Spec.NodeName), 1),
        Column<Pod>.Text("Nominated Node", "Node where room is being made for the pod.", p => OrNone(p.Status.NominatedNodeName), 1),
        Column<Pod>.Text("Readiness Gates", "Readiness gates that hold of all.", ReadinessGates, 1),
    ];

    private static string OrNone(string text) => text.Length == 0 ? "<none>" : text;

    private static object? Restarts(Pod pod, DateTimeOffset now)
    {
        var summary = PodSummary.Of(pod);
        var count = summary.Restarts.ToString(CultureInfo.InvariantCulture);
        return summary.Restarts == 0 || summary.LastRestart is null
            ? count
            : $"{count} ({HumanDuration.Since(summary.LastRestart, now)} ago)";
    }

    private static string ReadinessGates(Pod pod)
    {
        if (pod.Spec.ReadinessGates is not { Count: > 0 } gates)
            return "<none>";
        var holding = gates.Count(g =>
            pod.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == g.ConditionType) is { Status: "True" });
        return string.Create(CultureInfo.InvariantCulture, $"{holding}/{gates.Count}");
    }
}

/// <summary>What a row says of a pod: the word for its state, ready containers, restarts.</summary>
internal sealed class PodSummary
{
    private int _ready;
    private int _total;

    public string Reason { get; private set; } = "";

    public int Restarts { get; private set; }

    public DateTimeOffset? LastRestart { get; private set; }

    public string ReadyText => string.Create(CultureInfo.InvariantCulture, $"{_ready}/{_total}");

    public static PodSummary Of(Pod pod)
    {
        var summary = new PodSummary();
        summary.Fill(pod);
        return summary;
    }

    private void Fill(Pod pod)
    {
        var status = pod.Status;
        _total = (pod.Spec.Containers?.Count ?? 0) + pod.Spec.InitContainers.OrEmpty().Count(c => c.RestartPolicy == "Always");
        Reason = status.Reason.Length > 0 ? status.Reason : status.Phase;
        foreach (var condition in status.Conditions.OrEmpty())
        {
            if (condition is { Type: "PodScheduled", Reason: "SchedulingGated" })
                Reason = "SchedulingGated";
        }
        var (sidecarRestarts, sidecarLast, initializing) = ReadInitContainers(pod);
        if (!initializing || Holds(status, "Initialized"))
        {
            Restarts = sidecarRestarts;
            LastRestart = sidecarLast;
            ReadContainers(status);
        }
        if (pod.Metadata.DeletionTimestamp is not null && status.Reason == "NodeLost")
            Reason = "Unknown";
        else if (pod.Metadata.DeletionTimestamp is not null && status.Phase is not ("Failed" or "Succeeded"))
            Reason = "Terminating";
    }

    private (int Restarts, DateTimeOffset? Last, bool Initializing) ReadInitContainers(Pod pod)
    {
        var restarts = 0;
        DateTimeOffset? last = null;
        var statuses = pod.Status.InitContainerStatuses.OrEmpty();
        for (var i = 0; i < statuses.Count; i++)
        {
            var container = statuses[i];
            var sidecar = pod.Spec.InitContainers.OrEmpty().Any(c => c.Name == container.Name && c.RestartPolicy == "Always");
            var ended = container.LastTerminationState.Terminated?.FinishedAt;
            Restarts += container.RestartCount;
            LastRestart = Later(LastRestart, ended);
            if (sidecar)
            {
                restarts += container.RestartCount;
                last = Later(last, ended);
            }
            if (container.State.Terminated is { ExitCode: 0 })
                continue;
            if (sidecar && container.Started == true)
            {
                if (container.Ready)
                    _ready++;
                continue;
            }
            Reason = InitReason(container.State, i, pod.Spec.InitContainers?.Count ?? 0);
            return (restarts, last, true);
        }
        return (restarts, last, false);
    }

    private static string InitReason(ContainerState state, int index, int count)
    {
        if (state.Terminated is { } terminated)
            return "Init:" + (terminated.Reason.Length > 0 ? terminated.Reason : ExitText(terminated));
        if (state.Waiting is { Reason.Length: > 0 } waiting && waiting.Reason != "PodInitializing")
            return "Init:" + waiting.Reason;
        return string.Create(CultureInfo.InvariantCulture, $"Init:{index}/{count}");
    }

    private void ReadContainers(PodStatus status)
    {
        var running = false;
        var statuses = status.ContainerStatuses.OrEmpty();
        for (var i = statuses.Count - 1; i >= 0; i--)
        {
            var container = statuses[i];
            Restarts += container.RestartCount;
            LastRestart = Later(LastRestart, container.LastTerminationState.Terminated?.FinishedAt);
            if (container.State.Waiting is { Reason.Length: > 0 } waiting)
                Reason = waiting.Reason;
            else if (container.State.Terminated is { } terminated)
                Reason = terminated.Reason.Length > 0 ? terminated.Reason : ExitText(terminated);
            else if (container is { Ready: true, State.Running: not null })
            {
                running = true;
                _ready++;
            }
        }
        // One container still at work makes the pod not completed.
        if (Reason == "Completed" && running)
            Reason = Holds(status, "Ready") ? "Running" : "NotReady";
    }

    private static string ExitText(ContainerStateTerminated terminated) => terminated.Signal != 0
        ? string.Create(CultureInfo.InvariantCulture, $"Signal:{terminated.Signal}")
        : string.Create(CultureInfo.InvariantCulture, $"ExitCode:{terminated.ExitCode}");

    private static bool Holds(PodStatus status, string condition) =>
        status.Conditions.OrEmpty().Any(c => c.Type == condition && c.Status == "True");

    private static DateTimeOffset? Later(DateTimeOffset? left, DateTimeOffset? right) =>
        left is null || (right is not null && right > left) ? right ?? left : left;
}
