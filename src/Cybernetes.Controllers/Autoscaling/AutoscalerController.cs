using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;
using Cybernetes.Objects.Core.V1;
using Scale = Cybernetes.Objects.Autoscaling.V1.Scale;

namespace Cybernetes.Controllers.Autoscaling;

/// <summary>Sizes what autoscalers name by their metrics, each every 15 seconds.</summary>
internal sealed class AutoscalerController : IController
{
    private readonly ControllerContext _context;
    private readonly ControllerManagerOptions _options;
    private readonly ObjectStore<HorizontalPodAutoscaler> _autoscalers;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly IEventRecorder _events;
    private readonly ScaleTargets _targets;
    private readonly MetricEvaluation _metrics;
    private readonly ScaleMemory _memory = new();
    private readonly TargetSelectors _selectors = new();

    public AutoscalerController(ControllerContext context)
    {
        (_context, _options) = (context, context.Options);
        _queue = context.Queue<ObjectKey>("horizontalpodautoscaler");
        _events = context.Recorder("horizontal-pod-autoscaler");
        _targets = new(context.Client);
        _metrics = new(new(context.Client), _targets);
        var autoscalers = context.Informers.For<HorizontalPodAutoscaler>();
        (_autoscalers, _pods) = (autoscalers.Store, context.Informers.For<Pod>().Store.WithLabelIndex());
        autoscalers.AddHandler(a => _queue.Add(ObjectKey.Of(a)), Updated, a => Forget(ObjectKey.Of(a)));
    }

    public string Name => "horizontal-pod-autoscaler-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_options.ConcurrentAutoscalerSyncs, ReconcileAsync, _context.Logger, cancellation);

    private void Updated(HorizontalPodAutoscaler before, HorizontalPodAutoscaler autoscaler)
    {
        // What the status says is this controller's own word.
        if (!before.Spec.SemanticEquals(autoscaler.Spec))
            _queue.Add(ObjectKey.Of(autoscaler));
    }

