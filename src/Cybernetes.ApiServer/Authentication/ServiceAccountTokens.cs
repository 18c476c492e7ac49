using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Cybernetes.ApiServer.Authentication;

/// <summary>What a service account token says, beside the issuer.</summary>
internal sealed record TokenClaims
{
    public required string Namespace { get; init; }

    public required string ServiceAccount { get; init; }

    public required string ServiceAccountUid { get; init; }

    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>Id of this token.</summary>
    public string Id { get; init; } = "";

    public DateTimeOffset IssuedAt { get; init; }

    public DateTimeOffset NotBefore { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Kind and name and uid of the object that the token dies with (pod, secret or node); null for none.</summary>
    public (string Kind, string Name, string Uid)? Bound { get; init; }

    /// <summary>Node of the bound pod: name and uid; null for none.</summary>
    public (string Name, string Uid)? Node { get; init; }

    /// <summary>Of the old form, without an end: it lives by the secret that holds it.</summary>
    public bool IsLegacy { get; init; }

    /// <summary>From when on the use of the token is to be warned of; null for never.</summary>
    public DateTimeOffset? WarnAfter { get; init; }
}

/// <summary>
/// Signs and reads service account tokens: JSON web tokens (RFC 7519) under RS256 or ES256, in Kubernetes' form. Safe for concurrent use.
/// </summary>
public sealed class ServiceAccountTokens
{
    // Of tokens that stood in secrets before there was the TokenRequest API; clusters of old may bring them along with their key.
    private const string LegacyIssuer = "kubernetes/serviceaccount";
    private const string LegacyClaim = "kubernetes.io/serviceaccount/";

    private readonly AsymmetricAlgorithm? _key;
    private readonly string _issuer;
    private readonly string _keyId = "";
    private readonly Lock _lock = new();

    /// <summary>Over a signing key; null makes a server that neither issues nor accepts tokens.</summary>
    public ServiceAccountTokens(AsymmetricAlgorithm? key, string issuer)
    {
        _key = key;
        _issuer = issuer;
        if (key is not null)
            _keyId = Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
    }

    /// <summary>Whether there is a key.</summary>
    public bool CanSign => _key is not null;

    /// <summary>The issuer, which is also the audience of tokens for the API server.</summary>
    public string Issuer => _issuer;

    internal string Sign(TokenClaims claims)
    {
        var algorithm = _key is RSA ? "RS256" : "ES256";
        var head = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{{\"alg\":\"{algorithm}\",\"kid\":\"{_keyId}\"}}"));
        var signed = $"{head}.{Base64Url.EncodeToString(Write(claims))}";
        var bytes = Encoding.ASCII.GetBytes(signed);
        lock (_lock)
        {
            var signature = _key switch
            {
                RSA rsa => rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                ECDsa ecdsa => ecdsa.SignData(bytes, HashAlgorithmName.SHA256),
                _ => throw new InvalidOperationException("there is no key for service account tokens"),
            };
            return $"{signed}.{Base64Url.EncodeToString(signature)}";
        }
    }

    /// <summary>The claims of a token that this key signed for this issuer; null for any other text. Times are not checked.</summary>
    internal TokenClaims? Read(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || _key is null)
            return null;
        try
        {
            using var head = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            if (head.RootElement.GetProperty("alg").GetString() != (_key is RSA ? "RS256" : "ES256"))
                return null;
            var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
            if (!Verify(signed, Base64Url.DecodeFromChars(parts[2])))
                return null;
            using var body = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            var issuer = body.RootElement.GetProperty("iss").GetString();
            return issuer == _issuer ? Read(body.RootElement) : issuer == LegacyIssuer ? ReadLegacy(body.RootElement) : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null; // any text may come as a token
        }
    }

    private bool Verify(byte[] signed, byte[] signature)
    {
        lock (_lock)
        {
            return _key switch
            {
                RSA rsa => rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                ECDsa ecdsa => ecdsa.VerifyData(signed, signature, HashAlgorithmName.SHA256),
                _ => false,
            };
        }
    }

