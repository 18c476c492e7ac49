using Cybernetes.Load.Connections;

namespace Cybernetes.Load.Requests;

/// <summary>A draft as the bytes of HTTP/1.1.</summary>
internal static class Http1Request
{
    public static RequestTemplate Render(Endpoint endpoint, RequestDraft draft)
    {
        var bytes = new TemplateBuilder()
            .Append($"{draft.Method} {draft.Path} HTTP/1.1\r\nhost: {endpoint.Authority}\r\nuser-agent: cyb-load\r\naccept: {draft.Accept}\r\n");
        if (draft.AcceptEncoding.Length > 0)
            bytes.Append($"accept-encoding: {draft.AcceptEncoding}\r\n");
        foreach (var (name, value) in endpoint.Headers)
            bytes.Append($"{name}: {value}\r\n");
        if (draft.Body.Length > 0)
            bytes.Append($"content-type: {draft.ContentType}\r\ncontent-length: {TemplateBuilder.WidthOf(draft.Body)}\r\n");
        return bytes.Append("\r\n").Append(draft.Body).Build();
    }
}
