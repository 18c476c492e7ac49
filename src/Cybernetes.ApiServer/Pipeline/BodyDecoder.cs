using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>Turns request bodies into objects: JSON or YAML, checked against the version asked for, with strict findings as warnings or failures.</summary>
internal static class BodyDecoder
{
    private const int SummaryBytes = 30;

    // Go's words for the only thing its syntax allows and our readers do not.
    private const string TooDeep = "exceeded max depth";

    /// <summary>The body as JSON; YAML and protobuf are converted. A 415 for anything else.</summary>
    public static byte[] ToJson(string? contentType, byte[] body, List<string> findings)
    {
        switch (MediaOf(contentType))
        {
            case "" or "application/json":
                return body;
            case "application/yaml":
                return FromYaml(body, findings);
            case ProtobufEnvelope.ContentType:
                return FromProtobuf(body);
            default:
                throw Failure.UnsupportedMediaType(AcceptedMedia.All);
        }
    }

    /// <summary>Whether a content type names protobuf.</summary>
    public static bool IsProtobuf(string? contentType) => MediaOf(contentType) == ProtobufEnvelope.ContentType;

    /// <summary>Reads an object of the version asked for, in the stored form.</summary>
    public static IKubernetesObject Decode(ServedKind target, byte[] json, FieldValidation validation, List<string> findings)
    {
        var context = new DecodeContext(validation != FieldValidation.Ignore) { Source = json };
        var (apiVersion, kind) = ReadTypeMeta(target, json);
        CheckType(target, apiVersion, kind);
        IKubernetesObject obj;
        try
        {
            var reader = new Utf8JsonReader(json, JsonLimits.ReaderOptions);
            reader.Read();
            obj = target.Version.Decode(ref reader, context);
            if (reader.Read())
                throw new JsonException("invalid character after top-level value");
        }
        catch (Exception e) when (e is JsonException or ObjectDecodeException or FormatException)
        {
            throw CannotHandle(target, kind, e is JsonException ? GoJsonSyntax.Check(json) ?? TooDeep : e.Message, json);
        }
        findings.AddRange(context.StrictFindings);
        if (validation == FieldValidation.Strict && findings.Count > 0)
            throw CannotHandle(target, target.Version.Kind, $"strict decoding error: {string.Join(", ", findings)}", json);
        return obj;
    }

    private static string MediaOf(string? contentType)
    {
        var media = contentType ?? "";
        var semicolon = media.IndexOf(';');
        return (semicolon < 0 ? media : media[..semicolon]).Trim().ToLowerInvariant();
    }

    private static byte[] FromProtobuf(byte[] body)
    {
        try
        {
            return ProtobufToJson.ToUtf8(body);
        }
        catch (ObjectDecodeException e)
        {
            throw Failure.BadRequest(e.Message);
        }
    }

    private static byte[] FromYaml(byte[] body, List<string> findings)
    {
        try
        {
            var duplicates = new List<string>();
            var json = YamlReader.ToJson(body, duplicates);
            if (duplicates.Count > 0)
                findings.Add(YamlReader.DuplicatesError(duplicates));
            return json;
        }
        catch (YamlException e)
        {
            throw Failure.BadRequest(e.Message);
        }
    }

    /// <summary>Reads apiVersion and kind off the top level.</summary>
    public static (string APIVersion, string Kind) ReadTypeMeta(ServedKind target, byte[] json)
    {
        string apiVersion = "", kind = "";
        try
        {
            var reader = new Utf8JsonReader(json, JsonLimits.ReaderOptions);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new ObjectDecodeException($"json: cannot unmarshal {GoWord(reader.TokenType)} into Go value of type struct {{ APIVersion string "
                    + "\"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isKind = reader.ValueTextEquals("kind"u8);
                var isVersion = !isKind && reader.ValueTextEquals("apiVersion"u8);
                reader.Read();
                if (reader.TokenType == JsonTokenType.String && isKind)
                    kind = reader.GetString()!;
                else if (reader.TokenType == JsonTokenType.String && isVersion)
                    apiVersion = reader.GetString()!;
                else
                    reader.Skip();
            }
            reader.Read(); // throws when something follows the object
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ObjectDecodeException)
        {
            var problem = e is ObjectDecodeException ? e.Message : GoJsonSyntax.Check(json) ?? TooDeep;
            throw CannotHandle(target, "", $"couldn't get version/kind; json parse error: {problem}", json);
        }
        return (apiVersion, kind);
    }

    private static string GoWord(JsonTokenType type) => type switch
    {
        JsonTokenType.StartArray => "array",
        JsonTokenType.String => "string",
        JsonTokenType.Number => "number",
        JsonTokenType.True or JsonTokenType.False => "bool",
        _ => "null",
    };

    private static void CheckType(ServedKind target, string apiVersion, string kind)
    {
        var version = target.Version;
        if (apiVersion.Length > 0 && apiVersion != version.APIVersion)
            throw Failure.BadRequest(
                $"the API version in the data ({apiVersion}) does not match the expected API version ({version.APIVersion})");
        if (kind.Length > 0 && kind != version.Kind)
            throw Failure.BadRequest($"{kind} in version {JsonText.Quote(version.Version)} cannot be handled as a {version.Kind}: "
                + $"the kind in the data ({kind}) does not match the expected kind ({version.Kind})");
    }

    private static RequestFailure CannotHandle(ServedKind target, string kind, string problem, byte[] json) => Failure.BadRequest(
        kind.Length > 0
            ? $"{kind} in version {JsonText.Quote(target.Version.Version)} cannot be handled as a {target.Version.Kind}: {problem}"
            : $"the object provided is unrecognized (must be of type {target.Version.Kind}): {problem} ({Summary(json)})");

    private static string Summary(byte[] json)
    {
        if (json.Length == 0)
            return "<empty>";
        var head = json.AsSpan(0, Math.Min(json.Length, SummaryBytes));
        var text = json[0] == '{' ? Encoding.UTF8.GetString(head) : Convert.ToHexStringLower(head);
        return json.Length > SummaryBytes ? text + " ..." : text;
    }
}
