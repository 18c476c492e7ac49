using System.Text.Json;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Subresources;

/// <summary>POST of serviceaccounts/token (<c>authentication.k8s.io/v1 TokenRequest</c>): a signed token, bound to a pod or secret where asked.</summary>
internal sealed class TokenSubresource(ServiceAccountTokens tokens) : Subresource
{
    private const long LeastSeconds = 600;
    private const long MostSeconds = 1L << 32;

    // What pods' volumes ask for. Such a token lives a year, so that programs that read it once do not break, and its late use is warned of.
    private const long WarnAfterSeconds = 3607;
    private static readonly TimeSpan ExtendedLife = TimeSpan.FromDays(365);
    private static readonly StorageVersion<TokenRequest> TokenVersion = new();

    public override string Name => "token";

    public override string Group => "authentication.k8s.io";

    public override string Kind => "TokenRequest";

    public override KindVerbs Verbs => KindVerbs.Create;

    public override async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        if (!tokens.CanSign)
            throw Failure.NoSuchRoute();
        var options = WriteOptions.Read(request, "CreateOptions");
        var findings = new List<string>();
        var json = BodyDecoder.ToJson(request.Http.Request.ContentType, await BodyReader.ReadAsync(request.Http), findings);
        var asked = (TokenRequest)BodyDecoder.Decode(new(request.Kind, TokenVersion), json, options.FieldValidation, findings);
        findings.ForEach(request.Warn);
        if (asked.Spec.Audiences is not { Count: > 0 })
            asked.Spec.Audiences = [tokens.Issuer];
        asked.Spec.ExpirationSeconds ??= 3600;
        Check(request, asked);

        var info = request.Info;
        var record = await services.FindAsync(request.Kind, info.Namespace, info.Name, request.Aborted)
            ?? throw Failure.NotFound(request.Kind.Resource, info.Name);
        var account = (ServiceAccount)request.Kind.DecodeStored(record.Value);
        var (bound, node) = await FindBoundAsync(asked, account, services, request.Aborted);
        Answer(asked, account, bound, node, services, request.Received);
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            asked.WriteJson(writer);
        await Answers.WriteAsync(request, 201, MediaNegotiation.Negotiate(request.Http.Request.Headers.Accept, transforms: false), buffer.WrittenMemory);
    }

    private void Answer(
        TokenRequest asked, ServiceAccount account, (string, string, string)? bound, (string, string)? node, RegistryServices services, DateTimeOffset now)
    {
        var seconds = asked.Spec.ExpirationSeconds!.Value;
        var extended = seconds == WarnAfterSeconds && asked.Spec.Audiences!.Contains(tokens.Issuer) && bound is ("Pod", _, _);
        var claims = new TokenClaims
        {
            Namespace = account.Metadata.Namespace, ServiceAccount = account.Metadata.Name, ServiceAccountUid = account.Metadata.UID,
            Audiences = asked.Spec.Audiences!, Id = services.Identities.NewUuidText(), IssuedAt = now, NotBefore = now,
            ExpiresAt = extended ? now + ExtendedLife : now.AddSeconds(seconds), Bound = bound, Node = node,
            WarnAfter = extended ? now.AddSeconds(WarnAfterSeconds) : null,
        };
        asked.APIVersion = "authentication.k8s.io/v1";
        asked.Kind = "TokenRequest";
        asked.Metadata.Name = account.Metadata.Name;
        asked.Metadata.Namespace = account.Metadata.Namespace;
        asked.Metadata.CreationTimestamp = KubernetesTime.TruncateToSecond(now);
        // The expiry told is the one asked for, so that kubelets renew in time.
        asked.Status = new() { Token = tokens.Sign(claims), ExpirationTimestamp = KubernetesTime.TruncateToSecond(now.AddSeconds(seconds)) };
    }

    private static void Check(ApiRequest request, TokenRequest asked)
    {
        if (asked.Metadata.Name.Length > 0 && asked.Metadata.Name != request.Info.Name)
            throw Failure.BadRequest($"metadata.name: Invalid value: {JsonText.Quote(asked.Metadata.Name)}: must match the service account name if specified");
        var errors = new FieldErrorList();
        var path = FieldPath.Of("spec", "expirationSeconds");
        if (asked.Spec.ExpirationSeconds < LeastSeconds)
            errors.Add(FieldError.Invalid(path, asked.Spec.ExpirationSeconds, "may not specify a duration less than 10 minutes"));
        if (asked.Spec.ExpirationSeconds > MostSeconds)
            errors.Add(FieldError.Invalid(path, asked.Spec.ExpirationSeconds, "may not specify a duration larger than 2^32 seconds"));
        if (errors.Count > 0)
            throw Failure.Invalid("authentication.k8s.io", "TokenRequest", request.Info.Name, errors);
    }

    private static async ValueTask<((string, string, string)? Bound, (string, string)? Node)> FindBoundAsync(
        TokenRequest asked, ServiceAccount account, RegistryServices services, CancellationToken cancellation)
    {
        if (asked.Spec.BoundObjectRef is not { } reference)
            return (null, null);
        var ns = account.Metadata.Namespace;
        switch (reference)
        {
            case { Kind: "Pod", APIVersion: "v1" or "" }:
                var pod = await services.FindAsync<Pod>("", "pods", ns, reference.Name, cancellation)
                    ?? throw Failure.NotFound(new("", "pods"), reference.Name);
                if (pod.Spec.ServiceAccountName != account.Metadata.Name)
                    throw Failure.BadRequest($"cannot bind token for serviceaccount {JsonText.Quote(account.Metadata.Name)} to pod running with "
                        + $"different serviceaccount name.");
                CheckUid(reference, pod.Metadata.UID, new("", "pods"));
                var node = await services.FindAsync<Objects.Core.V1.Node>("", "nodes", "", pod.Spec.NodeName, cancellation);
                return (("Pod", pod.Metadata.Name, pod.Metadata.UID), node is null ? null : (node.Metadata.Name, node.Metadata.UID));
            case { Kind: "Secret", APIVersion: "v1" or "" }:
                var secret = await services.FindAsync<Secret>("", "secrets", ns, reference.Name, cancellation)
                    ?? throw Failure.NotFound(new("", "secrets"), reference.Name);
                CheckUid(reference, secret.Metadata.UID, new("", "secrets"));
                return (("Secret", secret.Metadata.Name, secret.Metadata.UID), null);
            default:
                throw Failure.BadRequest($"cannot bind token to object of type {reference.APIVersion}, Kind={reference.Kind}");
        }
    }

    private static void CheckUid(BoundObjectReference reference, string uid, QualifiedResource resource)
    {
        if (reference.UID.Length > 0 && reference.UID != uid)
            throw Failure.Conflict(resource, reference.Name, $"the UID in the bound object reference ({reference.UID}) does not match the UID in record. "
                + "The object might have been deleted and then recreated");
    }
}