    private byte[] Write(TokenClaims claims)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("aud");
            foreach (var audience in claims.Audiences)
                writer.WriteStringValue(audience);
            writer.WriteEndArray();
            writer.WriteNumber("exp", claims.ExpiresAt.ToUnixTimeSeconds());
            writer.WriteNumber("iat", claims.IssuedAt.ToUnixTimeSeconds());
            writer.WriteString("iss", _issuer);
            writer.WriteString("jti", claims.Id);
            writer.WriteStartObject("kubernetes.io");
            writer.WriteString("namespace", claims.Namespace);
            if (claims.Node is { } node)
                WriteReference(writer, "node", node.Name, node.Uid);
            if (claims.Bound is { } bound)
                WriteReference(writer, bound.Kind.ToLowerInvariant(), bound.Name, bound.Uid);
            WriteReference(writer, "serviceaccount", claims.ServiceAccount, claims.ServiceAccountUid);
            if (claims.WarnAfter is { } warnAfter)
                writer.WriteNumber("warnafter", warnAfter.ToUnixTimeSeconds());
            writer.WriteEndObject();
            writer.WriteNumber("nbf", claims.NotBefore.ToUnixTimeSeconds());
            writer.WriteString("sub", $"system:serviceaccount:{claims.Namespace}:{claims.ServiceAccount}");
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static void WriteReference(Utf8JsonWriter writer, string property, string name, string uid)
    {
        writer.WriteStartObject(property);
        writer.WriteString("name", name);
        writer.WriteString("uid", uid);
        writer.WriteEndObject();
    }

    private static TokenClaims Read(JsonElement body)
    {
        var own = body.GetProperty("kubernetes.io");
        var account = own.GetProperty("serviceaccount");
        (string, string, string)? bound = null;
        foreach (var kind in (ReadOnlySpan<string>)["pod", "secret"])
        {
            if (own.TryGetProperty(kind, out var reference))
                bound = (kind == "pod" ? "Pod" : "Secret", Text(reference, "name"), Text(reference, "uid"));
        }
        var audience = body.GetProperty("aud");
        return new()
        {
            Namespace = Text(own, "namespace"), ServiceAccount = Text(account, "name"), ServiceAccountUid = Text(account, "uid"),
            Audiences = audience.ValueKind == JsonValueKind.Array
                ? [.. audience.EnumerateArray().Select(a => a.GetString() ?? "")]
                : [audience.GetString() ?? ""],
            Id = body.TryGetProperty("jti", out var id) ? id.GetString() ?? "" : "",
            IssuedAt = Time(body, "iat"), NotBefore = Time(body, "nbf"), ExpiresAt = Time(body, "exp"), Bound = bound,
            Node = own.TryGetProperty("node", out var node) ? (Text(node, "name"), Text(node, "uid")) : null,
            WarnAfter = own.TryGetProperty("warnafter", out _) ? Time(own, "warnafter") : null,
        };
    }

    /// <summary>They never expire, know no audience, and hold as long as their secret says the same.</summary>
    private TokenClaims? ReadLegacy(JsonElement body)
    {
        var (ns, account) = (Text(body, LegacyClaim + "namespace"), Text(body, LegacyClaim + "service-account.name"));
        var (uid, secret) = (Text(body, LegacyClaim + "service-account.uid"), Text(body, LegacyClaim + "secret.name"));
        if (ns.Length == 0 || account.Length == 0 || uid.Length == 0 || secret.Length == 0
            || Text(body, "sub") != $"system:serviceaccount:{ns}:{account}")
            return null;
        return new()
        {
            Namespace = ns, ServiceAccount = account, ServiceAccountUid = uid, Audiences = [_issuer], NotBefore = DateTimeOffset.MinValue,
            ExpiresAt = DateTimeOffset.MaxValue, Bound = ("Secret", secret, ""), IsLegacy = true,
        };
    }

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString() ?? "";

    private static DateTimeOffset Time(JsonElement element, string property) => DateTimeOffset.FromUnixTimeSeconds(element.GetProperty(property).GetInt64());
}
