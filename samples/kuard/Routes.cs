using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Cybernetes.Samples.Kuard;

/// <summary>Which path answers what.</summary>
internal static class Routes
{
    private const double LongestSeconds = 60;

    public static Task AnswerAsync(HttpContext context, About about, HealthSwitch health, HealthSwitch readiness) =>
        context.Request.Path.Value?.TrimEnd('/') switch
        {
            "" => TextAsync(context, 200, Page.Render(context.Request, about, health, readiness), "text/html; charset=utf-8"),
            "/version" => TextAsync(context, 200, about.Version + "\n"),
            "/hostname" => TextAsync(context, 200, about.HostName + "\n"),
            "/env" => TextAsync(context, 200, string.Concat(Variables().Select(pair => $"{pair.Key}={pair.Value}\n"))),
            "/env/api" => JsonAsync(context, WriteVariables),
            "/request" => JsonAsync(context, json => WriteRequest(json, context.Request, about)),
            "/healthy" => ProbeAsync(context, health),
            "/healthy/api" => SwitchAsync(context, health),
            "/ready" => ProbeAsync(context, readiness),
            "/ready/api" => SwitchAsync(context, readiness),
            "/slow" => SlowAsync(context, about),
            _ => TextAsync(context, 404, "no such page\n"),
        };

    private static Task ProbeAsync(HttpContext context, HealthSwitch probe) =>
        probe.Probe() ? TextAsync(context, 200, "ok\n") : TextAsync(context, 500, $"not {probe.Name}: switched off\n");

    // GET tells the state; PUT {"failNext": N} sets it; POST ?failNext=N does so for the page's buttons and leads back to the page.
    private static async Task SwitchAsync(HttpContext context, HealthSwitch probe)
    {
        if (HttpMethods.IsPut(context.Request.Method))
        {
            if (await ReadFailNextAsync(context) is not { } wanted)
            {
                await TextAsync(context, 400, "wanted: {\"failNext\": NUMBER}, where -1 fails until it is set to 0\n");
                return;
            }
            probe.FailNext = wanted;
        }
        else if (HttpMethods.IsPost(context.Request.Method))
        {
            if (!int.TryParse(context.Request.Query["failNext"], out var wanted))
            {
                await TextAsync(context, 400, "wanted: ?failNext=NUMBER\n");
                return;
            }
            probe.FailNext = wanted;
            context.Response.Redirect("/");
            return;
        }
        await JsonAsync(context, json => json.WriteNumber("failNext", probe.FailNext));
    }

    private static async Task<int?> ReadFailNextAsync(HttpContext context)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            return body.RootElement.ValueKind == JsonValueKind.Object
                && body.RootElement.TryGetProperty("failNext", out var value) && value.TryGetInt32(out var number) ? number : null;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // For seeing what a rollout does to requests that take long.
    private static async Task SlowAsync(HttpContext context, About about)
    {
        var given = double.TryParse(context.Request.Query["seconds"], CultureInfo.InvariantCulture, out var parsed) ? parsed : 1;
        var seconds = Math.Clamp(double.IsNaN(given) ? 1 : given, 0, LongestSeconds);
        await Task.Delay(TimeSpan.FromSeconds(seconds), about.Clock, context.RequestAborted);
        await TextAsync(context, 200, $"{about.HostName} took {seconds.ToString(CultureInfo.InvariantCulture)} s\n");
    }

    private static void WriteRequest(Utf8JsonWriter json, HttpRequest request, About about)
    {
        json.WriteString("hostName", about.HostName);
        json.WriteString("version", about.Version);
        json.WriteStartArray("addresses");
        foreach (var address in about.Addresses)
            json.WriteStringValue(address.ToString());
        json.WriteEndArray();
        json.WriteString("client", request.HttpContext.Connection.RemoteIpAddress?.ToString());
        json.WriteString("method", request.Method);
        json.WriteString("path", request.Path + request.QueryString);
        json.WriteString("protocol", request.Protocol);
        json.WriteStartObject("headers");
        foreach (var (name, value) in request.Headers.OrderBy(header => header.Key, StringComparer.Ordinal))
            json.WriteString(name, value.ToString());
        json.WriteEndObject();
    }

    private static void WriteVariables(Utf8JsonWriter json)
    {
        foreach (var (name, value) in Variables())
            json.WriteString(name, value);
    }

    private static IEnumerable<KeyValuePair<string, string>> Variables() =>
        from DictionaryEntry entry in Environment.GetEnvironmentVariables()
        let pair = KeyValuePair.Create((string)entry.Key, (string?)entry.Value ?? "")
        orderby pair.Key
        select pair;

    private static Task TextAsync(HttpContext context, int status, string text, string type = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(text);
    }

    private static async Task JsonAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    }
}
