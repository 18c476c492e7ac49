using System.Globalization;
using System.Text;
using System.Text.Json;
using Cybernetes.Objects;
using YamlDotNet.RepresentationModel;

namespace Cybernetes.Scheduler.Configuration;

/// <summary>One value of a configuration with its place: every error names the line and the field.</summary>
internal sealed class ConfigurationNode(YamlNode node, string path, string source)
{
    /// <summary>Deeper than any configuration, and nothing to a stack.</summary>
    public const int DeepestNesting = 64;

    private const int MostValues = 100_000;

    public string Path => path;

    public SchedulerConfigurationException Error(string problem) =>
        new($"{source}:{node.Start.Line}: {(path.Length == 0 ? "document" : path)}: {problem}");

    /// <summary>The fields of a mapping, all of which must be among the known ones.</summary>
    public Dictionary<string, ConfigurationNode> Fields(params string[] known)
    {
        if (IsNull)
            return [];
        if (node is not YamlMappingNode mapping)
            throw Error("must be a mapping");
        var fields = new Dictionary<string, ConfigurationNode>(StringComparer.Ordinal);
        foreach (var (key, value) in mapping.Children)
        {
            var name = (key as YamlScalarNode)?.Value ?? throw new ConfigurationNode(key, path, source).Error("field names must be strings");
            var field = new ConfigurationNode(value, path.Length == 0 ? name : $"{path}.{name}", source);
            if (!known.Contains(name))
                throw new SchedulerConfigurationException($"{source}:{key.Start.Line}: {field.Path}: unknown field");
            fields[name] = field;
        }
        return fields;
    }

    public IEnumerable<ConfigurationNode> Items()
    {
        if (IsNull)
            return [];
        return node is YamlSequenceNode list
            ? list.Children.Select((item, i) => new ConfigurationNode(item, $"{path}[{i}]", source))
            : throw Error("must be a list");
    }

    public string Text() => node is YamlScalarNode scalar ? scalar.Value ?? "" : throw Error("must be a string");

    public string OneOf(params string[] allowed) =>
        allowed.Contains(Text())
            ? Text()
            : throw Error($"Unsupported value: \"{Text()}\": supported values: {string.Join(", ", allowed.Select(a => $"\"{a}\""))}");

    public long Whole(long least, long most)
    {
        if (!long.TryParse(Text(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            throw Error($"Invalid value: \"{Text()}\": must be a whole number");
        return value >= least && value <= most ? value : throw Error($"Invalid value: {value}: not in valid range [{least}-{most}]");
    }

    public int Number(int least, int most) => (int)Whole(least, most);

    public bool Truth() => Text() switch
    {
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        var other => throw Error($"Invalid value: \"{other}\": must be true or false"),
    };

    /// <summary>The bytes of a value in base64.</summary>
    public byte[] Bytes()
    {
        try
        {
            return Convert.FromBase64String(Text());
        }
        catch (FormatException)
        {
            throw Error("Invalid value: must be base64");
        }
    }

    /// <summary>The bytes of the file that the value names.</summary>
    public byte[] FileBytes()
    {
        try
        {
            return File.ReadAllBytes(Text());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Error($"Invalid value: \"{Text()}\": {failure.Message}");
        }
    }

    public TimeSpan Duration()
    {
        return KubernetesDuration.TryParse(Text(), out var value) is { } problem ? throw Error($"Invalid value: \"{Text()}\": {problem}") : value;
    }

    public TimeSpan Duration(TimeSpan least)
    {
        var value = Duration();
        return value >= least ? value : throw Error($"Invalid value: \"{Text()}\": must be at least {least.TotalSeconds:0}s");
    }

    /// <summary>The value as an object of the API, unknown fields refused.</summary>
    public T Object<T>() where T : class, IWireObject<T>
    {
        var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            var left = MostValues;
            Write(writer, node, 0, ref left);
        }
        var reader = new Utf8JsonReader(buffer.ToArray());
        reader.Read();
        var context = new DecodeContext();
        try
        {
            var value = T.ReadJson(ref reader, context);
            return context.StrictFindings.Count == 0 ? value : throw Error(string.Join(", ", context.StrictFindings));
        }
        catch (ObjectDecodeException failure)
        {
            throw Error(failure.Message);
        }
    }

    private bool IsNull => node is YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: null or "" or "null" or "~" };

    // An alias may stand for what holds it, or for ten that each stand for ten: depth and number are bounded.
    private void Write(Utf8JsonWriter writer, YamlNode value, int depth, ref int left)
    {
        if (depth > DeepestNesting || --left < 0)
            throw Error("Invalid value: too large");
        switch (value)
        {
            case YamlMappingNode mapping:
                writer.WriteStartObject();
                foreach (var (key, inside) in mapping.Children)
                {
                    writer.WritePropertyName((key as YamlScalarNode)?.Value ?? throw Error("field names must be strings"));
                    Write(writer, inside, depth + 1, ref left);
                }
                writer.WriteEndObject();
                break;
            case YamlSequenceNode list:
                writer.WriteStartArray();
                foreach (var item in list.Children)
                    Write(writer, item, depth + 1, ref left);
                writer.WriteEndArray();
                break;
            case YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain } plain:
                WritePlain(writer, plain.Value ?? "");
                break;
            case YamlScalarNode scalar:
                writer.WriteStringValue(scalar.Value);
                break;
        }
    }

    private static void WritePlain(Utf8JsonWriter writer, string text)
    {
        if (text is "true" or "false")
            writer.WriteBooleanValue(text == "true");
        else if (text is "" or "null" or "~")
            writer.WriteNullValue();
        else if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            writer.WriteNumberValue(number);
        else
            writer.WriteStringValue(text);
    }
}
