using System.Globalization;
using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>What became of a deletion.</summary>
/// <param name="Stored">The object's last, or new, state.</param>
/// <param name="Gone">True when it is no longer stored.</param>
internal readonly record struct DeletionOutcome(IKubernetesObject Object, ReadOnlyMemory<byte> Stored, bool Gone);

/// <summary>
/// Deletes objects in two phases where someone still has to act: a graceful kind or finalizers leave it with a deletionTimestamp; otherwise it
/// goes at once. Source: Kubernetes concepts, "Finalizers" and "Garbage collection".
/// </summary>
internal static class ObjectDeletion
{
    private const int MaxAttempts = 16;

    /// <summary>Deletes one object.</summary>
    /// <exception cref="RequestFailure">404, 409 of preconditions or of endless change, or what admission says.</exception>
    public static async ValueTask<DeletionOutcome> DeleteAsync(
        KindDefinition kind, string name, DeleteOptions options, WriteContext context, RegistryServices services, CancellationToken cancellation)
    {
        var ns = kind.Namespaced ? context.Namespace : "";
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var record = await services.FindAsync(kind, ns, name, cancellation) ?? throw Failure.NotFound(kind.Resource, name);
            var obj = kind.DecodeStored(record.Value);
            CheckPreconditions(kind, obj, options.Preconditions);
            await services.Admission.ValidateAsync(new(kind, AdmissionOperation.Delete, name, null, obj, context), cancellation);

            var marked = kind.Clone(obj);
            var stays = Mark(kind, marked, options, context);
            if (await StoreAsync(kind, record, obj, marked, stays, context, services, attempt, cancellation) is { } outcome)
                return outcome;
        }
        throw Failure.Conflict(kind.Resource, name, "the object changes too often to be deleted");
    }

    /// <summary>Sets deletion metadata on the object. True when it has to stay for now.</summary>
    private static bool Mark(KindDefinition kind, IKubernetesObject obj, DeleteOptions options, WriteContext context)
    {
        var metadata = obj.Metadata;
        SetPropagation(context.DefaultPropagation ?? kind.DefaultPropagation, metadata, options);
        var wasMarked = metadata.DeletionTimestamp is not null;
        var grace = kind.DeletionGraceSeconds(obj, options);
        if (wasMarked)
        {
            // Grace can only become shorter; the timestamp is when it ends.
            var before = metadata.DeletionGracePeriodSeconds ?? 0;
            var wanted = options.GracePeriodSeconds ?? before;
            if (grace is null || wanted >= before)
                return grace is not null && before > 0 ? true : metadata.Finalizers is { Count: > 0 } || kind.StaysWhenMarked(obj);
            metadata.DeletionTimestamp = KubernetesTime.TruncateToSecond(metadata.DeletionTimestamp!.Value.AddSeconds(wanted - before));
            metadata.DeletionGracePeriodSeconds = wanted;
            return wanted > 0 || metadata.Finalizers is { Count: > 0 };
        }
        if (grace is > 0)
        {
            metadata.DeletionTimestamp = KubernetesTime.TruncateToSecond(context.Now.AddSeconds(grace.Value));
            metadata.DeletionGracePeriodSeconds = grace;
            if (metadata.Generation > 0)
                metadata.Generation++;
            return true;
        }
        if (metadata.Finalizers is not { Count: > 0 } && !kind.StaysWhenMarked(obj))
            return false;
        metadata.DeletionTimestamp = KubernetesTime.TruncateToSecond(context.Now);
        metadata.DeletionGracePeriodSeconds = 0;
        if (metadata.Generation > 0)
            metadata.Generation++;
        kind.OnMarkedForDeletion(obj);
        return true;
    }

    private static void SetPropagation(string defaultPropagation, ObjectMeta metadata, DeleteOptions options)
    {
        var policy = options.PropagationPolicy;
        if (policy is null && options.OrphanDependents is { } orphan)
            policy = orphan ? DeletionPropagation.DeletePropagationOrphan : DeletionPropagation.DeletePropagationBackground;
        // Finalizers that say how dependents are dealt with stay when the options say nothing.
        policy ??= metadata.Finalizers.OrEmpty().Contains(FieldRules.OrphanDependents) ? DeletionPropagation.DeletePropagationOrphan
            : metadata.Finalizers.OrEmpty().Contains(FieldRules.DeleteDependents) ? DeletionPropagation.DeletePropagationForeground
            : defaultPropagation;
        var finalizers = metadata.Finalizers.OrEmpty().Where(f => f is not (FieldRules.OrphanDependents or FieldRules.DeleteDependents)).ToList();
        if (policy == DeletionPropagation.DeletePropagationOrphan)
            finalizers.Add(FieldRules.OrphanDependents);
        else if (policy == DeletionPropagation.DeletePropagationForeground)
            finalizers.Add(FieldRules.DeleteDependents);
        metadata.Finalizers = finalizers.Count == 0 ? null : finalizers;
    }

    internal static void CheckPreconditions(KindDefinition kind, IKubernetesObject obj, Preconditions? preconditions)
    {
        var metadata = obj.Metadata;
        if (preconditions?.UID is { Length: > 0 } uid && uid != metadata.UID)
            throw Failure.Conflict(kind.Resource, metadata.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {metadata.UID}");
        if (preconditions?.ResourceVersion is { Length: > 0 } version && version != metadata.ResourceVersion)
            throw Failure.Conflict(kind.Resource, metadata.Name,
                $"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {metadata.ResourceVersion}");
    }

    private static async ValueTask<DeletionOutcome?> StoreAsync(
        KindDefinition kind, Record record, IKubernetesObject old, IKubernetesObject marked, bool stays, WriteContext context,
        RegistryServices services, int attempt, CancellationToken cancellation)
    {
        using var plan = new WritePlan { Store = services.Store, Context = context, Attempt = attempt };
        await kind.PlanWriteAsync(stays ? marked : null, old, plan, cancellation);
        if (!stays)
        {
            if (context.DryRun)
                return new(old, record.Value, true);
            await services.Admission.PlanAsync(
                new(kind, AdmissionOperation.Delete, old.Metadata.Name, null, old, context), plan, cancellation);
            plan.Require(Compare.ModRevision(record.Key, record.ModRevision));
            var deleted = await TransactAsync(services, plan, new DeleteOperation(record.Key), cancellation);
            return deleted is null ? null : new(old, record.CopyWithRevision(deleted.Revision), true);
        }
        var (json, offset) = StoredJson.Encode(kind, marked);
        if (context.DryRun || StoredJson.SameBut(json, offset, record.Value.Span, record.RevisionOffset))
            return new(marked, context.DryRun ? StoredJson.Write(kind, marked) : record.Value, false);
        plan.Require(Compare.ModRevision(record.Key, record.ModRevision));
        var done = await TransactAsync(services, plan, new PutOperation(record.Key, json, offset), cancellation);
        return done is null ? null : new(marked, ((PutResult)done.Results[0]).Record.Value, false);
    }

    private static async ValueTask<TransactionResult?> TransactAsync(
        RegistryServices services, WritePlan plan, Operation change, CancellationToken cancellation)
    {
        var result = await services.Store.TransactAsync(new(plan.Conditions, [change, .. plan.Operations], []), cancellation);
        if (!result.TryGet(out var done, out var error))
            throw StoredJson.FailureOf(error);
        return done.Succeeded ? done : null;
    }

    /// <summary>Reads DeleteOptions from the query; the body's, when there is one, win.</summary>
    public static DeleteOptions FromQuery(Func<string, string> query)
    {
        var options = new DeleteOptions();
        if (query("gracePeriodSeconds") is { Length: > 0 } grace)
            options.GracePeriodSeconds = long.TryParse(grace, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
                ? seconds
                : throw Failure.BadRequest($"strconv.ParseInt: parsing {JsonText.Quote(grace)}: invalid syntax");
        if (query("propagationPolicy") is { Length: > 0 } policy)
            options.PropagationPolicy = policy;
        if (query("orphanDependents") is { Length: > 0 } orphan)
            options.OrphanDependents = orphan is "true" or "1";
        return options;
    }

    /// <summary>Field errors of the options.</summary>
    public static void Check(DeleteOptions options)
    {
        var errors = new FieldErrorList();
        var path = FieldPath.Of("propagationPolicy");
        if (options is { OrphanDependents: not null, PropagationPolicy: not null })
            errors.Add(FieldError.Invalid(path, options.PropagationPolicy, "orphanDependents and deletionPropagation cannot be both set"));
        if (options.PropagationPolicy is not (
            null or DeletionPropagation.DeletePropagationForeground or
            DeletionPropagation.DeletePropagationBackground or
            DeletionPropagation.DeletePropagationOrphan))
            errors.Add(FieldError.NotSupported(path, options.PropagationPolicy, "Foreground", "Background", "Orphan", "nil"));
        if (options.DryRun.OrEmpty().Any(d => d != "All"))
            errors.Add(FieldError.NotSupported(FieldPath.Of("dryRun"), string.Join(",", options.DryRun!), "All"));
        if (errors.Count > 0)
            throw Failure.Invalid("meta.k8s.io", "DeleteOptions", "", errors);
    }
}
