using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>The bounds and options every JSON reader and writer of the API uses.</summary>
public static class JsonLimits
{
    /// <summary>Levels of nesting a document may have. Upstream's bound is 10,000; no built-in kind nests beyond 40, schemas of
    /// CRDs beyond 200.</summary>
    public const int MaximumDepth = 1000;

    public static JsonReaderOptions ReaderOptions => new() { MaxDepth = MaximumDepth };

    public static JsonDocumentOptions DocumentOptions => new() { MaxDepth = MaximumDepth };

    public static JsonWriterOptions WriterOptions => new()
    {
        MaxDepth = MaximumDepth,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static JsonWriterOptions IndentedWriterOptions => new()
    {
        MaxDepth = MaximumDepth,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
        Indented = true,
    };
}
