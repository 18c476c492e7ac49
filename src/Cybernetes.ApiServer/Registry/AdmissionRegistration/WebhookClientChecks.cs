using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;

namespace Cybernetes.ApiServer.Registry.AdmissionRegistration;

/// <summary>Where a webhook is called: a URL or a service. Source: apiserver's webhook validation.</summary>
internal static class WebhookClientChecks
{
    private const string Form = "; desired format: https://host[/path]";

    public static void Client(WebhookClientConfig client, FieldPath path, FieldErrorList errors)
    {
        if ((client.URL is null) == (client.Service is null))
            errors.Required(path, "exactly one of url or service is required");
        else if (client.URL is { } url)
            Url(url, path.Child("url"), errors);
        else
            Service(client.Service!, path.Child("service"), errors);
    }

    private static void Url(string url, FieldPath path, FieldErrorList errors)
    {
        if (!TryParse(url, out var parts, out var problem))
        {
            errors.Required(path, $"url must be a valid URL: parse {GoText.Quote(url)}: {problem}{Form}");
            return;
        }
        if (parts.Scheme != "https")
            errors.Invalid(path, parts.Scheme, "'https' is the only allowed URL scheme" + Form);
        if (parts.Host.Length == 0)
            errors.Invalid(path, parts.Host, "host must be specified" + Form);
        if (parts.User is { } user)
            errors.Invalid(path, user, "user information is not permitted in the URL");
        if (parts.Fragment.Length > 0)
            errors.Invalid(path, parts.Fragment, "fragments are not permitted in the URL");
        if (parts.Query.Length > 0)
            errors.Invalid(path, parts.Query, "query parameters are not permitted in the URL");
    }

    /// <summary>Go's split of a URL, as far as the checks need it.</summary>
    private static bool TryParse(string url, out (string Scheme, string? User, string Host, string Query, string Fragment) parts, out string problem)
    {
        parts = ("", null, "", "", "");
        problem = "";
        if (url.Any(char.IsControl))
        {
            problem = "net/url: invalid control character in URL";
            return false;
        }
        var (rest, fragment) = Cut(url, '#');
        var colon = rest.IndexOf(':');
        var end = rest.AsSpan().IndexOfAny('/', '?');
        var scheme = colon >= 0 && (end < 0 || colon < end) ? rest[..colon] : "";
        if (colon == 0)
        {
            problem = "missing protocol scheme";
            return false;
        }
        if (scheme.Length > 0 && (!char.IsAsciiLetter(scheme[0]) || !scheme.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.')))
        {
            // Go takes what begins with something else for a path, whose first segment may have no colon.
            problem = "first path segment in URL cannot contain colon";
            return false;
        }
        if (scheme.Length > 0)
            rest = rest[(colon + 1)..];
        (rest, var query) = Cut(rest, '?');
        string? user = null;
        var host = "";
        if (rest.StartsWith("//", StringComparison.Ordinal))
        {
            host = Cut(rest[2..], '/').Before;
            var at = host.LastIndexOf('@');
            if (at >= 0)
                (user, host) = (host[..at], host[(at + 1)..]);
        }
        if (host.Contains(' '))
        {
            problem = "invalid character \" \" in host name";
            return false;
        }
        var port = host[(host.LastIndexOf(']') + 1)..];
        if (port.IndexOf(':') is >= 0 and var p && !port[(p + 1)..].All(char.IsAsciiDigit))
        {
            problem = $"invalid port {GoText.Quote(port[p..])} after host";
            return false;
        }
        parts = (scheme.ToLowerInvariant(), user, host, query, fragment);
        return true;
    }

    private static (string Before, string After) Cut(string text, char separator)
    {
        var at = text.IndexOf(separator);
        return at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
    }

    private static void Service(ServiceReference service, FieldPath path, FieldErrorList errors)
    {
        if (service.Name.Length == 0)
            errors.Required(path.Child("name"), "service name is required");
        if (service.Namespace.Length == 0)
            errors.Required(path.Child("namespace"), "service namespace is required");
        var port = service.Port ?? 0;
        if (Names.PortNumber(port) is { Count: > 0 } reasons)
            errors.Invalid(path.Child("port"), port, "port is not valid: " + string.Join(",", reasons));
        if (service.Path is not { } url || url is "" or "/")
            return;
        var at = path.Child("path");
        if (url == "//")
        {
            errors.Invalid(at, url, "segment[0] may not be empty");
            return;
        }
        if (url[0] != '/')
            errors.Invalid(at, url, "must start with a '/'");
        var steps = (url.EndsWith('/') ? url[1..^1] : url[1..]).Split('/');
        for (var i = 0; i < steps.Length; i++)
        {
            if (steps[i].Length == 0)
                errors.Invalid(at, url, $"segment[{i}] may not be empty");
            else
                errors.AddInvalid(at, url, Names.Dns1123Subdomain(steps[i]).Select(reason => $"segment[{i}]: {reason}"));
        }
    }
}