    private void Forget(ObjectKey key)
    {
        _memory.Forget(key);
        _selectors.Forget(key);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_autoscalers.Get(key) is not { } autoscaler)
        {
            Forget(key);
            return;
        }
        // Whatever comes of it, it is looked at again: metrics make no events.
        _queue.AddAfter(key, _options.AutoscalerSyncPeriod);
        var step = new Step(this, key, autoscaler);
        await step.RunAsync(cancellation).ConfigureAwait(false);
        step.Status.ObservedGeneration = autoscaler.Metadata.Generation;
        if (step.Status.SemanticEquals(autoscaler.Status))
            return;
        var copy = autoscaler.DeepClone();
        copy.Status = step.Status;
        await _context.Client.For<HorizontalPodAutoscaler>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
    }

    /// <summary>One look at one autoscaler. What fails is told in its conditions and events; the next look comes anyway.</summary>
    private sealed class Step(AutoscalerController owner, ObjectKey key, HorizontalPodAutoscaler autoscaler)
    {
        private readonly DateTimeOffset _now = owner._context.Time.GetUtcNow();

        public HorizontalPodAutoscalerStatus Status { get; } = autoscaler.Status.DeepClone();

        public async Task RunAsync(CancellationToken cancellation)
        {
            var reference = autoscaler.Spec.ScaleTargetRef;
            Scale scale;
            Client.Discovery.ServedResource resource;
            try
            {
                resource = await owner._targets.ResourceAsync(reference.APIVersion, reference.Kind, cancellation).ConfigureAwait(false);
                scale = await owner._targets.ReadAsync(resource, key.Namespace, reference.Name, cancellation).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is ApiStatusException or ReconcileFailedException)
            {
                Warn("FailedGetScale", failure.Message);
                Set("AbleToScale", "False", "FailedGetScale", $"the HPA controller was unable to get the target's current scale: {failure.Message}");
                return;
            }
            Set("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale");
            var current = scale.Spec.Replicas;
            owner._memory.Begin(key, current, _now);
            if (await DecideAsync(scale, current, cancellation).ConfigureAwait(false) is var (desired, reason))
                await RescaleAsync(resource, scale, current, desired, reason, cancellation).ConfigureAwait(false);
        }

        private async Task<(int Desired, string Reason)?> DecideAsync(Scale scale, int current, CancellationToken cancellation)
        {
            var least = autoscaler.Spec.MinReplicas ?? 1;
            if (current == 0 && least != 0)
            {
                Set("ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero");
                return (0, "");
            }
            if (current > autoscaler.Spec.MaxReplicas)
                return (autoscaler.Spec.MaxReplicas, "Current number of replicas above Spec.MaxReplicas");
            if (current < least)
                return (least, "Current number of replicas below Spec.MinReplicas");
            if (await RecommendAsync(scale, current, cancellation).ConfigureAwait(false) is not var (recommended, metric))
            {
                Status.CurrentReplicas = current;
                return null;
            }
            var history = owner._memory.Of(key);
            owner._memory.Recommended(key, recommended, _now);
            var ruled = ScaleRules.Apply(autoscaler, current, recommended, history, owner._options.AutoscalerDownscaleStabilization, _now);
            Set("AbleToScale", "True", ruled.AbleReason, ruled.AbleMessage);
            Set("ScalingLimited", ruled.IsLimited ? "True" : "False", ruled.LimitReason, ruled.LimitMessage);
            return (ruled.Replicas, recommended > current ? metric + " above target" : "All metrics below target");
        }

        /// <summary>The highest that any metric asks for; null when too little is known.</summary>
        private async Task<(int Replicas, string Metric)?> RecommendAsync(Scale scale, int current, CancellationToken cancellation)
        {
            if (Select(scale) is not { } selector)
                return null;
            var pods = owner._pods.Matching(key.Namespace, selector);
            var options = owner._options;
            var readiness = new Readiness(options.AutoscalerCpuInitializationPeriod, options.AutoscalerInitialReadinessDelay);
            var calculator = new ReplicaCalculator(pods, current, Tolerance(), readiness, _now);
            var subject = new MetricEvaluation.Subject(key.Namespace, selector, scale.Status.Replicas, calculator);
            var specs = autoscaler.Spec.Metrics.OrEmpty();
            var verdicts = new List<MetricVerdict>();
            MetricProblem? first = null;
            foreach (var spec in specs)
            {
                var (verdict, problem) = await owner._metrics.EvaluateAsync(spec, subject, cancellation).ConfigureAwait(false);
                if (verdict is not null)
                    verdicts.Add(verdict);
                if (problem is not null)
                    Warn(problem.Reason, problem.Detail);
                first ??= problem;
            }
            Status.CurrentMetrics = verdicts.Count == 0 ? null : [.. verdicts.Select(v => v.Status)];
            var best = verdicts.MaxBy(v => v.Replicas);
            // With a part of the metrics unknown nothing is scaled down.
            if (first is not null && (best is null || best.Replicas < current))
            {
                Set("ScalingActive", "False", first.Reason, $"the HPA was unable to compute the replica count: {first.Detail}");
                Warn("FailedComputeMetricsReplicas",
                    $"invalid metrics ({specs.Count - verdicts.Count} invalid out of {specs.Count}), first error is: {first.Message}");
                return null;
            }
            if (best is null)
                return null;
            Set("ScalingActive", "True", "ValidMetricFound", $"the HPA was able to successfully calculate a replica count from {best.Name}");
            return (best.Replicas, best.Name);
        }

        private Tolerance Tolerance()
        {
            var usual = owner._options.AutoscalerTolerance;
            return new(
                autoscaler.Spec.Behavior?.ScaleDown?.Tolerance?.ToDouble() ?? usual, autoscaler.Spec.Behavior?.ScaleUp?.Tolerance?.ToDouble() ?? usual);
        }

        private LabelMatcher? Select(Scale scale)
        {
            if (scale.Status.Selector.Length == 0)
            {
                Warn("SelectorRequired", "selector is required");
                Set("ScalingActive", "False", "InvalidSelector", "the HPA target's scale is missing a selector");
                return null;
            }
            if (LabelMatcher.TryParse(scale.Status.Selector, out var selector) is { } problem)
            {
                var message = $"couldn't convert selector into a corresponding internal selector object: {problem}";
                Warn("InvalidSelector", message);
                Set("ScalingActive", "False", "InvalidSelector", message);
                return null;
            }
            var others = owner._selectors.Others(key, selector, owner._pods);
            if (others.Count == 0)
                return selector;
            var names = string.Join(' ', others.Append(key).Select(k => k.ToString()).Order(StringComparer.Ordinal));
            var told = $"pods by selector {scale.Status.Selector} are controlled by multiple HPAs: [{names}]";
            Warn("AmbiguousSelector", told);
            Set("ScalingActive", "False", "AmbiguousSelector", told);
            return null;
        }

        private async Task RescaleAsync(
            Client.Discovery.ServedResource resource, Scale scale, int current, int desired, string reason, CancellationToken cancellation)
        {
            (Status.CurrentReplicas, Status.DesiredReplicas) = (current, desired);
            if (desired == current)
                return;
            scale.Spec.Replicas = desired;
            try
            {
                await owner._targets.WriteAsync(resource, scale, cancellation).ConfigureAwait(false);
            }
            catch (ApiStatusException failure)
            {
                Warn("FailedRescale", $"New size: {desired}; reason: {reason}; error: {failure.Message}");
                Set("AbleToScale", "False", "FailedUpdateScale", $"the HPA controller was unable to update the target scale: {failure.Message}");
                return;
            }
            Set("AbleToScale", "True", "SucceededRescale", $"the HPA controller was able to update the target scale to {desired}");
            owner._events.Event(autoscaler, "Normal", "SuccessfulRescale", $"New size: {desired}; reason: {reason}");
            owner._memory.Scaled(key, current, desired, _now);
            Status.LastScaleTime = KubernetesTime.TruncateToSecond(_now);
        }

        private void Warn(string reason, string message) => owner._events.Event(autoscaler, "Warning", reason, message);

        private void Set(string type, string value, string reason, string message)
        {
            var conditions = Status.Conditions ??= [];
            var condition = conditions.FirstOrDefault(c => c.Type == type);
            if (condition is null)
                conditions.Add(condition = new() { Type = type });
            if (condition.Status != value)
                condition.LastTransitionTime = KubernetesTime.TruncateToSecond(_now);
            (condition.Status, condition.Reason, condition.Message) = (value, reason, message);
        }
    }
}
