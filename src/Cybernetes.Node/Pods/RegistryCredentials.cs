using System.Text;
using System.Text.Json;
using Cybernetes.Objects.Core.V1;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>The logins that pull secrets hold, in the two forms of Docker's configuration file. Pure.</summary>
internal static class RegistryCredentials
{
    private const string ConfigKey = ".dockerconfigjson";
    private const string OldConfigKey = ".dockercfg";

    /// <summary>The logins for an image, the most specific first. Secrets that are no pull secrets, or broken ones, have
    /// none.</summary>
    public static IReadOnlyList<Cri.AuthConfig> For(ImageName image, IEnumerable<Secret> secrets)
    {
        var found = new List<(string Place, Cri.AuthConfig Login)>();
        foreach (var secret in secrets)
        {
            foreach (var entry in Entries(secret))
            {
                if (Matches(entry.Place, image))
                    found.Add(entry);
            }
        }

        return [.. found.OrderByDescending(entry => entry.Place.Length).Select(entry => entry.Login)];
    }

    private static IEnumerable<(string Place, Cri.AuthConfig Login)> Entries(Secret secret)
    {
        var isNew = secret.Data is not null && secret.Data.ContainsKey(ConfigKey);
        if (secret.Data?.TryGetValue(isNew ? ConfigKey : OldConfigKey, out var bytes) != true)
            return [];
        try
        {
            using var document = JsonDocument.Parse(bytes!);
            var root = document.RootElement;
            if (isNew && !root.TryGetProperty("auths", out root))
                return [];
            return [.. root.EnumerateObject().Select(entry => (entry.Name, LoginOf(entry.Name, entry.Value)))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // As upstream: a secret that cannot be read is left out, the pull then fails for want of a login and says so.
            return [];
        }
    }

    private static Cri.AuthConfig LoginOf(string place, JsonElement entry)
    {
        var login = new Cri.AuthConfig
        {
            ServerAddress = place, Username = Text(entry, "username"),
            Password = Text(entry, "password")
        };
        if (Text(entry, "identitytoken") is { Length: > 0 } identity)
            login.IdentityToken = identity;
        if (Text(entry, "auth") is not { Length: > 0 } auth)
            return login;
        var pair = Encoding.UTF8.GetString(Convert.FromBase64String(auth));
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            throw new FormatException("a login has to be name:password");
        login.Username = pair[..colon];
        login.Password = pair[(colon + 1)..].Trim('\0');
        return login;
    }

    private static string Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static bool Matches(string place, ImageName image)
    {
        var bare = place;
        var scheme = bare.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
            bare = bare[(scheme + 3)..];
        bare = bare.TrimEnd('/');
        var slash = bare.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? bare : bare[..slash];
        var path = slash < 0 ? "" : bare[(slash + 1)..];
        if (path is "v1" or "v2")
            path = "";
        if (host is "index.docker.io" or "registry-1.docker.io")
            host = "docker.io";
        var isHost = host == image.Registry
            || (host.StartsWith("*.", StringComparison.Ordinal) && SameDepth(host, image.Registry)
                && image.Registry.EndsWith(host[1..], StringComparison.Ordinal));
        return isHost && (path.Length == 0 || image.Repository.StartsWith(path, StringComparison.Ordinal));
    }

    // A star stands for one label.
    private static bool SameDepth(string pattern, string host) => pattern.Count(c => c == '.') == host.Count(c => c == '.');
}
