using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Cybernetes.EndToEnd.Tests.Faults;

/// <summary>ConfigMaps whose contents follow from one number, so that half a write shows.</summary>
internal sealed class ApiClient(HttpClient http, string @namespace)
{
    private readonly string _path = $"api/v1/namespaces/{@namespace}/configmaps";

    public Task<(HttpStatusCode Code, ApiEvent? Answer)> CreateAsync(string name, int value) =>
        SendAsync(HttpMethod.Post, _path, Body(name, value, 0));

    /// <param name="revision">The version that is replaced; 0: whichever there is.</param>
    public Task<(HttpStatusCode Code, ApiEvent? Answer)> ReplaceAsync(string name, int value, long revision) =>
        SendAsync(HttpMethod.Put, $"{_path}/{name}", Body(name, value, revision));

    public Task<(HttpStatusCode Code, ApiEvent? Answer)> GetAsync(string name) => SendAsync(HttpMethod.Get, $"{_path}/{name}", null);

    public async Task<HttpStatusCode> DeleteAsync(string name)
    {
        using var answer = await http.DeleteAsync($"{_path}/{name}");
        return answer.StatusCode;
    }

    public async Task<(long Revision, Dictionary<string, int> Values)> ListAsync()
    {
        using var list = JsonDocument.Parse(await http.GetStringAsync(_path));
        var items = list.RootElement.GetProperty("items").EnumerateArray().Select(item => Read("LISTED", item));
        return (RevisionOf(list.RootElement), items.ToDictionary(item => item.Name, item => item.Value));
    }

    /// <summary>The changes behind a revision, until the connection breaks.</summary>
    /// <exception cref="InvalidDataException">The server refuses, or an object is not whole.</exception>
    public async IAsyncEnumerable<ApiEvent> WatchAsync(long revision, string more)
    {
        var address = $"{_path}?watch=1&allowWatchBookmarks=true&resourceVersion={revision}{more}";
        using var answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead);
        if (answer.StatusCode != HttpStatusCode.OK)
            throw new HttpRequestException($"{(int)answer.StatusCode}", null, answer.StatusCode);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        while (await lines.ReadLineAsync() is { } line)
        {
            using var change = JsonDocument.Parse(line);
            var type = change.RootElement.GetProperty("type").GetString()!;
            if (type == "ERROR")
                throw new InvalidDataException(line);
            yield return Read(type, change.RootElement.GetProperty("object"));
        }
    }

    private async Task<(HttpStatusCode Code, ApiEvent? Answer)> SendAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            return (answer.StatusCode, null);
        using var read = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, Read("", read.RootElement));
    }

    private static ApiEvent Read(string type, JsonElement item)
    {
        if (type == "BOOKMARK")
            return new ApiEvent(type, "", RevisionOf(item), 0);
        var name = item.GetProperty("metadata").GetProperty("name").GetString()!;
        if (!item.TryGetProperty("data", out var data))
            return new ApiEvent(type, name, RevisionOf(item), 0); // the root certificate that controllers put into each namespace has none of ours
        var value = int.Parse(data.GetProperty("value").GetString()!, CultureInfo.InvariantCulture);
        if (data.GetProperty("pad").GetString() != Pad(value))
            throw new InvalidDataException($"{name} at {RevisionOf(item)} is not whole: {item}");
        return new ApiEvent(type, name, RevisionOf(item), value);
    }

    private static long RevisionOf(JsonElement item) =>
        long.Parse(item.GetProperty("metadata").GetProperty("resourceVersion").GetString()!, CultureInfo.InvariantCulture);

    private static string Body(string name, int value, long revision)
    {
        var version = revision == 0 ? "" : $", \"resourceVersion\": \"{revision}\"";
        return $$$"""
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{{name}}}"{{{version}}}},
             "data": {"value": "{{{value}}}", "pad": "{{{Pad(value)}}}"} }
            """;
    }

    // Some larger than a page of the database.
    private static string Pad(int value) => new((char)('a' + (value % 26)), value % 13 == 0 ? 9000 + (value % 4000) : value % 700);
}
