using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.BootstrapTokens;

/// <summary>A token with which machines join a cluster, as its secret holds it. Pure.</summary>
internal sealed partial record BootstrapToken(string Id, string Secret, bool IsForSigning, DateTimeOffset? Expires)
{
    public const string Type = "bootstrap.kubernetes.io/token";
    public const string Namespace = "kube-system";

    /// <returns>Null for a secret that is not a whole token.</returns>
    public static BootstrapToken? Read(Secret secret)
    {
        string Field(string name) => secret.Data.OrEmpty().TryGetValue(name, out var value) ? Encoding.UTF8.GetString(value) : "";
        var (id, key) = (Field("token-id"), Field("token-secret"));
        if (secret.Type != Type || secret.Metadata.Name != "bootstrap-token-" + id || !IdForm().IsMatch(id) || key.Length == 0)
            return null;
        DateTimeOffset? expires = null;
        if (Field("expiration") is { Length: > 0 } text)
        {
            // One that cannot be read is no token: it must not live for ever by mistake.
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
                return null;
            expires = at;
        }
        return new(id, key, Field("usage-bootstrap-signing") == "true", expires);
    }

    public bool IsExpired(DateTimeOffset now) => Expires is { } at && at <= now;

    /// <summary>A detached signature (RFC 7515, appendix F; HS256) of a text under the token.</summary>
    public string Sign(string text)
    {
        var header = Url(Encoding.UTF8.GetBytes($$"""{"alg":"HS256","kid":"{{Id}}"}"""));
        var signed = Encoding.ASCII.GetBytes(header + "." + Url(Encoding.UTF8.GetBytes(text)));
        return $"{header}..{Url(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), signed))}";
    }

    private static string Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    [GeneratedRegex("^[a-z0-9]{6}$", RegexOptions.None, 1000)]
    private static partial Regex IdForm();
}
