using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Authorization;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>
/// The way of every request, top-down in the order of execution: <see cref="HandleAsync"/> for all, <see cref="WriteAsync"/> for those that
/// change an object. The numbers are those of <c>docs/journey.md</c>.
/// </summary>
internal sealed class RequestPipeline(RegistryServices services, PipelineStages stages)
{
    private const int MaxAttempts = 16;

    // Names are made from a generateName this often, as upstream, before the client is told to try again.
    private const int MaxGeneratedNames = 8;

    /// <summary>
    /// Answers one request. Never throws but for an answer that broke off half-way. The stages up to the answer run in one go where nothing has to
    /// be waited for, which is how reads are answered; each stage waits in a method of its own otherwise.
    /// </summary>
    public Task HandleAsync(HttpContext http)
    {
        var request = new ApiRequest(http) { Received = services.Time.GetUtcNow() };
        // Journey 1: panic recovery
        var running = Guarded(request);
        if (!running.IsCompletedSuccessfully)
            return RecoverAsync(request, running);
        stages.Metrics.Record(request, services.Time.GetUtcNow() - request.Received);
        return Task.CompletedTask;
    }

    private Task Guarded(ApiRequest request)
    {
        try
        {
            return Identify(request);
        }
        catch (Exception e)
        {
            return Task.FromException(e);
        }
    }

    private async Task RecoverAsync(ApiRequest request, Task running)
    {
        var http = request.Http;
        try
        {
            await running;
        }
        catch (RequestFailure failure) when (!http.Response.HasStarted)
        {
            await Answers.WriteFailureAsync(request, failure);
        }
        catch (Exception e) when (http.RequestAborted.IsCancellationRequested)
        {
            services.Logger.LogDebug("the client gave up {Method} {Path}: {Reason}", http.Request.Method, http.Request.Path, e.Message);
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            await Answers.WriteFailureAsync(request, Failure.BadRequest(e.Message));
        }
        catch (Exception e)
        {
            services.Logger.LogError(e, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
            if (http.Response.HasStarted)
                http.Abort();
            else
                await Answers.WriteFailureAsync(request, Failure.Internal("the request could not be served; the server's log says why"));
        }
        finally
        {
            stages.Metrics.Record(request, services.Time.GetUtcNow() - request.Received);
        }
    }

    private Task Identify(ApiRequest request)
    {
        var http = request.Http;

        // Journey 2: request info
        request.Info = RequestInfo.Read(
            WebSocketUpgrade.MethodOf(http), http.Request.Path.Value ?? "/", request.QueryFlag("watch"), PinnedName(request), services.Catalog);
        http.Response.Headers.CacheControl = "no-cache, private";

        // Journey 3: authentication
        var user = stages.AuthenticateAsync(http);
        if (!user.IsCompletedSuccessfully)
            return IdentifiedAsync(request, user);
        request.User = user.Result;
        return Impersonate(request);
    }

    private async Task IdentifiedAsync(ApiRequest request, ValueTask<UserInfo> user)
    {
        request.User = await user;
        await Impersonate(request);
    }

    private Task Impersonate(ApiRequest request)
    {
        // Journey 4: audit id
        var http = request.Http;
        request.AuditId = http.Request.Headers["Audit-ID"] is [{ Length: > 0 and <= 64 } given, ..] ? given : services.Identities.NewUuidText();
        http.Response.Headers["Audit-Id"] = request.AuditId;

        // Journey 5: impersonation
        return Impersonation.IsAsked(request) ? ImpersonatedAsync(request) : Enter(request);
    }

    private async Task ImpersonatedAsync(ApiRequest request)
    {
        request.User = await Impersonation.ApplyAsync(request, services.Authorizer);
        await Enter(request);
    }

    private Task Enter(ApiRequest request)
    {
        // Journey 6: requests in flight
        if (request.Info.IsLongRunning)
            return Authorize(request);
        var mutating = request.Info.Verb is not ("get" or "list" or "head" or "options");
        if (!stages.InFlight.TryEnter(mutating))
            throw Failure.TooManyRequests("Too many requests, please try again later.", 1);
        var isLeft = false;
        try
        {
            var running = Authorize(request);
            if (running.IsCompleted)
                return running;
            isLeft = true;
            return LeaveAsync(running, mutating);
        }
        finally
        {
            if (!isLeft)
                stages.InFlight.Leave(mutating);
        }
    }

    private async Task LeaveAsync(Task running, bool mutating)
    {
        try
        {
            await running;
        }
        finally
        {
            stages.InFlight.Leave(mutating);
        }
    }

    private Task Authorize(ApiRequest request)
    {
        // Journey 7: authorization
        var attributes = AuthorizationAttributes.Of(request.User, request.Info);
        var decision = services.Authorizer.AuthorizeAsync(attributes, request.Aborted);
        if (!decision.IsCompletedSuccessfully)
            return AuthorizedAsync(request, attributes, decision);
        return decision.Result.Verdict == Verdict.Allow ? Route(request) : throw attributes.Forbidden(decision.Result.Reason);
    }

    private async Task AuthorizedAsync(ApiRequest request, AuthorizationAttributes attributes, ValueTask<Decision> asked)
    {
        var decision = await asked;
        if (decision.Verdict != Verdict.Allow)
            throw attributes.Forbidden(decision.Reason);
        await Route(request);
    }

    private Task Route(ApiRequest request)
    {
        // Journey 8: routing
        var info = request.Info;
        if (info.Target is { } target)
        {
            request.Target = target;
            if (target.Version.DeprecationWarning is { } warning)
                request.Warn(warning);
            return ResourceVerbs.HandleAsync(request, services);
        }
        foreach (var handler in stages.Paths)
        {
            if (handler.Serves(info.Path))
                return handler.HandleAsync(request);
        }
        throw Failure.NoSuchRoute();
    }

    /// <summary>Who makes a request, by its credentials; for the review of others' tokens.</summary>
    public ValueTask<UserInfo> AuthenticateAsync(HttpContext http) => stages.AuthenticateAsync(http);

    /// <summary>Creates or changes one object. Retries what may be retried; failures are thrown.</summary>
    public async ValueTask<WriteOutcome> WriteAsync(ObjectWrite write, CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var current = write.IsCreate ? null : await ReadCurrentAsync(write, cancellation);
            if (current is null && !write.IsCreate && !write.MayCreate)
                throw Failure.NotFound(write.Kind.Resource, write.Name);
            if (await TryWriteAsync(write, current, attempt, cancellation) is { } outcome)
                return outcome;
        }
        throw Failure.Conflict(write.Kind.Resource, write.Name, "the object changes too often to be written");
    }

