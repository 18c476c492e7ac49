using System.Text;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Autoscaling;

/// <summary>
/// Annotations in which older versions carry what they have no fields for, so that a client of theirs that reads and writes loses nothing.
/// They are never stored. What cannot be read in them is ignored, as upstream ignores it.
/// </summary>
internal static class AutoscalerAnnotations
{
    public const string Metrics = Prefix + "metrics";
    public const string CurrentMetrics = Prefix + "current-metrics";
    public const string Conditions = Prefix + "conditions";
    public const string Behavior = Prefix + "behavior";
    public const string ScaleUpTolerance = Prefix + "scale-up-tolerance";
    public const string ScaleDownTolerance = Prefix + "scale-down-tolerance";
    private const string Prefix = "autoscaling.alpha.kubernetes.io/";
    private static readonly string[] s_all = [Metrics, CurrentMetrics, Conditions, Behavior, ScaleUpTolerance, ScaleDownTolerance];

    /// <summary>The metadata without these annotations.</summary>
    public static void Drop(ObjectMeta metadata)
    {
        if (metadata.Annotations is not { } annotations)
            return;
        foreach (var name in s_all)
            annotations.Remove(name);
        if (annotations.Count == 0)
            metadata.Annotations = null;
    }

    public static void Set(ObjectMeta metadata, string name, string value) => (metadata.Annotations ??= [])[name] = value;

    /// <summary>Objects as a JSON array.</summary>
    public static string Write<T>(IReadOnlyList<T> objects) where T : class, IWireObject<T>
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonLimits.WriterOptions))
        {
            writer.WriteStartArray();
            foreach (var obj in objects)
                obj.WriteJson(writer);
            writer.WriteEndArray();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Objects from a JSON array; null when it is none of this type.</summary>
    public static List<T>? Read<T>(string json) where T : class, IWireObject<T>
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        try
        {
            var reader = new Utf8JsonReader(bytes, JsonLimits.ReaderOptions);
            reader.Read();
            return JsonRead.ObjectList<T>(ref reader, new DecodeContext(collectStrict: false) { Source = bytes }, typeof(T).Name);
        }
        catch (Exception e) when (e is JsonException or ObjectDecodeException)
        {
            return null;
        }
    }

    /// <summary>The objects of one version as those of another whose JSON is the same.</summary>
    public static List<TTo>? Carry<TFrom, TTo>(List<TFrom>? objects) where TFrom : class, IWireObject<TFrom> where TTo : class, IWireObject<TTo> =>
        objects?.ConvertAll(FieldCarry.Over<TFrom, TTo>);

    /// <summary>A behavior as upstream writes it into its annotation: by the names of its Go fields.</summary>
    public static string WriteBehavior(HorizontalPodAutoscalerBehavior behavior)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonLimits.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("ScaleUp");
            WriteRules(writer, behavior.ScaleUp);
            writer.WritePropertyName("ScaleDown");
            WriteRules(writer, behavior.ScaleDown);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>A behavior from its annotation, the names in any case; null when there is nothing in it.</summary>
    public static HorizontalPodAutoscalerBehavior? ReadBehavior(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, JsonLimits.DocumentOptions);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return null;
            var lowered = Encoding.UTF8.GetBytes(Lower(document.RootElement));
            var reader = new Utf8JsonReader(lowered, JsonLimits.ReaderOptions);
            reader.Read();
            var behavior = HorizontalPodAutoscalerBehavior.ReadJson(ref reader, new DecodeContext(collectStrict: false) { Source = lowered });
            return behavior is { ScaleUp: null, ScaleDown: null } ? null : behavior;
        }
        catch (Exception e) when (e is JsonException or ObjectDecodeException)
        {
            return null;
        }
    }

    private static void WriteRules(Utf8JsonWriter writer, HPAScalingRules? rules)
    {
        if (rules is null)
        {
            writer.WriteNullValue();
            return;
        }
        writer.WriteStartObject();
        writer.WritePropertyName("StabilizationWindowSeconds");
        if (rules.StabilizationWindowSeconds is { } window)
            writer.WriteNumberValue(window);
        else
            writer.WriteNullValue();
        writer.WriteString("SelectPolicy", rules.SelectPolicy);
        writer.WritePropertyName("Policies");
        if (rules.Policies is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteStartArray();
            foreach (var policy in rules.Policies)
            {
                writer.WriteStartObject();
                writer.WriteString("Type", policy.Type);
                writer.WriteNumber("Value", policy.Value);
                writer.WriteNumber("PeriodSeconds", policy.PeriodSeconds);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        writer.WriteString("Tolerance", rules.Tolerance?.ToString());
        writer.WriteEndObject();
    }

    private static string Lower(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object =>
            "{" + string.Join(',', element.EnumerateObject().Select(p => $"\"{FieldName(p.Name)}\":{Lower(p.Value)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(',', element.EnumerateArray().Select(Lower)) + "]",
        _ => element.GetRawText(),
    };

    private static string FieldName(string name) => name.ToUpperInvariant() switch
    {
        "SCALEUP" => "scaleUp",
        "SCALEDOWN" => "scaleDown",
        "STABILIZATIONWINDOWSECONDS" => "stabilizationWindowSeconds",
        "SELECTPOLICY" => "selectPolicy",
        "POLICIES" => "policies",
        "TYPE" => "type",
        "VALUE" => "value",
        "PERIODSECONDS" => "periodSeconds",
        "TOLERANCE" => "tolerance",
        _ => "unknown",
    };
}
