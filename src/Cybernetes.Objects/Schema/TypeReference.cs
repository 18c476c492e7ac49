namespace Cybernetes.Objects.Schema;

/// <summary>The shape of a field's value on the wire.</summary>
public enum TypeShape { String, Boolean, Int32, Int64, Double, Bytes, Time, MicroTime, Duration, Quantity, IntOrString, Raw, Struct, List, Map }

/// <summary>
/// A field's type. <see cref="StructName"/> is set for structs only, as <c>group/version.Type</c> (<c>core/v1.PodSpec</c>);
/// <see cref="Element"/> for lists and maps (map keys are strings).
/// </summary>
public sealed class TypeReference
{
    internal TypeReference(TypeShape shape, bool pointer, string goType, string? structName = null, TypeReference? element = null)
    {
        Shape = shape;
        Pointer = pointer;
        GoType = goType;
        StructName = structName;
        Element = element;
    }

    public TypeShape Shape { get; }

    /// <summary>Whether absent and zero differ (a pointer in the Go type).</summary>
    public bool Pointer { get; }

    /// <summary>The Go type as decode errors spell it, for example <c>[]v1.Container</c>.</summary>
    public string GoType { get; }

    public string? StructName { get; }

    public TypeReference? Element { get; }

    /// <summary>Reads a type as a facts file writes it; <paramref name="home"/> is the file's own short package, such as <c>core/v1</c>.</summary>
    internal static TypeReference Parse(string text, string home)
    {
        if (text[0] == '*')
        {
            var target = Parse(text.Substring(1), home);
            return new TypeReference(target.Shape, true, target.GoType, target.StructName, target.Element);
        }
        if (text.StartsWith("[]", StringComparison.Ordinal))
        {
            var element = Parse(text.Substring(2), home);
            return new TypeReference(TypeShape.List, false, "[]" + element.GoType, null, element);
        }
        if (text.StartsWith("map[string]", StringComparison.Ordinal))
        {
            var element = Parse(text.Substring("map[string]".Length), home);
            return new TypeReference(TypeShape.Map, false, "map[string]" + element.GoType, null, element);
        }
        return ParseName(text, home);
    }

    private static TypeReference ParseName(string text, string home)
    {
        switch (text)
        {
            case "string": return new TypeReference(TypeShape.String, false, text);
            case "bool": return new TypeReference(TypeShape.Boolean, false, text);
            case "int32" or "uint8": return new TypeReference(TypeShape.Int32, false, text);
            case "int" or "int64" or "uint32" or "uint64": return new TypeReference(TypeShape.Int64, false, text);
            case "float64": return new TypeReference(TypeShape.Double, false, text);
            case "bytes": return new TypeReference(TypeShape.Bytes, false, "[]uint8");
            case "Time": return new TypeReference(TypeShape.Time, false, "v1.Time");
            case "MicroTime": return new TypeReference(TypeShape.MicroTime, false, "v1.MicroTime");
            case "Duration": return new TypeReference(TypeShape.Duration, false, "v1.Duration");
            case "Quantity": return new TypeReference(TypeShape.Quantity, false, "resource.Quantity");
            case "IntOrString": return new TypeReference(TypeShape.IntOrString, false, "intstr.IntOrString");
            case "Raw": return new TypeReference(TypeShape.Raw, false, "runtime.RawExtension");
        }
        var full = text.IndexOf('.') < 0 ? home + "." + text : text;
        return new TypeReference(TypeShape.Struct, false, full.Substring(full.IndexOf('/') + 1), full);
    }
}
