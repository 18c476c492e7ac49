using System.Globalization;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>How bodies are written.</summary>
internal enum MediaFormat
{
    Json,
    Yaml,
    Protobuf,
}

/// <summary>What an object is turned into before it is written.</summary>
internal enum MediaTransform
{
    None,
    Table,
    PartialObjectMetadata,
    PartialObjectMetadataList,
}

/// <summary>The answer's form, agreed with the Accept header.</summary>
/// <param name="Format">Format of the body.</param>
/// <param name="Transform">What is asked for by <c>as=</c>.</param>
/// <param name="MetaVersion">Version of group meta.k8s.io for the transform: <c>v1</c> or <c>v1beta1</c>.</param>
/// <param name="Pretty">Whether the clause asks for indented JSON.</param>
internal readonly record struct AcceptedMedia(
    MediaFormat Format, MediaTransform Transform = MediaTransform.None, string MetaVersion = "v1", bool Pretty = false)
{
    public const string All = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    /// <summary>Content type of the answer.</summary>
    public string ContentType => Format switch
    {
        MediaFormat.Yaml => "application/yaml",
        MediaFormat.Protobuf => ProtobufEnvelope.ContentType,
        _ => "application/json",
    };
}

/// <summary>What a request's answer can be.</summary>
/// <param name="Transforms">Whether it can be a table or partial metadata.</param>
/// <param name="Protobuf">Whether it can be protobuf.</param>
/// <param name="Stream">Whether it is a stream of watch events.</param>
internal readonly record struct MediaOffer(bool Transforms = false, bool Protobuf = true, bool Stream = false)
{
    /// <summary>The media types as a refusal lists them.</summary>
    public string Names => (Stream, Protobuf) switch
    {
        (true, true) => "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
        (true, false) => "application/json;stream=watch",
        (false, true) => AcceptedMedia.All,
        _ => "application/json, application/yaml",
    };
}

/// <summary>Reads Accept headers (RFC 9110 section 12.5.1 with Kubernetes' parameters <c>as</c>, <c>g</c>, <c>v</c>, <c>stream</c>, <c>pretty</c>).</summary>
internal static class MediaNegotiation
{
    private static readonly AcceptedMedia Json = new(MediaFormat.Json);

    /// <summary>The form of an answer that is no stream.</summary>
    public static AcceptedMedia Negotiate(string? accept, bool transforms) => Negotiate(accept, new MediaOffer(transforms));

    /// <summary>The first clause that can be served, the highest quality and the most exact first; a 406 when none can.</summary>
    /// <param name="accept">The header; empty accepts JSON.</param>
    /// <param name="offer">What can be served.</param>
    public static AcceptedMedia Negotiate(string? accept, MediaOffer offer) =>
        Find(accept, offer) ?? throw Failure.NotAcceptable(offer.Names);

    /// <summary>The same; null when no clause can be served.</summary>
    public static AcceptedMedia? Find(string? accept, MediaOffer offer)
    {
        if (string.IsNullOrEmpty(accept) || accept is "*/*" or "application/json")
            return Json;
        foreach (var clause in AcceptClause.Parse(accept))
        {
            foreach (var format in FormatsOf(clause))
            {
                if (Serve(clause, format, offer) is { } media)
                    return media;
            }
        }
        return null;
    }

    private static ReadOnlySpan<MediaFormat> FormatsOf(AcceptClause clause) => clause.Type switch
    {
        "*/*" or "application/*" => [MediaFormat.Json, MediaFormat.Yaml, MediaFormat.Protobuf],
        "application/json" => [MediaFormat.Json],
        "application/yaml" => [MediaFormat.Yaml],
        ProtobufEnvelope.ContentType => [MediaFormat.Protobuf],
        _ => [],
    };

    private static AcceptedMedia? Serve(AcceptClause clause, MediaFormat format, MediaOffer offer)
    {
        if ((format == MediaFormat.Protobuf && !offer.Protobuf) || (format == MediaFormat.Yaml && offer.Stream))
            return null;
        if (clause.Parameter("stream") is { Length: > 0 } stream && (stream != "watch" || format == MediaFormat.Yaml))
            return null;
        var pretty = clause.Parameter("pretty") == "1";
        var target = clause.Parameter("as");
        if (target.Length == 0)
            return new(format, Pretty: pretty);
        // Discovery asks for as=APIGroupDiscoveryList of another group; its documents read the header themselves.
        var version = clause.Parameter("v");
        if (!offer.Transforms || clause.Parameter("g") != "meta.k8s.io" || version is not ("v1" or "v1beta1"))
            return null;
        return target switch
        {
            "Table" when format != MediaFormat.Protobuf => new(format, MediaTransform.Table, version, pretty),
            "PartialObjectMetadata" => new(format, MediaTransform.PartialObjectMetadata, version, pretty),
            "PartialObjectMetadataList" => new(format, MediaTransform.PartialObjectMetadataList, version, pretty),
            _ => null,
        };
    }
}

/// <summary>One clause of an Accept header.</summary>
internal sealed record AcceptClause(string Type, double Quality, IReadOnlyList<(string Name, string Value)> Parameters)
{
    /// <summary>A parameter's value; empty when absent.</summary>
    public string Parameter(string name)
    {
        foreach (var (key, value) in Parameters)
        {
            if (key == name)
                return value;
        }
        return "";
    }

    /// <summary>The clauses, the highest quality first, then the most exact, then as written.</summary>
    public static IEnumerable<AcceptClause> Parse(string accept) => accept
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(ParseClause).OrderByDescending(c => c.Quality).ThenBy(c => c.Type == "*/*" ? 2 : c.Type.EndsWith("/*", StringComparison.Ordinal) ? 1 : 0);

    private static AcceptClause ParseClause(string text)
    {
        var parts = text.Split(';', StringSplitOptions.TrimEntries);
        var quality = 1d;
        var parameters = new List<(string, string)>(parts.Length - 1);
        foreach (var parameter in parts.AsSpan(1))
        {
            var equals = parameter.IndexOf('=');
            if (equals < 0)
                continue;
            var name = parameter[..equals].TrimEnd();
            var value = parameter[(equals + 1)..].Trim();
            if (name != "q")
                parameters.Add((name, value));
            else if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var given))
                quality = given;
        }
        return new(parts[0].ToLowerInvariant(), quality, parameters);
    }
}