    private async ValueTask<WriteOutcome?> TryWriteAsync(ObjectWrite write, CurrentState? current, int attempt, CancellationToken cancellation)
    {
        var kind = write.Kind;
        var context = write.Context;
        var old = current?.Object;

        // Journey 9: decode and convert
        // Journey 10: patch or apply
        var obj = await write.Produce(current);

        // Journey 11: defaults
        kind.ApplyDefaults(obj);
        FieldOwners.Keep(write, obj, current);
        var pinned = obj.Metadata.ResourceVersion.Length > 0 && !write.IsCreate && !write.HoldsForAnyState;
        var generated = PrepareMetadata(write, obj, current);

        // Journey 12: mutating admission
        var operation = old is null ? AdmissionOperation.Create : AdmissionOperation.Update;
        var attributes = new AdmissionAttributes(kind, operation, obj.Metadata.Name, obj, old, context);
        await services.Admission.MutateAsync(attributes, cancellation);

        // Journey 13: strategy
        write.Strategy.Prepare(kind, obj, old, context);

        // Journey 14: validation
        Validate(write, obj, old);

        // Journey 15: validating admission
        await services.Admission.ValidateAsync(attributes, cancellation);

        // Journey 16: store transaction
        // Journey 17: watch cache
        // It follows the store by a watch of its own: Watch/WatchHub.cs.
        var stored = await StoreAsync(write, attributes, current, attempt, cancellation);
        if (stored is not null)
            return stored;
        if (write.IsCreate && await services.FindAsync(kind, write.Namespace, obj.Metadata.Name, cancellation) is not null)
        {
            if (!generated)
                throw Failure.AlreadyExists(kind.Resource, obj.Metadata.Name);
            if (attempt + 1 >= MaxGeneratedNames)
                throw Failure.GenerateNameConflict(kind.Resource, obj.Metadata.Name);
        }
        if (pinned && await IsChangedAsync(write, current, cancellation))
            throw Failure.Modified(kind.Resource, obj.Metadata.Name);
        return null;
    }

