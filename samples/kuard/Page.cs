using System.Globalization;
using System.Net;
using System.Text;

namespace Cybernetes.Samples.Kuard;

/// <summary>The page for people: page.html with its {{places}} filled.</summary>
internal static class Page
{
    private static readonly string Template = ReadTemplate();
    private static readonly string[] Colours = ["#64748b", "#2563eb", "#15803d", "#b45309", "#7e22ce", "#be123c"];

    public static string Render(HttpRequest request, About about, HealthSwitch health, HealthSwitch readiness)
    {
        var headers = new StringBuilder();
        foreach (var (name, value) in request.Headers.OrderBy(header => header.Key, StringComparer.Ordinal))
            headers.Append($"<tr><th>{Escape(name)}</th><td>{Escape(value.ToString())}</td></tr>");

        var colour = int.TryParse(about.Version, out var number) && number > 0 ? number % Colours.Length : 0;
        return new StringBuilder(Template)
            .Replace("{{version}}", Escape(about.Version))
            .Replace("{{colour}}", Colours[colour])
            .Replace("{{hostName}}", Escape(about.HostName))
            .Replace("{{addresses}}", Escape(string.Join(", ", about.Addresses)))
            .Replace("{{uptime}}", (about.Clock.GetUtcNow() - about.StartedAt).ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture))
            .Replace("{{client}}", Escape(request.HttpContext.Connection.RemoteIpAddress?.ToString() ?? ""))
            .Replace("{{request}}", Escape($"{request.Method} {request.Path}{request.QueryString} {request.Protocol}"))
            .Replace("{{switches}}", Switch(health) + Switch(readiness))
            .Replace("{{headers}}", headers.ToString())
            .ToString();
    }

    private static string Switch(HealthSwitch probe)
    {
        var (state, kind) = probe.FailNext switch
        {
            0 => ("answers 200", "good"),
            < 0 => ("answers 500 until switched back", "bad"),
            var left => ($"answers 500 to the next {left}", "bad"),
        };
        return $"""
            <tr><th><a href="/{probe.Name}">/{probe.Name}</a></th><td><span class="{kind}">{state}</span>
            <form method="post">
            <button formaction="/{probe.Name}/api?failNext=0">succeed</button>
            <button formaction="/{probe.Name}/api?failNext=3">fail 3 times</button>
            <button formaction="/{probe.Name}/api?failNext=-1">fail</button>
            </form></td></tr>
            """;
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static string ReadTemplate()
    {
        using var stream = typeof(Page).Assembly.GetManifestResourceStream("page.html")
            ?? throw new InvalidOperationException("page.html is not in the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
