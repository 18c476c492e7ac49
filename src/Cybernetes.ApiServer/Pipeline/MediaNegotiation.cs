using System.Globalization;
using Cybernetes.ApiServer.Failures;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>How bodies are written.</summary>
internal enum MediaFormat
{
    Json,
    Yaml,
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
internal readonly record struct AcceptedMedia(MediaFormat Format, MediaTransform Transform = MediaTransform.None, string MetaVersion = "v1")
{
    public const string All = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    /// <summary>Content type of the answer.</summary>
    public string ContentType => Format == MediaFormat.Yaml ? "application/yaml" : "application/json";
}

/// <summary>Reads Accept headers (RFC 9110 section 12.5.1 with Kubernetes' parameters <c>as</c>, <c>g</c>, <c>v</c>).</summary>
internal static class MediaNegotiation
{
    private static readonly AcceptedMedia Json = new(MediaFormat.Json);

    /// <summary>The first clause that can be served, the highest quality first; a 406 when none can.</summary>
    /// <param name="accept">The header; empty accepts JSON.</param>
    /// <param name="transforms">Whether the request's answer can be a table or partial metadata.</param>
    public static AcceptedMedia Negotiate(string? accept, bool transforms)
    {
        if (string.IsNullOrEmpty(accept) || accept is "*/*" or "application/json")
            return Json;
        AcceptedMedia? best = null;
        var bestQuality = 0d;
        foreach (var clause in accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (ReadClause(clause, transforms, out var quality) is not { } media || quality <= bestQuality)
                continue;
            best = media;
            bestQuality = quality;
        }
        return best ?? throw Failure.NotAcceptable(AcceptedMedia.All);
    }

    private static AcceptedMedia? ReadClause(string clause, bool transforms, out double quality)
    {
        quality = 1;
        var parts = clause.Split(';', StringSplitOptions.TrimEntries);
        MediaFormat format;
        switch (parts[0].ToLowerInvariant())
        {
            case "application/json" or "*/*" or "application/*": format = MediaFormat.Json; break;
            case "application/yaml": format = MediaFormat.Yaml; break;
            default: return null;
        }
        string target = "", group = "", version = "";
        foreach (var parameter in parts.AsSpan(1))
        {
            var equals = parameter.IndexOf('=');
            if (equals < 0)
                continue;
            var value = parameter[(equals + 1)..].Trim();
            switch (parameter[..equals].Trim())
            {
                case "q": double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out quality); break;
                case "as": target = value; break;
                case "g": group = value; break;
                case "v": version = value; break;
            }
        }
        if (target.Length == 0)
            return new(format);
        // Discovery asks for as=APIGroupDiscoveryList of another group; its documents read the header themselves.
        if (!transforms || group != "meta.k8s.io" || version is not ("v1" or "v1beta1"))
            return null;
        return target switch
        {
            "Table" => new(format, MediaTransform.Table, version),
            "PartialObjectMetadata" => new(format, MediaTransform.PartialObjectMetadata, version),
            "PartialObjectMetadataList" => new(format, MediaTransform.PartialObjectMetadataList, version),
            _ => null,
        };
    }
}
