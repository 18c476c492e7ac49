using System.Text;
using Cybernetes.Objects;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Cybernetes.Wire;

/// <summary>YAML into JSON, scalars read as Kubernetes' YAML 1.1 library reads them.</summary>
public static class YamlReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The first document as JSON bytes; nothing at all is null.</summary>
    /// <param name="yaml">UTF-8.</param>
    /// <param name="duplicates">Takes duplicate keys as <c>line N: key "a" already set in map</c>; null when they do not
    /// matter.</param>
    /// <exception cref="YamlException">Malformed; worded as upstream's.</exception>
    public static byte[] ToJson(ReadOnlySpan<byte> yaml, List<string>? duplicates = null) => ReadFirst(yaml, duplicates).ToUtf8();

    /// <summary>The first document as a tree.</summary>
    /// <exception cref="YamlException">Malformed; worded as upstream's.</exception>
    public static JsonTree ReadFirst(ReadOnlySpan<byte> yaml, List<string>? duplicates = null)
    {
        foreach (JsonTree document in Documents(Text(yaml), duplicates)) return document;
        return JsonScalar.Null;
    }

    /// <summary>Every document of a stream in order, read as they are asked for; empty ones are left out.</summary>
    /// <exception cref="YamlException">Malformed; thrown while walking.</exception>
    public static IEnumerable<JsonTree> ReadAll(ReadOnlySpan<byte> yaml, List<string>? duplicates = null) =>
        Documents(Text(yaml), duplicates).Where(document => !document.IsNull);

    /// <summary>The error upstream tells for duplicate keys found in strict reading.</summary>
    public static string DuplicatesError(IEnumerable<string> duplicates) =>
        "error converting YAML to JSON: yaml: unmarshal errors:\n  " + string.Join("\n  ", duplicates);

    private static IEnumerable<JsonTree> Documents(string text, List<string>? duplicates)
    {
        Parser parser = new(new StringReader(text));
        List<ParsingEvent> events = [];
        int depth = 0;
        while (Next(parser) is { } current)
        {
            switch (current)
            {
                case DocumentStart:
                    events = [];
                    break;
                case DocumentEnd:
                    yield return Convert(events, duplicates);
                    break;
                case StreamStart or StreamEnd or Comment:
                    break;
                default:
                    depth += current.NestingIncrease;
                    if (depth > JsonLimits.MaximumDepth)
                        throw new YamlException(
                            $"error converting YAML to JSON: yaml: exceeded max depth of {JsonLimits.MaximumDepth}");
                    events.Add(current);
                    break;
            }
        }
    }

    private static JsonTree Convert(List<ParsingEvent> events, List<string>? duplicates)
    {
        try
        {
            return new YamlDocument(events, duplicates).Read();
        }
        catch (YamlException error) when (error.Message.StartsWith("yaml: ", StringComparison.Ordinal))
        {
            throw new YamlException("error converting YAML to JSON: " + error.Message, error);
        }
    }

    private static ParsingEvent? Next(Parser parser)
    {
        try
        {
            return parser.MoveNext() ? parser.Current : null;
        }
        catch (YamlDotNet.Core.YamlException error)
        {
            throw new YamlException($"error converting YAML to JSON: yaml: line {error.Start.Line}: {Problem(error.Message)}",
                error);
        }
        catch (Exception error) when (
            error is InvalidOperationException or ArgumentException or OverflowException or FormatException)
        {
            // The scanner lets some malformed escapes and directives out this way.
            throw new YamlException("error converting YAML to JSON: yaml: " + Problem(error.Message), error);
        }
    }

    /// <summary>The scanner's complaint in the words of upstream's, which descends from the same one.</summary>
    private static string Problem(string message)
    {
        int context = message.StartsWith("While ", StringComparison.Ordinal)
            ? message.LastIndexOf(", ", StringComparison.Ordinal)
            : -1;
        string problem = (context < 0 ? message : message[(context + 2)..]).TrimEnd('.');
        problem = problem.Length == 0 ? "unknown problem parsing YAML content" : char.ToLowerInvariant(problem[0]) + problem[1..];
        if (problem == "found invalid mapping") return "mapping values are not allowed in this context";
        return problem.StartsWith("found ", StringComparison.Ordinal)
            && problem.Contains("tab", StringComparison.OrdinalIgnoreCase)
            ? "found character that cannot start any token"
            : problem;
    }

    private static string Text(ReadOnlySpan<byte> yaml)
    {
        try
        {
            string text = StrictUtf8.GetString(yaml);
            if (text.StartsWith('\uFEFF')) text = text[1..];
            foreach (char c in text)
            {
                if (c is < ' ' and not ('\t' or '\n' or '\r') or '\u007F')
                    throw new YamlException("error converting YAML to JSON: yaml: control characters are not allowed");
            }
            return text;
        }
        catch (DecoderFallbackException error)
        {
            throw new YamlException("error converting YAML to JSON: yaml: invalid leading UTF-8 octet", error);
        }
    }
}
