using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Routing below a kind: from verb and subresource to the code that answers.</summary>
internal static class ResourceVerbs
{
    public static Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var info = request.Info;
        var kind = request.Kind;
        if (!kind.Namespaced && info.Namespace.Length > 0 && kind.Plural != "namespaces")
            throw Failure.NoSuchRoute();
        if (info.Subresource.Length > 0)
            return SubresourceAsync(request, services);
        request.Media = MediaNegotiation.Negotiate(
            request.Http.Request.Headers.Accept, new MediaOffer(Transforms: true, HasProtobuf(request), Stream: info.Verb == "watch"));

        var isCollection = info.Name.Length == 0 || request.Info.Verb is "list" or "deletecollection";
        if (!isCollection && kind.Namespaced && info.Namespace.Length == 0 && info.Verb != "watch")
            throw Failure.NoSuchRoute();
        Demand(kind, info.Verb switch
        {
            "get" => KindVerbs.Get,
            "list" => KindVerbs.List,
            "watch" => KindVerbs.Watch,
            "create" => KindVerbs.Create,
            "update" => KindVerbs.Update,
            "patch" => KindVerbs.Patch,
            "delete" => KindVerbs.Delete,
            "deletecollection" => KindVerbs.DeleteCollection,
            _ => throw Failure.MethodNotAllowed(),
        });
        if (kind.Computed is { } computed)
            return ComputedVerbs.HandleAsync(request, services, computed);
        return info.Verb switch
        {
            "get" => GetVerb.HandleAsync(request, services),
            "list" => ListVerb.HandleAsync(request, services),
            "watch" => WatchVerb.HandleAsync(request, services),
            "create" when info.Name.Length > 0 => throw Failure.MethodNotAllowed(),
            "create" when kind is IAnsweredKind answered => answered.AnswerAsync(request, services),
            "create" => CreateVerb.HandleAsync(request, services),
            "update" => UpdateVerb.HandleAsync(request, services, WriteStrategy.Object),
            "patch" => PatchVerb.HandleAsync(request, services, WriteStrategy.Object),
            "delete" => DeleteVerb.HandleAsync(request, services),
            _ => DeleteVerb.HandleCollectionAsync(request, services),
        };
    }

    /// <summary>The write's surroundings.</summary>
    public static WriteContext ContextOf(ApiRequest request, RegistryServices services, bool dryRun, string fieldManager) => new()
    {
        User = request.User, Now = request.Received, Identities = services.Identities, DryRun = dryRun, FieldManager = fieldManager,
        Gates = services.Gates, DefaultPropagation = request.Target.Version.DefaultPropagation,
        Namespace = request.Kind.Namespaced ? request.Info.Namespace : "", Subresource = request.Info.Subresource,
    };

    /// <summary>Writes an object as a write left it, with the warnings it gathered.</summary>
    public static Task AnswerAsync(ApiRequest request, WriteContext context, WriteOutcome outcome)
    {
        if (context.Warnings.Count > 0)
            context.Warnings.ForEach(request.Warn);
        return Answers.WriteObjectAsync(request, outcome.Created ? 201 : 200, outcome.Stored);
    }

    /// <summary>Whether the facts give the kind's fields protobuf numbers, and clients are to see them.</summary>
    private static bool HasProtobuf(ApiRequest request) => request.Kind.SpeaksProtobuf && request.Target.Version.Facts is not null;

    private static Task SubresourceAsync(ApiRequest request, RegistryServices services)
    {
        var info = request.Info;
        var kind = request.Kind;
        var own = request.Target.Subresources.FirstOrDefault(s => s.Name == info.Subresource);
        if (own is not { IsStream: true })
            request.Media = MediaNegotiation.Negotiate(
                request.Http.Request.Headers.Accept, new MediaOffer(Transforms: info.Subresource == "status", HasProtobuf(request)));
        switch (info.Subresource)
        {
            case "status" when kind.HasStatus:
                return info.Verb switch
                {
                    "get" => GetVerb.HandleAsync(request, services),
                    "update" => UpdateVerb.HandleAsync(request, services, WriteStrategy.Status),
                    "patch" => PatchVerb.HandleAsync(request, services, WriteStrategy.Status),
                    _ => throw Failure.MethodNotAllowed(),
                };
            case "scale" when kind.HasScale:
                return ScaleVerb.HandleAsync(request, services);
        }
        var subresource = own ?? throw Failure.NoSuchRoute();
        var verb = info.Verb switch
        {
            "get" => KindVerbs.Get,
            "create" => KindVerbs.Create,
            "update" => KindVerbs.Update,
            "patch" => KindVerbs.Patch,
            "delete" => KindVerbs.Delete,
            "options" when subresource.IsStream => KindVerbs.Update, // only what takes every method has it
            _ => KindVerbs.None,
        };
        if (verb == KindVerbs.None || !subresource.Verbs.HasFlag(verb))
            throw Failure.MethodNotAllowed();
        return subresource.HandleAsync(request, services);
    }

    private static void Demand(KindDefinition kind, KindVerbs verb)
    {
        if (!kind.Verbs.HasFlag(verb))
            throw Failure.MethodNotAllowed();
    }
}

