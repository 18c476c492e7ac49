namespace Cybernetes.Load.Requests;

/// <summary>
/// A request before it is rendered for a protocol. Path and body may hold the marks of <see cref="Slots"/>, whose places are filled in anew for
/// each request.
/// </summary>
internal sealed record RequestDraft(string Method, string Path)
{
    public string Accept { get; init; } = "application/json";

    public string AcceptEncoding { get; init; } = "";

    public string ContentType { get; init; } = "application/json";

    /// <summary>Empty: none.</summary>
    public string Body { get; init; } = "";
}

/// <summary>Marks in a draft, each a character that stands for digits of fixed width.</summary>
internal static class Slots
{
    /// <summary>The object's number.</summary>
    public const char Index = '\u0001';

    /// <summary>When the request was sent and its number (see <see cref="Stamp"/>).</summary>
    public const char Sent = '\u0002';

    /// <summary>The namespace's number.</summary>
    public const char Namespace = '\u0003';

    public const int IndexDigits = 8;
    public const int NamespaceDigits = 3;

    public static int WidthOf(char mark) => mark switch
    {
        Index => IndexDigits,
        Namespace => NamespaceDigits,
        _ => Stamp.Length,
    };
}
