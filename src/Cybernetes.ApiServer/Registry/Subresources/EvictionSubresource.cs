using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.ApiServer.Registry.Subresources;

/// <summary>
/// POST of pods/eviction: a deletion that respects the disruption budget of the pod. Source: Kubernetes concepts, "API-initiated Eviction".
/// </summary>
internal sealed class EvictionSubresource : Subresource
{
    private const string Violation = "Cannot evict pod as it would violate the pod's disruption budget.";
    private const string SeveralBudgets = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    private const int RetryAfterSeconds = 10;
    private const int MostDisruptedPods = 2000;
    private const int MostAttempts = 20;
    private static readonly QualifiedResource s_budget = new("policy", "poddisruptionbudget");
    private static readonly StorageVersion<Eviction> s_eviction = new();
    private static readonly ReshapedVersion<Objects.Policy.V1beta1.Eviction, Eviction> s_betaEviction = new();

    public override string Name => "eviction";

    public override string Group => "policy";

    public override string Kind => "Eviction";

    public override KindVerbs Verbs => KindVerbs.Create;

    public override async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var options = WriteOptions.Read(request, "CreateOptions");
        var findings = new List<string>();
        var json = BodyDecoder.ToJson(request.Http.Request.ContentType, await BodyReader.ReadAsync(request.Http), findings);
        ServedKind target = new(request.Kind, s_eviction);
        if (BodyDecoder.ReadTypeMeta(target, json).APIVersion == s_betaEviction.APIVersion)
            target = new(request.Kind, s_betaEviction);
        var eviction = (Eviction)BodyDecoder.Decode(target, json, options.FieldValidation, findings);
        if (eviction.Metadata.Name != request.Info.Name)
            throw Failure.BadRequest("name in URL does not match name in Eviction object");
        var deletion = eviction.DeleteOptions ?? new DeleteOptions();
        ObjectDeletion.Check(deletion);
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun || deletion.DryRun is { Count: > 0 }, options.FieldManager);
        await EvictAsync(request, deletion, context, services);
        foreach (var warning in findings.Concat(context.Warnings))
            request.Warn(warning);
        await Answers.WriteSuccessAsync(request, 201, request.Kind.Resource, "", "");
    }

    /// <summary>
    /// 1. A pod that counts for no budget goes. 2. Otherwise the one budget of the pod allows it, and remembers the pod, before 3. it goes.
    /// </summary>
    private static async ValueTask EvictAsync(ApiRequest request, DeleteOptions options, WriteContext context, RegistryServices services)
    {
        var pinned = options.Preconditions?.ResourceVersion is not null;
        var pod = await FindAsync(request, services);
        for (var attempt = 0; IsUncounted(pod); attempt++)
        {
            // 1. What may yet become ready is deleted only in the state in which it was not.
            var mayChange = pod.Status.Phase == "Pending" && pod.Metadata.DeletionTimestamp is null && !pinned;
            try
            {
                await DeleteAsync(request, mayChange ? Pinned(options, pod) : options, context, services);
                return;
            }
            catch (RequestFailure failure) when (failure.Code == 409 && mayChange && attempt < MostAttempts)
            {
                pod = await FindAsync(request, services);
            }
        }

        // 2.
        var budgets = await BudgetsOfAsync(pod, services, request.Aborted);
        if (budgets.Count > 1)
            throw new RequestFailure(500, "", SeveralBudgets);
        if (budgets.Count == 0 || !IsAllowedUnready(pod, budgets[0]))
        {
            if (budgets.Count == 1)
                await TakeDisruptionAsync(pod, budgets[0].Metadata.Name, context, services, request.Aborted);
            await DeleteAsync(request, options, context, services);
            return;
        }

        // 3. An unready pod goes without asking, unless it has become ready since.
        try
        {
            await DeleteAsync(request, Pinned(options, pod), context, services);
        }
        catch (RequestFailure failure) when (failure.Code == 409 && !pinned)
        {
            throw StillProcessed(budgets[0].Metadata.Name);
        }
    }

    private static async ValueTask<Pod> FindAsync(ApiRequest request, RegistryServices services)
    {
        var record = await services.FindAsync(request.Kind, request.Info.Namespace, request.Info.Name, request.Aborted)
            ?? throw Failure.NotFound(request.Kind.Resource, request.Info.Name);
        return (Pod)request.Kind.DecodeStored(record.Value);
    }

    private static bool IsUncounted(Pod pod) =>
        pod.Status.Phase is "Succeeded" or "Failed" or "Pending" || pod.Metadata.DeletionTimestamp is not null;

    private static bool IsAllowedUnready(Pod pod, PodDisruptionBudget budget)
    {
        if (pod.Status.Conditions.OrEmpty().Any(c => c is { Type: PodConditionType.PodReady, Status: "True" }))
            return false;
        return budget.Spec.UnhealthyPodEvictionPolicy == UnhealthyPodEvictionPolicyType.AlwaysAllow
            || (budget.Status.CurrentHealthy >= budget.Status.DesiredHealthy && budget.Status.DesiredHealthy > 0);
    }

    private static async ValueTask<List<PodDisruptionBudget>> BudgetsOfAsync(Pod pod, RegistryServices services, CancellationToken cancellation)
    {
        if (services.Catalog.FindStored("policy", "poddisruptionbudgets") is not { } kind)
            return [];
        var result = await services.Store.RangeAsync(new(RegistryServices.RangeOf(kind, pod.Metadata.Namespace)), cancellation);
        if (!result.TryGet(out var range, out var error))
            throw StoredJson.FailureOf(error);
        return
        [
            .. range.Records.Select(r => (PodDisruptionBudget)kind.DecodeStored(r.Value))
                .Where(b => LabelMatcher.TryFor(b.Spec.Selector, out var matcher) is null && matcher.Matches(pod.Metadata.Labels)),
        ];
    }

    /// <summary>Counts the disruption in the budget's status, in one write of the state that allows it.</summary>
    private static async ValueTask TakeDisruptionAsync(
        Pod pod, string budget, WriteContext context, RegistryServices services, CancellationToken cancellation)
    {
        var kind = services.Catalog.FindStored("policy", "poddisruptionbudgets")!;
        await services.Pipeline.WriteAsync(new()
        {
            Kind = kind, Name = budget, Context = context, Strategy = WriteStrategy.Direct, HoldsForAnyState = true,
            Produce = current => new(Disrupt((PodDisruptionBudget)kind.Clone(current!.Object), pod.Metadata.Name, context.Now)),
        }, cancellation);
    }

    private static PodDisruptionBudget Disrupt(PodDisruptionBudget budget, string pod, DateTimeOffset now)
    {
        var (name, status) = (budget.Metadata.Name, budget.Status);
        if (status.ObservedGeneration < budget.Metadata.Generation)
            throw StillProcessed(name);
        if (status.DisruptionsAllowed < 0)
            throw Failure.Forbidden(s_budget, name, "pdb disruptions allowed is negative");
        if (status.DisruptedPods?.Count > MostDisruptedPods)
            throw Failure.Forbidden(s_budget, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
        if (status.DisruptionsAllowed == 0)
            throw Refused($"The disruption budget {name} needs {status.DesiredHealthy} healthy pods and has {status.CurrentHealthy} currently", 0);
        status.DisruptionsAllowed--;
        if (status.DisruptionsAllowed == 0)
        {
            Conditions.Set(status.Conditions ??= [], new()
            {
                Type = "DisruptionAllowed", Status = "False", Reason = "InsufficientPods", ObservedGeneration = status.ObservedGeneration,
            }, KubernetesTime.TruncateToSecond(now));
        }
        (status.DisruptedPods ??= [])[pod] = KubernetesTime.TruncateToSecond(now);
        return budget;
    }

    /// <summary>Says in the pod's status why it goes, then deletes it.</summary>
    private static async ValueTask DeleteAsync(ApiRequest request, DeleteOptions options, WriteContext context, RegistryServices services)
    {
        if (!context.DryRun)
        {
            var told = await services.Pipeline.WriteAsync(new()
            {
                Kind = request.Kind, Name = request.Info.Name, Context = context, Strategy = WriteStrategy.Direct, HoldsForAnyState = true,
                Produce = current =>
                {
                    ObjectDeletion.CheckPreconditions(request.Kind, current!.Object, options.Preconditions);
                    return new(Told((Pod)request.Kind.Clone(current.Object), context.Now));
                },
            }, request.Aborted);
            if (options.Preconditions?.ResourceVersion is not null)
                options = Pinned(options, (Pod)request.Kind.DecodeStored(told.Stored));
        }
        await ObjectDeletion.DeleteAsync(request.Kind, request.Info.Name, options, context, services, request.Aborted);
    }

    private static Pod Told(Pod pod, DateTimeOffset now)
    {
        var conditions = pod.Status.Conditions ??= [];
        var condition = conditions.FirstOrDefault(c => c.Type == PodConditionType.DisruptionTarget);
        if (condition is null)
            conditions.Add(condition = new() { Type = PodConditionType.DisruptionTarget });
        if (condition.Status != "True")
            condition.LastTransitionTime = KubernetesTime.TruncateToSecond(now);
        condition.Status = "True";
        condition.Reason = "EvictionByEvictionAPI";
        condition.Message = "Eviction API: evicting";
        condition.ObservedGeneration = pod.Metadata.Generation;
        return pod;
    }

    private static DeleteOptions Pinned(DeleteOptions options, Pod pod)
    {
        var pinned = options.DeepClone();
        (pinned.Preconditions ??= new()).ResourceVersion = pod.Metadata.ResourceVersion;
        return pinned;
    }

    private static RequestFailure StillProcessed(string budget) =>
        Refused($"The disruption budget {budget} is still being processed by the server.", RetryAfterSeconds);

    private static RequestFailure Refused(string cause, int retryAfterSeconds) => new(429, "TooManyRequests", Violation)
    {
        HasDetails = true, RetryAfterSeconds = retryAfterSeconds, Causes = [new("DisruptionBudget", cause, "")],
    };
}