    private static bool PrepareMetadata(ObjectWrite write, IKubernetesObject obj, CurrentState? current)
    {
        if (current is not null)
        {
            MetadataRules.CheckRevision(write.Kind, obj, current);
            MetadataRules.PrepareUpdate(write.Kind, obj, current.Object, write.Context);
            return false;
        }
        if (!write.IsCreate && obj.Metadata.ResourceVersion.Length > 0)
            throw Failure.NotFound(write.Kind.Resource, write.Name);
        MetadataRules.PrepareCreate(write.Kind, obj, write.Context);
        return MetadataRules.GenerateName(obj, write.Context);
    }

    private static void Validate(ObjectWrite write, IKubernetesObject obj, IKubernetesObject? old)
    {
        var errors = new FieldErrorList();
        if (old is null)
            MetadataRules.Check(write.Kind, obj, errors);
        else
            MetadataRules.CheckUpdate(obj, old, errors);
        write.Strategy.Check(write.Kind, obj, old, errors);
        if (errors.Count > 0)
            throw Failure.Invalid(write.Kind.Group, write.Kind.Kind, obj.Metadata.Name, errors);
        write.Kind.CollectWarnings(obj, old, write.Context);
    }

    /// <summary>One transaction: the object, and what its kind writes with it. Null when something else came between.</summary>
    private async ValueTask<WriteOutcome?> StoreAsync(
        ObjectWrite write, AdmissionAttributes attributes, CurrentState? current, int attempt, CancellationToken cancellation)
    {
        var kind = write.Kind;
        var obj = attributes.Object!;
        using var plan = new WritePlan { Store = services.Store, Context = write.Context, Attempt = attempt };
        var goes = current is not null && kind.IsReadyToGo(obj, current.Object);
        await kind.PlanWriteAsync(goes ? null : obj, current?.Object, plan, cancellation);
        await services.Admission.PlanAsync(
            goes ? attributes with { Operation = AdmissionOperation.Delete, Object = null } : attributes, plan, cancellation);
        var (json, offset) = StoredJson.Encode(kind, obj);
        var created = current is null;
        if (!created && !goes && StoredJson.SameBut(json, offset, current!.Record.Value.Span, current.Record.RevisionOffset))
            return new(current.Record.Value, false);
        if (!created && !goes && FieldOwners.ChangedInTimeOnly(kind, obj, json, current!))
            return new(current!.Record.Value, false);
        if (write.Context.DryRun)
        {
            obj.Metadata.ResourceVersion = created ? "" : current!.Object.Metadata.ResourceVersion;
            return new(StoredJson.Write(kind, obj), created);
        }

        var key = RegistryServices.KeyOf(kind, write.Namespace, obj.Metadata.Name);
        plan.Require(Compare.ModRevision(key, current?.Record.ModRevision ?? 0));
        var lease = goes ? 0 : await services.Leases.TakeAsync(kind.TimeToLive, cancellation);
        Operation change = goes ? new DeleteOperation(key) : new PutOperation(key, json, offset, lease);
        var result = await services.Store.TransactAsync(new(plan.Conditions, [change, .. plan.Operations], []), cancellation);
        if (!result.TryGet(out var done, out var error))
        {
            if (error.Kind != StoreErrorKind.LeaseNotFound)
                throw StoredJson.FailureOf(error);
            await services.Leases.ForgetAsync(lease, cancellation);
            return null;
        }
        if (!done.Succeeded)
            return null;
        return new(goes ? current!.Record.CopyWithRevision(done.Revision) : ((PutResult)done.Results[0]).Record.Value, created);
    }

    private async ValueTask<CurrentState?> ReadCurrentAsync(ObjectWrite write, CancellationToken cancellation) =>
        await services.FindAsync(write.Kind, write.Namespace, write.Name, cancellation) is { } record
            ? new(record, write.Kind.DecodeStored(record.Value))
            : null;

    private async ValueTask<bool> IsChangedAsync(ObjectWrite write, CurrentState? current, CancellationToken cancellation) =>
        (await services.FindAsync(write.Kind, write.Namespace, write.Name, cancellation))?.ModRevision != current?.Record.ModRevision;

    /// <summary>A field selector that pins the name makes a collection request one of that name for authorization.</summary>
    private static string PinnedName(ApiRequest request)
    {
        var selector = request.HasQuery ? request.Query("fieldSelector") : "";
        if (selector.Length == 0 || FieldMatcher.TryParse(selector, out var fields) is not null)
            return "";
        return fields.ExactValue("metadata.name") ?? "";
    }
}
