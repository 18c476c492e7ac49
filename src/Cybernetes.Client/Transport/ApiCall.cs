namespace Cybernetes.Client.Transport;

/// <summary>One untyped request.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="PathAndQuery">Absolute on the server, escaped: <c>/api/v1/namespaces/default/pods?limit=1</c>.</param>
public sealed record ApiCall(HttpMethod Method, string PathAndQuery)
{
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The media type of <see cref="Body"/>. Default: application/json.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>Default: application/json.</summary>
    public string Accept { get; init; } = "application/json";

    /// <summary>
    /// The <see cref="ApiAnswer.ETag"/> of an earlier answer: when nothing has changed since, the answer is a 304 without a body. Empty: none.
    /// </summary>
    public string IfNoneMatch { get; init; } = "";
}

/// <summary>An untyped answer, read in full.</summary>
/// <param name="Code">The HTTP status code, always below 400.</param>
/// <param name="ContentType">The media type, or empty.</param>
/// <param name="Body">The bytes; owned by the receiver.</param>
public sealed record ApiAnswer(int Code, string ContentType, ReadOnlyMemory<byte> Body)
{
    /// <summary>What names this state of the answer; empty where the server does not say.</summary>
    public string ETag { get; init; } = "";
}
