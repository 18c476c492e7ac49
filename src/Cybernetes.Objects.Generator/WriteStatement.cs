using Cybernetes.Objects.Schema;

namespace Cybernetes.Objects.Generator;

/// <summary>The statement that writes one field, left out when empty where Go leaves it out.</summary>
internal static class WriteStatement
{
    private const string Support = "global::Cybernetes.Objects.JsonWrite.";

    public static void Emit(CodeText text, FieldFacts field, string name)
    {
        var type = field.Type;
        var json = "\"" + field.JsonName + "\"u8";
        var write = Value(type, json, name);
        if (TypeEmitter.IsNullable(type))
        {
            if (field.OmitEmpty)
                text.Line("if (" + Present(type, name) + ") " + write);
            else
                text.Line("if (" + name + " is null) writer.WriteNull(" + json + "); else " + write);
            return;
        }
        var condition = field.OmitEmpty ? NonZero(type, name) : null;
        text.Line(condition is null ? write : "if (" + condition + ") " + write);
    }

    private static string Present(TypeReference type, string name) => type.Shape switch
    {
        TypeShape.List or TypeShape.Map when !type.Pointer => name + " is { Count: > 0 }",
        TypeShape.Bytes when !type.Pointer => name + " is { Length: > 0 }",
        _ => name + " is not null",
    };

    /// <summary>Null where Go writes the value even when zero: structs are never empty to <c>omitempty</c>.</summary>
    internal static string? NonZero(TypeReference type, string name) => type.Shape switch
    {
        TypeShape.String => name + ".Length > 0",
        TypeShape.Boolean => name,
        TypeShape.Int32 or TypeShape.Int64 or TypeShape.Double => name + " != 0",
        _ => null,
    };

    private static string Value(TypeReference type, string json, string name)
    {
        var isNullableValue = type.Pointer && type.Shape is not (TypeShape.Struct or TypeShape.String or TypeShape.Bytes) || IsTime(type);
        var value = isNullableValue ? name + ".Value" : name;
        return type.Shape switch
        {
            TypeShape.String => "writer.WriteString(" + json + ", " + value + ");",
            TypeShape.Boolean => "writer.WriteBoolean(" + json + ", " + value + ");",
            TypeShape.Int32 or TypeShape.Int64 => "writer.WriteNumber(" + json + ", " + value + ");",
            TypeShape.Struct or TypeShape.Quantity or TypeShape.IntOrString or TypeShape.Raw =>
                "{ writer.WritePropertyName(" + json + "); " + value + ".WriteJson(writer); }",
            TypeShape.Time => "{ writer.WritePropertyName(" + json + "); global::Cybernetes.Objects.KubernetesTime.WriteJson(writer, " + value + "); }",
            TypeShape.MicroTime =>
                "{ writer.WritePropertyName(" + json + "); global::Cybernetes.Objects.KubernetesTime.WriteMicroJson(writer, " + value + "); }",
            TypeShape.Duration => "{ writer.WritePropertyName(" + json + "); global::Cybernetes.Objects.KubernetesDuration.WriteJson(writer, " + value + "); }",
            TypeShape.Double => "{ writer.WritePropertyName(" + json + "); writer.WriteNumberValue(" + value + "); }",
            _ => "{ writer.WritePropertyName(" + json + "); " + Support + TypeEmitter.ShapeName(type) + "(writer, " + value + "); }",
        };
    }

    private static bool IsTime(TypeReference type) => type.Shape is TypeShape.Time or TypeShape.MicroTime;
}