/// <summary>GET of one object, and of its status.</summary>
internal static class GetVerb
{
    public static Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        if (request.HasQuery && ListOptions.ReadRevision(request.Query("resourceVersion")) is { } asked)
        {
            if (services.Hub.Revision < asked)
                return WaitAsync(request, services, asked);
            // Whoever names a revision takes a state that is not older: no store elsewhere has to be asked.
            if (services.Hub.Mirror is { } mirror)
                return AnswerAsync(request, mirror.Find(KeyOf(request)));
        }
        // Without one it is the newest state there is.
        var found = services.FindAsync(request.Kind, request.Info.Namespace, request.Info.Name, request.Aborted);
        return found.IsCompletedSuccessfully ? AnswerAsync(request, found.Result) : WaitAsync(request, found);
    }

    private static async Task WaitAsync(ApiRequest request, RegistryServices services, long revision)
    {
        await Freshness.DemandAsync(services, revision, request.Aborted);
        if (services.Hub.Mirror is { } mirror)
            await AnswerAsync(request, mirror.Find(KeyOf(request)));
        else
            await WaitAsync(request, services.FindAsync(request.Kind, request.Info.Namespace, request.Info.Name, request.Aborted));
    }

    private static async Task WaitAsync(ApiRequest request, ValueTask<Record?> found) => await AnswerAsync(request, await found);

    private static string KeyOf(ApiRequest request) =>
        RegistryServices.KeyOf(request.Kind, request.Info.Namespace, request.Info.Name);

    private static Task AnswerAsync(ApiRequest request, Record? record) =>
        Answers.WriteObjectAsync(request, 200, (record ?? throw Failure.NotFound(request.Kind.Resource, request.Info.Name)).Value);
}

/// <summary>Reads "not older than": a revision that the store has not reached yet is waited for, briefly.</summary>
internal static class Freshness
{
    // Upstream's watch cache waits as long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The store's newest revision.</summary>
    public static async ValueTask<long> NewestAsync(RegistryServices services, CancellationToken cancellation) =>
        (await services.Reads.NewestAsync(cancellation)).TryGet(out var revision, out var error) ? revision : throw StoredJson.FailureOf(error);

    public static async ValueTask DemandAsync(RegistryServices services, long revision, CancellationToken cancellation)
    {
        if (services.Hub.Revision >= revision)
            return;
        using var late = new CancellationTokenSource(Patience, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            await services.Hub.WaitForAsync(revision, either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            throw Failure.TooLargeResourceVersion(revision, services.Hub.Revision);
        }
    }
}

/// <summary>POST of a new object.</summary>
internal static class CreateVerb
{
    public static async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        if (request.Kind.Namespaced && request.Info.Namespace.Length == 0)
            throw Failure.MethodNotAllowed();
        var options = WriteOptions.Read(request, "CreateOptions");
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        var body = await BodyReader.ReadAsync(request.Http);
        var findings = new List<string>();
        var sent = SentObject.Read(request, body, options.FieldValidation, findings);
        var decoded = sent.First;
        findings.ForEach(context.Warn);
        IKubernetesObject? fresh = decoded;
        var outcome = await services.Pipeline.WriteAsync(new()
        {
            Kind = request.Kind, Name = decoded.Metadata.Name, Context = context, IsCreate = true, Version = request.Target.Version,
            Produce = _ =>
            {
                // Each attempt gets an object of its own: stages change it.
                var obj = fresh ?? sent.ReadAgain();
                fresh = null;
                return new(obj);
            },
        }, request.Aborted);
        await ResourceVerbs.AnswerAsync(request, context, outcome);
    }
}

/// <summary>PUT of an object or its status.</summary>
internal static class UpdateVerb
{
    public static async Task HandleAsync(ApiRequest request, RegistryServices services, WriteStrategy strategy)
    {
        var options = WriteOptions.Read(request, "UpdateOptions");
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        var body = await BodyReader.ReadAsync(request.Http);
        var findings = new List<string>();
        var sent = SentObject.Read(request, body, options.FieldValidation, findings);
        var decoded = sent.First;
        findings.ForEach(context.Warn);
        CheckName(request, decoded);
        IKubernetesObject? fresh = decoded;
        var outcome = await services.Pipeline.WriteAsync(new()
        {
            Kind = request.Kind, Name = request.Info.Name, Context = context, Strategy = strategy, Version = request.Target.Version,
            MayCreate = request.Kind.AllowCreateOnUpdate && strategy == WriteStrategy.Object,
            Produce = _ =>
            {
                var obj = fresh ?? sent.ReadAgain();
                fresh = null;
                return new(obj);
            },
        }, request.Aborted);
        await ResourceVerbs.AnswerAsync(request, context, outcome);
    }

    /// <summary>The object's own names must be those of the URL.</summary>
    public static void CheckName(ApiRequest request, IKubernetesObject obj)
    {
        var info = request.Info;
        if (obj.Metadata.Name.Length == 0)
            throw Failure.BadRequest($"the name of the object ({info.Name} based on URL) was undeterminable: name must be provided");
        if (obj.Metadata.Name != info.Name)
            throw Failure.BadRequest($"the name of the object ({obj.Metadata.Name}) does not match the name on the URL ({info.Name})");
        if (request.Kind.Namespaced && obj.Metadata.Namespace.Length > 0 && obj.Metadata.Namespace != info.Namespace)
            throw Failure.BadRequest(
                $"the namespace of the object ({obj.Metadata.Namespace}) does not match the namespace on the URL ({info.Namespace})");
    }
}
