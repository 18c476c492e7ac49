using Cybernetes.Objects.Schema;

namespace Cybernetes.Objects.Generator;

/// <summary>The expression that reads one field's value; the reader stands on the value's first token, which is not null.</summary>
internal static class ReadExpression
{
    private const string Support = "global::Cybernetes.Objects.JsonRead.";

    public static string For(FieldFacts field)
    {
        var type = field.Type;
        var goType = GoType(field);
        return type.Shape switch
        {
            TypeShape.Struct => Naming.Class(type.StructName!) + ".ReadJson(ref reader, context)",
            TypeShape.Quantity or TypeShape.IntOrString or TypeShape.Raw => Naming.Type(type) + ".ReadJson(ref reader, context)",
            TypeShape.Time => "global::Cybernetes.Objects.KubernetesTime.ReadJson(ref reader, context)",
            TypeShape.MicroTime => "global::Cybernetes.Objects.KubernetesTime.ReadMicroJson(ref reader, context)",
            TypeShape.Duration => "global::Cybernetes.Objects.KubernetesDuration.ReadJson(ref reader, context)",
            TypeShape.List or TypeShape.Map => Support + TypeEmitter.ShapeName(type) + Generic(type) + "(ref reader, context, \"" + goType + "\")",
            _ => Support + type.Shape + "(ref reader, context, \"" + goType + "\")",
        };
    }

    /// <summary>The type that decode errors name: enums by their own name, as Go's reflection does.</summary>
    private static string GoType(FieldFacts field)
    {
        if (field.Enum is null || field.Type.Shape != TypeShape.String)
            return field.Type.GoType;
        var slash = field.Enum.IndexOf('/');
        return slash < 0 ? "v1." + field.Enum : field.Enum.Substring(slash + 1);
    }

    internal static string Generic(TypeReference type)
    {
        var leaf = type;
        while (leaf.Element is not null)
            leaf = leaf.Element;
        return leaf.Shape == TypeShape.Struct ? "<" + Naming.Class(leaf.StructName!) + ">" : "";
    }
}
